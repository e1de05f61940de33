import { CompletionContext } from '@codemirror/autocomplete';
import { json } from '@codemirror/lang-json';
import { EditorState } from '@codemirror/state';
import { render, screen } from '@testing-library/react';
import { useState } from 'react';
import { describe, expect, it } from 'vitest';
import { fakeApi } from '../../test/fake_api';
import { editor, renderAt, typeInto } from '../../test/render';
import { completionQuery } from './completion';
import { JsonEditor } from './json_editor';
import { completeActions, PolicyEditor, readablePolicy, usePolicyFindings } from './policy_editor';

function queryAt(text: string) {
  const pos = text.indexOf('|');
  const state = EditorState.create({ doc: text.replace('|', ''), extensions: json() });
  return completionQuery(new CompletionContext(state, pos, false));
}

describe('completion', () => {
  it.each([
    ['{"Action": "s3:Ge|"}', 's3:Ge', 'Action'],
    ['{"Statement": [{"Action": ["a:b", "s3|"]}]}', 's3', 'Action'],
    ['{"Statement": [{"Resource": "x|"}]}', 'x', 'Resource'],
    ['{"Sta|": 1}', 'Sta', undefined],
  ])('%s', (text, prefix, member) => {
    expect(queryAt(text)).toMatchObject({ prefix, member });
  });

  it.each(['{|}', '[12|]'])('not outside a string: %s', (text) => expect(queryAt(text)).toBeUndefined());

  it('asks the server for actions only where actions stand', async () => {
    const api = fakeApi({ podpass: { ListActions: () => ({ actions: ['s3:GetObject'] }) } });
    expect(await completeActions({ prefix: 's3:G', member: 'NotAction' })).toEqual(['s3:GetObject']);
    expect(await completeActions({ prefix: 's3:G', member: 'Resource' })).toEqual([]);
    expect(api.calls).toHaveLength(1);
  });
});

describe('the editor', () => {
  it('is in a shadow root, labelled, and tells what is typed', () => {
    function Edited() {
      const [value, setValue] = useState('{}');
      return (
        <>
          <JsonEditor label="Policy" value={value} onChange={setValue} />
          <p>now {value}</p>
        </>
      );
    }
    renderAt('/', <Edited />);
    expect(document.querySelector('[data-json-editor]')!.shadowRoot).toBeTruthy();
    expect(editor('Policy').contentDOM.getAttribute('aria-label')).toBe('Policy');
    typeInto('Policy', '{"a": 1}');
    expect(screen.getByText('now {"a": 1}')).toBeTruthy();
  });

  it('leads to where something is wrong, also past the end', async () => {
    const findings = [
      { severity: 'error' as const, message: 'No such action.', line: 2, column: 3 },
      { severity: 'warning' as const, message: 'Too long.', line: 9, column: 99 },
    ];
    const user = renderAt('/', <JsonEditor label="Policy" value={'{\n  "a": 1\n}'} findings={findings} />);
    await user.click(screen.getByText('Line 2, column 3:'));
    expect(editor('Policy').state.selection.main.head).toBe(4);
    await user.click(screen.getByText('Line 9, column 99:'));
    expect(editor('Policy').state.selection.main.head).toBe(12);
  });

  it('shows lines in colour and cannot be changed without a listener', () => {
    renderAt('/', <JsonEditor label="Policy" value={'1\n2\n3'} highlighted={[{ from: 2, to: 9, kind: 'deny' }]} />);
    expect(editor('Policy').dom.querySelectorAll('.cm-line-deny')).toHaveLength(2);
    expect(editor('Policy').state.readOnly).toBe(true);
  });
});

it("shows the server's findings of a policy", async () => {
  fakeApi({
    podpass: {
      ValidatePolicy: ({ kind, document }) => ({
        findings: [{ severity: 'error', message: `${kind}: ${document}`, line: 1, column: 1 }],
      }),
    },
  });
  function Edited() {
    const [value, setValue] = useState('');
    const { findings, hasError } = usePolicyFindings(value, 'session');
    return (
      <>
        <PolicyEditor value={value} onChange={setValue} findings={findings} />
        <p>{hasError ? 'bad' : 'good'}</p>
      </>
    );
  }
  renderAt('/', <Edited />);
  expect(screen.getByText('good')).toBeTruthy();
  typeInto('Policy document', '[]');
  expect(await screen.findByText('session: []')).toBeTruthy();
  expect(screen.getByText('bad')).toBeTruthy();
});

it.each([
  ['%7B%22a%22%3A1%7D', '{\n  "a": 1\n}'],
  ['%0A%20%7B%22a%22%3A1%7D', '{\n  "a": 1\n}'],
  ['{"a":"100%"}', '{\n  "a": "100%"\n}'],
  ['not json', 'not json'],
])('lays out %s', (document, text) => expect(readablePolicy(document)).toBe(text));

it('keeps what was typed while an older value was on its way back', () => {
  const late: string[] = [];
  const drawn = (value: string) => <JsonEditor label="Policy" value={value} onChange={(text) => late.push(text)} />;
  const { rerender } = render(drawn('[]'));
  typeInto('Policy', '[1]');
  typeInto('Policy', '[1, 2]');
  rerender(drawn(late[0]));
  expect(editor('Policy').state.doc.toString()).toBe('[1, 2]');
  rerender(drawn(late[1]));
  rerender(drawn('another'));
  expect(editor('Policy').state.doc.toString()).toBe('another');
  expect(late).toEqual(['[1]', '[1, 2]']);
});
