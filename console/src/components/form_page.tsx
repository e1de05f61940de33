// A page that is a form: its fields, and the buttons below them. Enter in a field submits it.
import Button from '@cloudscape-design/components/button';
import Form from '@cloudscape-design/components/form';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { ReactNode } from 'react';
import { texts } from '../texts';
import { ErrorAlert } from './error_alert';
import { LinkButton } from './link';

export function FormPage({
  submit,
  running,
  cancelTo,
  error,
  onSubmit,
  children,
}: {
  submit: string;
  running: boolean;
  cancelTo: string;
  error?: Error; // one that belongs to no field
  onSubmit: () => void;
  children: ReactNode;
}) {
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      <Form
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <LinkButton variant="link" formAction="none" to={cancelTo}>
              {texts.common.cancel}
            </LinkButton>
            <Button variant="primary" formAction="submit" loading={running}>
              {submit}
            </Button>
          </SpaceBetween>
        }
      >
        <SpaceBetween size="l">
          {error && <ErrorAlert error={error} />}
          {children}
        </SpaceBetween>
      </Form>
    </form>
  );
}

// After a try that failed: to the first field that is wrong, or to the error on top.
export function focusFirstError() {
  requestAnimationFrame(() => {
    const wrong = document.querySelector<HTMLElement>('form [aria-invalid="true"]');
    if (wrong) wrong.focus();
    else document.querySelector('h1')?.scrollIntoView({ block: 'nearest' });
  });
}
