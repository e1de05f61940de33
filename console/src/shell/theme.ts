// Light or dark: as the system has it, unless it was chosen here.
import { applyMode, Mode } from '@cloudscape-design/global-styles';
import { useState } from 'react';
import { keep, kept } from '../components/kept';

export type Theme = 'system' | 'light' | 'dark';

const system = () => window.matchMedia('(prefers-color-scheme: dark)');

function apply(theme: Theme) {
  const dark = theme === 'dark' || (theme === 'system' && system().matches);
  applyMode(dark ? Mode.Dark : Mode.Light);
  document.documentElement.style.colorScheme = dark ? 'dark' : 'light';
}

const chosen = () => kept<Theme>('theme') ?? 'system';

// Before anything is drawn.
export function startTheme() {
  apply(chosen());
  system().addEventListener('change', () => apply(chosen()));
}

export function useTheme() {
  const [theme, setTheme] = useState(chosen);
  const change = (now: Theme) => {
    keep('theme', now);
    apply(now);
    setTheme(now);
  };
  return [theme, change] as const;
}
