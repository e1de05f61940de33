// The JSON editor for policies: the server's findings at line and column, and completion of actions.
import { useEffect, useState } from 'react';
import { call } from '../../api/client';
import { texts } from '../../texts';
import { useLoad } from '../use_load';
import type { CompletionQuery } from './completion';
import { JsonEditor, type Finding } from './json_editor';

export type PolicyKind = 'identity' | 'trust' | 'resource' | 'session';

const delay = 300; // ms after the last key

// What is wrong with a policy; `checking` while the newest text's findings are not there yet. An empty text has none.
export function usePolicyFindings(document: string, kind: PolicyKind) {
  const [settled, setSettled] = useState(document);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(document), delay);
    return () => clearTimeout(timer);
  }, [document]);
  const { data, loading } = useLoad(async (signal) => {
    if (!settled.trim()) return [];
    const { findings = [] } = await call('podpass', 'ValidatePolicy', { document: settled, kind }, signal);
    return findings as Finding[];
  }, [settled, kind]);
  const findings = data ?? [];
  return {
    findings,
    checking: loading || settled !== document,
    hasError: findings.some(({ severity }) => severity === 'error'),
  };
}

export async function completeActions({ prefix, member }: CompletionQuery): Promise<string[]> {
  if (member !== 'Action' && member !== 'NotAction') return [];
  const { actions = [] } = await call('podpass', 'ListActions', { prefix, maxResults: 50 });
  return actions;
}

export function PolicyEditor({
  label = texts.editor.policy,
  value,
  onChange,
  findings,
  minLines = 12,
}: {
  label?: string;
  value: string;
  onChange: (value: string) => void;
  findings: readonly Finding[]; // of usePolicyFindings
  minLines?: number;
}) {
  return (
    <JsonEditor
      label={label}
      value={value}
      onChange={onChange}
      findings={findings}
      complete={completeActions}
      minLines={minLines}
    />
  );
}

// A policy as an answer has it (percent-encoded, any layout), laid out to be read.
export function readablePolicy(document: string): string {
  try {
    return JSON.stringify(JSON.parse(document.includes('{') ? document : decodeURIComponent(document)), null, 2);
  } catch {
    return document;
  }
}
