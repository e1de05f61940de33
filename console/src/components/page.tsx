// The frame of a page: its title, its place in the breadcrumbs, and where the focus goes when one comes to it.
import ContentLayout from '@cloudscape-design/components/content-layout';
import Header from '@cloudscape-design/components/header';
import { useEffect, type ReactNode } from 'react';
import { useLocation } from 'react-router-dom';
import { useShell } from '../shell/shell_context';
import { texts } from '../texts';

export interface Crumb {
  text: string;
  to: string;
}

interface PageProps {
  title: string;
  crumbs?: Crumb[]; // the pages above this one
  description?: ReactNode;
  actions?: ReactNode;
  info?: ReactNode;
  heading?: 'page' | 'content'; // whose the h1 is; content: the page is a ResourceTable with `page`
  children: ReactNode;
}

export function Page({ title, crumbs = [], description, actions, info, heading = 'page', children }: PageProps) {
  const { setCrumbs } = useShell();
  const { pathname, key } = useLocation();
  const trail = JSON.stringify([...crumbs, { text: title, to: pathname }]);

  useEffect(() => {
    document.title = `${title} | ${texts.product}`;
  }, [title]);
  useEffect(() => setCrumbs(JSON.parse(trail) as Crumb[]), [trail, setCrumbs]);
  useEffect(() => {
    if (key !== 'default') focusHeading();
  }, []);

  if (heading === 'content') return <>{children}</>;
  return (
    <ContentLayout
      header={
        <Header variant="h1" description={description} actions={actions} info={info}>
          {title}
        </Header>
      }
    >
      {children}
    </ContentLayout>
  );
}

function focusHeading() {
  const heading = document.querySelector<HTMLElement>('h1');
  if (!heading) return;
  heading.tabIndex = -1;
  heading.style.outline = 'none';
  heading.focus({ preventScroll: true });
  window.scrollTo?.(0, 0);
}
