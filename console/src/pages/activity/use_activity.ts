// The newest records that fit a filter, and those that come: asks again and again, each time waiting for the next.
import { useCallback, useEffect, useRef, useState } from 'react';
import { ApiError, call, type Output } from '../../api/client';
import { asError } from '../../components/use_load';
import type { ActivityQuery } from '../../paths';
import type { AuditRecord } from './record';

const pageSize = 50;
const waitSeconds = 20;
const pause = 1000; // ms between two askings, on a busy server
export const mostRecords = 1000;

type Answer = Output<'podpass', 'ListActivity'>;

// Records that came together, newest first, and the cursor behind which older ones are.
interface Piece {
  records: AuditRecord[];
  oldest: string;
}

interface State {
  pieces: Piece[]; // newest first
  newest?: string; // absent: nothing was read yet
  hasOlder: boolean;
}

const nothing: State = { pieces: [], hasOlder: false };

function started({ records = [], newest, oldest, more }: Answer): State {
  return { pieces: [{ records: records as AuditRecord[], oldest }], newest, hasOlder: more };
}

function withNewer(state: State, { records = [], newest, oldest }: Answer): State {
  const added = records.length > 0 ? [{ records: records as AuditRecord[], oldest }] : [];
  let pieces = [...added, ...state.pieces];
  let hasOlder = state.hasOlder;
  while (pieces.length > 1 && countOf(pieces) > mostRecords) {
    pieces = pieces.slice(0, -1);
    hasOlder = true;
  }
  return { pieces, newest, hasOlder };
}

function withOlder(state: State, { records = [], oldest, more }: Answer): State {
  return { ...state, pieces: [...state.pieces, { records: records as AuditRecord[], oldest }], hasOlder: more };
}

const countOf = (pieces: Piece[]) => pieces.reduce((sum, { records }) => sum + records.length, 0);

const sleep = (milliseconds: number, signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    const stop = () => (clearTimeout(timer), resolve());
    const timer = setTimeout(() => (signal.removeEventListener('abort', stop), resolve()), milliseconds);
    signal.addEventListener('abort', stop, { once: true });
  });

export function useActivity(query: ActivityQuery, following: boolean) {
  const [state, setState] = useState(nothing);
  const [error, setError] = useState<Error>();
  const [loading, setLoading] = useState(true);
  const [loadingOlder, setLoadingOlder] = useState(false);
  const [turn, setTurn] = useState(0); // counts the times that it is begun anew
  const newest = useRef<string>();
  const key = JSON.stringify(query);

  useEffect(() => {
    setState(nothing);
    newest.current = undefined;
  }, [key, turn]);

  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    const ask = (more: { after?: string; waitSeconds?: number }) =>
      call('podpass', 'ListActivity', { ...query, ...more, maxResults: pageSize }, signal);
    const read = async () => {
      if (newest.current === undefined) {
        setLoading(true);
        const answer = await ask({});
        if (signal.aborted) return;
        newest.current = answer.newest;
        setState(started(answer));
        setLoading(false);
      }
      while (following && !signal.aborted) {
        const answer = await ask({ after: newest.current, waitSeconds });
        if (signal.aborted) return;
        newest.current = answer.newest;
        setState((now) => withNewer(now, answer));
        if (!answer.more) await sleep(pause, signal);
      }
    };
    setError(undefined);
    read().catch((problem: unknown) => {
      if (signal.aborted) return;
      // Cursors are of one run of the server: when it was started again, so do we.
      if (newest.current !== undefined && problem instanceof ApiError && problem.status === 400) return setTurn((n) => n + 1);
      setLoading(false);
      setError(asError(problem));
    });
    return () => controller.abort();
  }, [key, turn, following]);

  const reload = useCallback(() => setTurn((n) => n + 1), []);
  const loadOlder = async () => {
    const before = state.pieces[state.pieces.length - 1].oldest;
    setLoadingOlder(true);
    try {
      const answer = await call('podpass', 'ListActivity', { ...query, before, maxResults: pageSize });
      setState((now) => (now.pieces[now.pieces.length - 1]?.oldest === before ? withOlder(now, answer) : now));
    } catch (problem) {
      setError(asError(problem));
    } finally {
      setLoadingOlder(false);
    }
  };
  return {
    records: state.newest === undefined ? undefined : state.pieces.flatMap(({ records }) => records),
    hasOlder: state.hasOlder,
    error,
    loading,
    reload,
    loadOlder,
    loadingOlder,
  };
}
