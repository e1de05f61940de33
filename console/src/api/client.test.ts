import { describe, expect, it, vi } from 'vitest';
import { denial, fakeApi } from '../test/fake_api';
import { ApiError, call, currentSession, setOnSessionDoubt, signIn } from './client';
import { allPages, forEachLimited } from './many';

describe('call', () => {
  it('sends the input as JSON and the token against forgery', async () => {
    fakeApi();
    await signIn({ code: 'once' });
    const sent = vi.fn(async (_url: string, _init: RequestInit) => new Response('{"clusters":["a"]}'));
    vi.stubGlobal('fetch', sent);
    expect(await call('eks', 'ListClusters', { maxResults: 5 })).toEqual({ clusters: ['a'] });
    const [url, init] = sent.mock.calls[0];
    expect(url).toBe('/console/api/eks/ListClusters');
    expect(init.body).toBe('{"maxResults":5}');
    expect(init.headers).toMatchObject({ 'X-Podpass-Csrf': 'csrf', 'Content-Type': 'application/json' });
  });

  it("has the server's words for an error", async () => {
    fakeApi({ eks: { ListClusters: () => { throw denial('eks:ListClusters'); } } });
    const failed = call('eks', 'ListClusters', {});
    await expect(failed).rejects.toMatchObject({ code: 'AccessDeniedException', status: 403, requestId: expect.any(String) });
    await expect(failed).rejects.toThrow('not authorized to perform: eks:ListClusters');
  });

  it.each([
    ['<html>Bad gateway</html>', 502, 'HTTP 502'],
    ['', 500, 'HTTP 500'],
  ])('takes an answer that is no JSON: %j', async (body, status, code) => {
    vi.stubGlobal('fetch', async () => new Response(body, { status }));
    await expect(call('eks', 'ListClusters', {})).rejects.toMatchObject({ code, status });
  });

  it('says that the server is away', async () => {
    vi.stubGlobal('fetch', async () => { throw new TypeError('Failed to fetch'); });
    await expect(call('eks', 'ListClusters', {})).rejects.toThrow('The server did not answer.');
  });

  it('tells that the session has ended', async () => {
    const ended = vi.fn();
    setOnSessionDoubt(ended);
    fakeApi().session = undefined;
    await expect(call('eks', 'ListClusters', {})).rejects.toBeInstanceOf(ApiError);
    expect(ended).toHaveBeenCalledOnce();
    expect(await currentSession()).toBeUndefined();
  });
});

describe('allPages', () => {
  it('follows nextToken', async () => {
    const api = fakeApi({
      eks: { ListClusters: ({ nextToken }) => (nextToken ? { clusters: ['b'] } : { clusters: ['a'], nextToken: 't' }) },
    });
    expect(await allPages('eks', 'ListClusters', { maxResults: 1 }, ({ clusters }) => clusters)).toEqual(['a', 'b']);
    expect(api.of('ListClusters')).toEqual([{ maxResults: 1 }, { maxResults: 1, nextToken: 't' }]);
  });

  it('follows Marker', async () => {
    fakeApi({
      iam: {
        ListRolePolicies: ({ Marker }) =>
          Marker ? { PolicyNames: ['b'], IsTruncated: false } : { PolicyNames: ['a'], IsTruncated: true, Marker: 'm' },
      },
    });
    expect(await allPages('iam', 'ListRolePolicies', { RoleName: 'r' }, (page) => page.PolicyNames)).toEqual(['a', 'b']);
  });
});

describe('forEachLimited', () => {
  it('keeps to its limit and does everything', async () => {
    let [running, most] = [0, 0];
    const done: number[] = [];
    await forEachLimited([1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      --running;
      done.push(item);
    });
    expect(most).toBe(3);
    expect(done.sort()).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('stops when it is aborted', async () => {
    const controller = new AbortController();
    const done: number[] = [];
    await forEachLimited([1, 2, 3], 1, async (item) => {
      done.push(item);
      controller.abort();
    }, controller.signal);
    expect(done).toEqual([1]);
  });
});
