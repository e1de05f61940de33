// The tabs of a page, each at an address of its own.
import Tabs from '@cloudscape-design/components/tabs';
import type { ReactNode } from 'react';
import { useHref, useNavigate } from 'react-router-dom';

export interface PageTab {
  id: string;
  label: string;
  to: string;
  content: () => ReactNode; // drawn while it is the one that is shown
}

export function PageTabs({ active, label, tabs }: { active: string; label: string; tabs: PageTab[] }) {
  const navigate = useNavigate();
  const base = useHref('/').replace(/\/$/, '');
  return (
    <Tabs
      activeTabId={active}
      ariaLabel={label}
      onChange={({ detail }) => navigate(tabs.find(({ id }) => id === detail.activeTabId)!.to)}
      tabs={tabs.map(({ id, label, to, content }) => ({ id, label, href: base + to, content: id === active && content() }))}
    />
  );
}
