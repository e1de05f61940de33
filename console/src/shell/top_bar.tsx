import TopNavigation from '@cloudscape-design/components/top-navigation';
import { useHref } from 'react-router-dom';
import { useFollow } from '../components/link';
import icon from '../icon.svg';
import { nameOfArn } from '../paths';
import { useSession } from '../session/session';
import { texts } from '../texts';
import { useShell } from './shell_context';
import { useTheme, type Theme } from './theme';

const themes: Theme[] = ['system', 'light', 'dark'];

export function TopBar() {
  const { session, leave } = useSession();
  const { notify } = useShell();
  const [theme, setTheme] = useTheme();
  const { principal, region, version } = session;
  const name = principal.arn.endsWith(':root') ? texts.shell.root : nameOfArn(principal.arn);
  return (
    <TopNavigation
      identity={{ href: useHref('/'), title: texts.product, logo: { src: icon, alt: texts.shell.logo }, onFollow: useHome() }}
      i18nStrings={texts.shell.topBar}
      utilities={[
        {
          type: 'menu-dropdown',
          text: region,
          ariaLabel: texts.shell.region(region),
          description: texts.shell.server(version),
          items: [{ id: 'endpoint', text: session.endpoint, disabled: true }],
        },
        {
          type: 'menu-dropdown',
          iconName: 'settings',
          text: texts.shell.theme,
          ariaLabel: texts.shell.theme,
          items: themes.map((id) => ({ id, itemType: 'checkbox', checked: id === theme, text: texts.shell.themes[id] })),
          onItemClick: ({ detail }) => setTheme(detail.id as Theme),
        },
        {
          type: 'menu-dropdown',
          iconName: 'user-profile',
          text: `${name} @ ${principal.account}`,
          description: principal.arn,
          items: [{ id: 'sign-out', text: texts.shell.signOut }],
          onItemClick: () => void leave().catch((error: Error) => notify({ type: 'error', content: texts.shell.notSignedOut(error.message) })),
        },
      ]}
    />
  );
}

function useHome() {
  const follow = useFollow();
  const href = useHref('/');
  return (event: { preventDefault: () => void }) =>
    follow({ preventDefault: () => event.preventDefault(), detail: { href } });
}
