// Calls of the API, through the server's /console/api. Typed from the operation tables that the server prints.
import type { Operations } from './operations';

export type Service = keyof Operations;
export type Operation<S extends Service> = Extract<keyof Operations[S], string>;
export type Input<S extends Service, O extends Operation<S>> = Operations[S][O] extends { input: infer I } ? I : never;
export type Output<S extends Service, O extends Operation<S>> = Operations[S][O] extends { output: infer R } ? R : never;

export interface Session {
  csrfToken: string;
  expiresAt: number; // epoch seconds; moves with use
  principal: { arn: string; account: string; userId: string; type: string };
  region: string;
  endpoint: string;
  version: string;
}

export type Credentials = { code: string } | { accessKeyId: string; secretAccessKey: string; sessionToken?: string };

export class ApiError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status: number,
    readonly requestId?: string,
  ) {
    super(message);
  }
}

let csrfToken = '';
let onSessionDoubt = () => {};

// Called whenever an answer says that nobody is signed in, or that somebody else is: another tab may have signed in.
export function setOnSessionDoubt(listener: () => void) {
  onSessionDoubt = listener;
}

function headersOf(body: unknown): Record<string, string> {
  const headers = { 'Content-Type': 'application/json', 'X-Podpass-Csrf': csrfToken };
  // What waits for news goes on while nobody is there: it must not keep the session from ending.
  const waits = typeof body === 'object' && body !== null && 'waitSeconds' in body;
  return waits ? { ...headers, 'X-Podpass-Background': 'true' } : headers;
}

async function request(method: 'GET' | 'POST', path: string, body?: unknown, signal?: AbortSignal): Promise<unknown> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(`/console/api/${path}`, {
      method,
      signal,
      credentials: 'same-origin',
      headers: method === 'POST' ? headersOf(body) : {},
      body: method === 'POST' ? JSON.stringify(body ?? {}) : undefined,
    });
    text = await response.text();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError('Unreachable', 'The server did not answer.', 0);
  }
  if (response.ok) return text ? JSON.parse(text) : {};
  throw errorOf(response.status, text);
}

function errorOf(status: number, text: string): ApiError {
  let told: { code?: string; message?: string; requestId?: string } = {};
  try {
    told = JSON.parse(text);
  } catch {
    // A proxy's page, for instance: the status is all there is.
  }
  return new ApiError(told.code ?? `HTTP ${status}`, told.message ?? 'The server gave no reason.', status, told.requestId);
}

function take(session: unknown): Session {
  csrfToken = (session as Session).csrfToken;
  return session as Session;
}

export async function signIn(credentials: Credentials): Promise<Session> {
  return take(await request('POST', 'sign-in', credentials));
}

// The session that the cookie stands for; undefined if there is none.
export async function currentSession(): Promise<Session | undefined> {
  try {
    return take(await request('GET', 'session'));
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return undefined;
    throw error;
  }
}

// Throws where the session may still be there.
export async function signOut(): Promise<void> {
  try {
    await request('POST', 'sign-out');
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 401)) throw error;
  }
  csrfToken = '';
}

export async function call<S extends Service, O extends Operation<S>>(
  service: S,
  operation: O,
  input: Input<S, O>,
  signal?: AbortSignal,
): Promise<Output<S, O>> {
  try {
    return (await request('POST', `${service}/${operation}`, input, signal)) as Output<S, O>;
  } catch (error) {
    if (error instanceof ApiError && ['NotSignedIn', 'CsrfTokenMissing'].includes(error.code)) onSessionDoubt();
    throw error;
  }
}
