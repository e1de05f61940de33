// The frame around all pages: top bar, navigation, breadcrumbs, notices and the panel at the side.
import AppLayoutToolbar from '@cloudscape-design/components/app-layout-toolbar';
import BreadcrumbGroup from '@cloudscape-design/components/breadcrumb-group';
import Flashbar, { type FlashbarProps } from '@cloudscape-design/components/flashbar';
import HelpPanel from '@cloudscape-design/components/help-panel';
import SplitPanel from '@cloudscape-design/components/split-panel';
import { useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { useHref, useLocation } from 'react-router-dom';
import type { Crumb } from '../components/page';
import { useFollow } from '../components/link';
import { texts } from '../texts';
import { Navigation } from './navigation';
import { ShellContext, type Notice, type Panel } from './shell_context';
import { TopBar } from './top_bar';

const maxNotices = 10;

export function Shell({ children }: { children: ReactNode }) {
  const [crumbs, setCrumbs] = useState<Crumb[]>([]);
  const [panel, setPanel] = useState<Panel>();
  const { notices, notify } = useNotices();
  const { pathname } = useLocation();
  const follow = useFollow();
  const base = useHref('/').replace(/\/$/, '');
  const closed = useRef<() => void>(); // tells the owner of the panel
  const openPanel = useCallback((panel: Panel) => {
    closed.current = panel.onClose;
    setPanel(panel);
  }, []);
  const closePanel = useCallback(() => {
    closed.current?.();
    closed.current = undefined;
    setPanel(undefined);
  }, []);
  const shell = useMemo(() => ({ setCrumbs, notify, openPanel, closePanel }), [notify, openPanel, closePanel]);
  const narrowPanel = panel?.wide ? undefined : panel;
  const narrow = window.innerWidth < 688;
  const [navigationOpen, setNavigationOpen] = useState(!narrow);

  useEffect(closePanel, [pathname, closePanel]);
  useEffect(() => {
    if (window.innerWidth < 688) setNavigationOpen(false);
  }, [pathname]);

  return (
    <ShellContext.Provider value={shell}>
      <div id="top-bar">
        <TopBar />
      </div>
      <AppLayoutToolbar
        headerSelector="#top-bar"
        ariaLabels={texts.shell.layout}
        navigation={<Navigation />}
        navigationOpen={navigationOpen}
        onNavigationChange={({ detail }) => setNavigationOpen(detail.open)}
        breadcrumbs={
          <BreadcrumbGroup
            ariaLabel={texts.shell.breadcrumbs}
            items={crumbs.map(({ text, to }) => ({ text, href: base + to }))}
            onFollow={follow}
          />
        }
        notifications={<Flashbar items={notices} stackItems />}
        toolsWidth={420}
        toolsHide={!narrowPanel}
        toolsOpen={Boolean(narrowPanel)}
        onToolsChange={({ detail }) => !detail.open && closePanel()}
        tools={narrowPanel && <HelpPanel header={<h2>{narrowPanel.title}</h2>}>{narrowPanel.content}</HelpPanel>}
        splitPanelOpen={panel?.wide ?? false}
        onSplitPanelToggle={({ detail }) => !detail.open && closePanel()}
        splitPanel={
          panel?.wide && (
            <SplitPanel header={panel.title} closeBehavior="hide">
              {panel.content}
            </SplitPanel>
          )
        }
        content={children}
      />
    </ShellContext.Provider>
  );
}

function useNotices() {
  const [notices, setNotices] = useState<FlashbarProps.MessageDefinition[]>([]);
  const next = useRef(0);
  const notify = useCallback((notice: Notice) => {
    const id = `notice-${next.current++}`;
    const dismiss = () => setNotices((now) => now.filter((other) => other.id !== id));
    const shown: FlashbarProps.MessageDefinition = {
      ...notice,
      id,
      dismissible: true,
      dismissLabel: texts.common.dismiss,
      ariaRole: notice.type === 'error' ? 'alert' : 'status',
      onDismiss: dismiss,
    };
    setNotices((now) => [shown, ...now].slice(0, maxNotices));
  }, []);
  return { notices, notify };
}
