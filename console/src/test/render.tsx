// Draws a page, or the whole console, at an address.
import I18nProvider from '@cloudscape-design/components/i18n';
import messages from '@cloudscape-design/components/i18n/messages/all.en';
import { EditorView } from '@codemirror/view';
import { act, render, screen, waitFor } from '@testing-library/react';
import userEvent, { type UserEvent } from '@testing-library/user-event';
import type { ReactNode } from 'react';
import { MemoryRouter, useLocation } from 'react-router-dom';
import { App } from '../app';
import { routerFuture } from '../paths';
import { SessionGate } from '../session/session';

function Where() {
  const { pathname, search } = useLocation();
  return <output data-testid="where">{pathname + search}</output>;
}

export const where = () => screen.getByTestId('where').textContent;

export function renderAt(path: string, content: ReactNode) {
  const user = userEvent.setup();
  render(
    <I18nProvider locale="en" messages={[messages]}>
      <MemoryRouter initialEntries={[path]} future={routerFuture}>
        {content}
        <Where />
      </MemoryRouter>
    </I18nProvider>,
  );
  return user;
}

// The console as it is after sign-in, or its sign-in page if the fake API has no session.
export function renderConsole(path = '/') {
  return renderAt(
    path,
    <SessionGate>
      <App />
    </SessionGate>,
  );
}

// The editor with this label; jsdom has no keyboard for it.
export function editor(label: string): EditorView {
  const host = document.querySelector(`[data-json-editor="${label}"]`);
  const view = host && EditorView.findFromDOM(host.shadowRoot!.querySelector<HTMLElement>('.cm-editor')!);
  if (!view) throw new Error(`no editor ${label}`);
  return view;
}

export function typeInto(label: string, text: string) {
  const view = editor(label);
  act(() => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } }));
}

// Puts a text into a field at once; key by key takes long.
export async function fill(user: UserEvent, label: string | RegExp, text: string) {
  const field = await screen.findByLabelText<HTMLInputElement>(label);
  await user.clear(field);
  if (text) await user.paste(text);
}

export async function arriveAt(path: string) {
  await waitFor(() => {
    if (where() !== path) throw new Error(`at ${where()}, not at ${path}`);
  });
}
