// Links and buttons that stay inside the application: the router follows them, no page is loaded.
import Button, { type ButtonProps } from '@cloudscape-design/components/button';
import Link from '@cloudscape-design/components/link';
import { useCallback, type ReactNode } from 'react';
import { useHref, useNavigate } from 'react-router-dom';

interface Followed {
  preventDefault: () => void;
  detail: { href?: string; target?: string; external?: boolean };
}

// For Cloudscape's onFollow where hrefs are the router's paths.
export function useFollow() {
  const navigate = useNavigate();
  const base = useHref('/').replace(/\/$/, '');
  return useCallback(
    (event: Followed) => {
      const { href, target, external } = event.detail;
      if (!href || external || target === '_blank') return;
      event.preventDefault();
      navigate(href.startsWith(`${base}/`) ? href.slice(base.length) : href);
    },
    [navigate, base],
  );
}

export function PageLink({ to, children }: { to: string; children: ReactNode }) {
  return (
    <Link href={useHref(to)} onFollow={useFollow()}>
      {children}
    </Link>
  );
}

export function LinkButton({ to, ...props }: Omit<ButtonProps, 'href' | 'onFollow'> & { to: string }) {
  return <Button {...props} href={useHref(to)} onFollow={useFollow()} />;
}
