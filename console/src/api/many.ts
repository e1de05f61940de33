// Many calls as one: all pages of a list, and one call for each of many things.
import { call, type Input, type Operation, type Output, type Service } from './client';

const maxPages = 1000;

// Everything that a paged operation lists: `pick` takes a page's items. Follows nextToken (EKS, podpass) and Marker (IAM).
export async function allPages<S extends Service, O extends Operation<S>, T>(
  service: S,
  operation: O,
  input: Input<S, O>,
  pick: (output: Output<S, O>) => readonly T[] | undefined,
  signal?: AbortSignal,
): Promise<T[]> {
  const items: T[] = [];
  let at = {};
  for (let page = 0; page < maxPages; ++page) {
    const output = await call(service, operation, { ...(input as object), ...at } as Input<S, O>, signal);
    items.push(...(pick(output) ?? []));
    const { nextToken, Marker } = output as { nextToken?: string; Marker?: string };
    if (nextToken) at = { nextToken };
    else if (Marker) at = { Marker };
    else return items;
  }
  throw new Error(`${operation} has more than ${maxPages} pages`);
}

// Runs `work` for each item, at most `limit` at a time. Stops at the first failure, or when aborted.
export async function forEachLimited<T>(
  items: readonly T[],
  limit: number,
  work: (item: T, index: number) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < items.length && !signal?.aborted) {
      const index = next++;
      await work(items[index], index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
}
