// Keeps a page that fails to draw from taking the rest of the console with it.
import { Component, type ReactNode } from 'react';
import { useLocation } from 'react-router-dom';
import { texts } from '../texts';
import { ErrorAlert } from './error_alert';

class Boundary extends Component<{ at: string; children: ReactNode }, { error?: Error }> {
  override state: { error?: Error } = {};

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  // Another page may be well.
  override componentDidUpdate(before: { at: string }) {
    if (before.at !== this.props.at && this.state.error) this.setState({ error: undefined });
  }

  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    return <ErrorAlert title={texts.common.pageFailed} error={error} onRetry={() => this.setState({ error: undefined })} />;
  }
}

export function ErrorBoundary({ children }: { children: ReactNode }) {
  return <Boundary at={useLocation().pathname}>{children}</Boundary>;
}
