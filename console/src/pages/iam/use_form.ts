// The fields of a form, and what is told about each: what is wrong with it once one has tried to save, then the
// server's refusal until it is changed.
import { useEffect, useState } from 'react';
import { focusFirstError } from '../../components/form_page';
import { fieldOfError } from './rules';

export function useForm<Fields extends object>(initial: Fields, error: Error | undefined) {
  type Name = Extract<keyof Fields, string>;
  const [fields, setFields] = useState(initial);
  const [tried, setTried] = useState(false);
  const [changed, setChanged] = useState<ReadonlySet<string>>(new Set()); // since the refusal
  useEffect(() => setChanged(new Set()), [error]);
  const field = fieldOfError(error);
  const refused = field && field in fields ? field : undefined;

  const change = (now: Partial<Fields>) => {
    setFields((before) => ({ ...before, ...now }));
    setChanged((before) => new Set([...before, ...Object.keys(now)]));
  };
  const check = (problems: Partial<Record<Name, string>>) => ({
    told: (name: Name) => (tried && problems[name]) || (refused === name && !changed.has(name) ? error?.message : undefined),
    submit: async (save: () => Promise<void>) => {
      setTried(true);
      if (!Object.values(problems).some(Boolean)) await save();
      focusFirstError();
    },
  });
  return { fields, change, check, topError: refused ? undefined : error };
}
