import SideNavigation from '@cloudscape-design/components/side-navigation';
import { useHref, useLocation } from 'react-router-dom';
import { useFollow } from '../components/link';
import { paths } from '../paths';
import { texts } from '../texts';

const sections = [paths.clusters, paths.roles, paths.policies, paths.users, paths.explain(), paths.activity()];

// Pages that make something in IAM are not below the list that they belong to.
const makers: Record<string, string> = {
  [paths.createRole]: paths.roles,
  [paths.createPolicy]: paths.policies,
  [paths.createUser]: paths.users,
};

export function Navigation() {
  const { pathname } = useLocation();
  const base = useHref('/').replace(/\/$/, '');
  const here = makers[pathname] ?? sections.find((path) => pathname === path || pathname.startsWith(`${path}/`));
  const link = (text: string, path: string) => ({ type: 'link' as const, text, href: base + path });
  return (
    <SideNavigation
      header={{ text: texts.product, href: `${base}/` }}
      activeHref={here && base + here}
      onFollow={useFollow()}
      items={[
        link(texts.shell.clusters, paths.clusters),
        {
          type: 'section',
          text: texts.shell.iam,
          items: [
            link(texts.shell.roles, paths.roles),
            link(texts.shell.policies, paths.policies),
            link(texts.shell.users, paths.users),
          ],
        },
        { type: 'divider' },
        link(texts.shell.explain, paths.explain()),
        link(texts.shell.activity, paths.activity()),
      ]}
    />
  );
}
