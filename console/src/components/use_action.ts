// Something that a button starts: whether it runs, and how it failed.
import { useCallback, useRef, useState } from 'react';
import { asError } from './use_load';

export function useAction<Arguments extends unknown[]>(work: (...given: Arguments) => Promise<void>) {
  const [state, setState] = useState<{ running: boolean; error?: Error }>({ running: false });
  const latest = useRef(work);
  latest.current = work;
  const busy = useRef(false);

  const run = useCallback(async (...given: Arguments) => {
    if (busy.current) return;
    busy.current = true;
    setState({ running: true });
    try {
      await latest.current(...given);
      setState({ running: false });
    } catch (error) {
      setState({ running: false, error: asError(error) });
    } finally {
      busy.current = false;
    }
  }, []);
  const clear = useCallback(() => setState((before) => ({ running: before.running })), []);
  return { ...state, run, clear };
}
