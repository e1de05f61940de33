// Loads something when the component mounts and when `inputs` change; what an earlier load would bring is dropped.
import { useCallback, useEffect, useRef, useState, type DependencyList } from 'react';

export interface Loaded<T> {
  data?: T; // stays while it is loaded again
  error?: Error;
  loading: boolean;
  reload: () => void;
  set: (data: T) => void; // what is known without asking, such as an update's answer
}

export function useLoad<T>(load: (signal: AbortSignal) => Promise<T>, inputs: DependencyList): Loaded<T> {
  const [state, setState] = useState<{ data?: T; error?: Error; loading: boolean }>({ loading: true });
  const latest = useRef(load);
  latest.current = load;
  const running = useRef<AbortController>();

  const reload = useCallback(() => {
    running.current?.abort();
    const controller = new AbortController();
    running.current = controller;
    setState((before) => ({ data: before.data, loading: true }));
    latest.current(controller.signal).then(
      (data) => {
        if (!controller.signal.aborted) setState({ data, loading: false });
      },
      (error: unknown) => {
        if (controller.signal.aborted) return;
        setState((before) => ({ data: before.data, error: asError(error), loading: false }));
      },
    );
  }, []);

  useEffect(() => {
    setState({ loading: true });
    reload();
    return () => running.current?.abort();
  }, inputs);

  const set = useCallback((data: T) => {
    running.current?.abort();
    setState({ data, loading: false });
  }, []);
  return { ...state, reload, set };
}

export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
