// A list whose answers are summaries: each item is described too, a few at a time, and the rows fill in as that comes.
import { useEffect, useMemo, useState } from 'react';
import { ApiError } from '../api/client';
import { forEachLimited } from '../api/many';
import { asError, useLoad, type Loaded } from './use_load';

export interface Described<Summary, Detail> {
  summary: Summary;
  detail?: Detail; // not there yet, or it could not be had
}

const atOnce = 6;
const shownEvery = 100; // ms

export function useDescribed<Summary, Detail>(
  list: (signal: AbortSignal) => Promise<Summary[]>,
  describe: (summary: Summary, signal: AbortSignal) => Promise<Detail>,
  inputs: readonly unknown[],
) {
  const listed: Loaded<Summary[]> = useLoad(list, inputs);
  const [described, setDescribed] = useState<ReadonlyMap<Summary, Detail | Error>>(new Map());

  useEffect(() => {
    setDescribed(new Map());
    if (!listed.data?.length) return;
    const controller = new AbortController();
    const known = new Map<Summary, Detail | Error>();
    const show = () => setDescribed(new Map(known));
    const timer = setInterval(show, shownEvery);
    const work = async (summary: Summary) => {
      try {
        known.set(summary, await describe(summary, controller.signal));
      } catch (error) {
        known.set(summary, asError(error));
      }
    };
    void forEachLimited(listed.data, atOnce, work, controller.signal).then(() => {
      clearInterval(timer);
      if (!controller.signal.aborted) show();
    });
    return () => {
      clearInterval(timer);
      controller.abort();
    };
  }, [listed.data]);

  return useMemo(() => {
    const answers = [...described.values()];
    const items = listed.data?.flatMap((summary): Described<Summary, Detail>[] => {
      const answer = described.get(summary);
      if (answer instanceof Error) return isGone(answer) ? [] : [{ summary }];
      return [{ summary, detail: answer }];
    });
    return {
      ...listed,
      items,
      missing: (listed.data?.length ?? 0) - described.size, // not described yet
      detailError: answers.find((answer): answer is Error & Detail => answer instanceof Error && !isGone(answer)),
    };
  }, [listed.data, listed.error, listed.loading, described]);
}

// It was deleted since it was listed.
function isGone(error: Error) {
  return error instanceof ApiError && error.status === 404;
}
