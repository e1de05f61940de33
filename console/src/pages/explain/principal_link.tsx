// Links to what a request and its policies name, and long names that break anywhere.
import type { ReactNode } from 'react';
import type { Json } from '../../api/operations';
import { PageLink } from '../../components/link';
import { nameOfArn, paths } from '../../paths';
import { texts } from '../../texts';

export function Arn({ children }: { children: ReactNode }) {
  return <span style={{ overflowWrap: 'anywhere' }}>{children}</span>;
}

// Breaks between words, which Cloudscape's status indicators do not.
export function Words({ children }: { children: ReactNode }) {
  return <span style={{ wordBreak: 'normal', overflowWrap: 'anywhere' }}>{children}</span>;
}

// To the page of the user or role with this ARN, of itself or of its session.
export function principalLink(principal: Json): ReactNode {
  if (typeof principal !== 'string') return undefined;
  const session = /^arn:[^:]+:sts::\d+:assumed-role\/([^/]+)\//.exec(principal);
  if (session) return <PageLink to={paths.role(session[1])}>{texts.explain.openRole(session[1])}</PageLink>;
  const name = nameOfArn(principal);
  if (principal.includes(':role/')) return <PageLink to={paths.role(name)}>{texts.explain.openRole(name)}</PageLink>;
  if (principal.includes(':user/')) return <PageLink to={paths.user(name)}>{texts.explain.openUser(name)}</PageLink>;
  return undefined;
}
