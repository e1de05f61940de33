// Who is signed in. Without a session the sign-in page stands in the place of the page that was asked for; its address
// stays, so one is back there after signing in.
import Box from '@cloudscape-design/components/box';
import Spinner from '@cloudscape-design/components/spinner';
import { createContext, useCallback, useContext, useEffect, useRef, useState, type ReactNode } from 'react';
import { currentSession, setOnSessionDoubt, signIn, signOut, type Credentials, type Session } from '../api/client';
import { asError } from '../components/use_load';
import { texts } from '../texts';
import { SignIn } from './sign_in';

type State =
  | { at: 'starting' }
  | { at: 'out'; error?: Error; ended?: boolean }
  | { at: 'in'; session: Session };

const SessionContext = createContext<{ session: Session; leave: () => Promise<void> } | undefined>(undefined);

export function useSession() {
  const context = useContext(SessionContext);
  if (!context) throw new Error('no session');
  return context;
}

// The code of a one-time link, `#sign-in=CODE`. Taken out of the address and of the history before anything else.
export function takeSignInCode(): string | undefined {
  const code = /^#sign-in=(.+)$/.exec(window.location.hash)?.[1];
  if (code === undefined) return undefined;
  window.history.replaceState(null, '', window.location.pathname + window.location.search);
  try {
    return decodeURIComponent(code);
  } catch {
    return code; // cut off: the server says that it is none
  }
}

export function SessionGate({ code, children }: { code?: string; children: ReactNode }) {
  const [state, setState] = useState<State>({ at: 'starting' });
  const started = useRef(false);
  const begun = useRef(0);

  // Of two that overlap, the later one counts: a link that is opened while it is still asked who is signed in.
  const begin = (given: string | undefined) => {
    const mine = ++begun.current;
    const settle = (now: State) => {
      if (mine === begun.current) setState(now);
    };
    start(given).then(settle, (error: unknown) => settle({ at: 'out', error: asError(error) }));
  };

  useEffect(() => {
    setOnSessionDoubt(() => void look(setState));
    if (started.current) return;
    started.current = true;
    begin(code);
  }, [code]);

  // A link that is opened where the console is open already loads no page.
  useEffect(() => {
    const onHashChange = () => {
      const given = takeSignInCode();
      if (given === undefined) return;
      begin(given);
    };
    window.addEventListener('hashchange', onHashChange);
    return () => window.removeEventListener('hashchange', onHashChange);
  }, []);

  const expiresAt = state.at === 'in' ? state.session.expiresAt : undefined;
  useEffect(() => {
    if (expiresAt === undefined) return;
    const timer = setTimeout(() => void look(setState), Math.min(Math.max(expiresAt * 1000 - Date.now() + 1000, 1000), 0x7fffffff));
    return () => clearTimeout(timer);
  }, [expiresAt]);

  const enter = async (credentials: Credentials) => setState({ at: 'in', session: await signIn(credentials) });
  const leave = useCallback(async () => {
    await signOut();
    setState({ at: 'out' });
  }, []);

  if (state.at === 'starting') {
    return (
      <Box textAlign="center" padding="xxxl">
        <Spinner size="large" />
        <Box variant="p">{texts.common.loading}</Box>
      </Box>
    );
  }
  if (state.at === 'out') return <SignIn onSignIn={enter} error={state.error} ended={state.ended} />;
  // What was loaded or typed as somebody is gone when somebody else is signed in.
  return (
    <SessionContext.Provider key={state.session.csrfToken} value={{ session: state.session, leave }}>
      {children}
    </SessionContext.Provider>
  );
}

// Who is signed in by now.
async function look(setState: (change: (now: State) => State) => void) {
  const session = await currentSession().catch(() => null); // the server is away: the next call says so
  if (session === null) return;
  setState((now) => (now.at === 'in' ? (session ? { at: 'in', session } : { at: 'out', ended: true }) : now));
}

async function start(code: string | undefined): Promise<State> {
  if (code !== undefined) return { at: 'in', session: await signIn({ code }) };
  const session = await currentSession();
  return session ? { at: 'in', session } : { at: 'out' };
}
