// What pages ask of the shell around them.
import { createContext, useContext, type ReactNode } from 'react';
import type { Crumb } from '../components/page';

export interface Notice {
  type: 'success' | 'error' | 'info' | 'warning';
  content: ReactNode;
  header?: string;
}

export interface Panel {
  title: string;
  content: ReactNode;
  wide?: boolean; // takes up to half of the window, and can be resized
  onClose?: () => void;
}

export interface Shell {
  setCrumbs: (crumbs: Crumb[]) => void;
  notify: (notice: Notice) => void; // above the page, until it is dismissed or another page's comes
  openPanel: (panel: Panel) => void; // beside the page; closed when one leaves the page
  closePanel: () => void;
}

export const ShellContext = createContext<Shell>({
  setCrumbs: () => {},
  notify: () => {},
  openPanel: () => {},
  closePanel: () => {},
});

export const useShell = () => useContext(ShellContext);
