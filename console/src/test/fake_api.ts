// A server that a test makes: a function for each operation. Calls go through the real client, up to fetch.
import { vi } from 'vitest';
import { ApiError, type Input, type Operation, type Output, type Service, type Session } from '../api/client';

export const aSession: Session = {
  csrfToken: 'csrf',
  expiresAt: Date.now() / 1000 + 3600,
  principal: { arn: 'arn:aws:iam::111122223333:user/ann', account: '111122223333', userId: 'AIDAANN', type: 'IAMUser' },
  region: 'us-west-2',
  endpoint: 'http://127.0.0.1:4566',
  version: '0.1.0',
};

type Handler<S extends Service, O extends Operation<S>> = (input: Input<S, O>) => Output<S, O> | Promise<Output<S, O>>;
export type Handlers = { [S in Service]?: { [O in Operation<S>]?: Handler<S, O> } };

export interface Called {
  service: string;
  operation: string;
  input: unknown;
}

export interface FakeApi {
  calls: Called[]; // of operations, in order
  of: (operation: string) => unknown[]; // the inputs of one
  session: Session | undefined; // who is signed in; undefined: nobody
  signsOut: boolean;
  accepts: (credentials: unknown) => boolean; // at sign-in
}

// An operation that a test did not give answers 501. A handler throws an ApiError to refuse.
export function fakeApi(handlers: Handlers = {}): FakeApi {
  const fake: FakeApi = {
    calls: [],
    of: (operation) => fake.calls.filter((call) => call.operation === operation).map((call) => call.input),
    session: aSession,
    signsOut: true,
    accepts: () => true,
  };
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    init.signal?.throwIfAborted();
    const [path, body] = [url.replace('/console/api/', ''), JSON.parse(String(init.body ?? 'null')) as unknown];
    try {
      return answer(200, await reply(fake, handlers, path, body));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const { code, message, requestId } = error;
      return answer(error.status, { code, message, requestId });
    }
  });
  return fake;
}

function answer(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body), { status });
}

async function reply(fake: FakeApi, handlers: Handlers, path: string, input: unknown): Promise<unknown> {
  if (path === 'sign-in') {
    if (!fake.accepts(input)) throw new ApiError('InvalidClientTokenId', 'The security token included in the request is invalid.', 401);
    return (fake.session = aSession);
  }
  if (path === 'sign-out') {
    if (!fake.signsOut) throw new ApiError('ServiceUnavailableException', 'Signing out failed. Try again.', 503);
    fake.session = undefined;
    return {};
  }
  if (!fake.session) throw new ApiError('NotSignedIn', 'Nobody is signed in.', 401);
  if (path === 'session') return fake.session;
  const [service, operation] = path.split('/');
  fake.calls.push({ service, operation, input });
  const handler = (handlers as Record<string, Record<string, (input: unknown) => unknown> | undefined>)[service]?.[operation];
  if (!handler) throw new ApiError('NotImplemented', `The test has no ${service} ${operation}.`, 501);
  return await handler(input);
}

export function denial(action: string, resource = '*'): ApiError {
  const message = `User: ${aSession.principal.arn} is not authorized to perform: ${action} on resource: ${resource}`;
  return new ApiError('AccessDeniedException', message, 403, '6f1f5c3a-0000-4000-8000-000000000001');
}
