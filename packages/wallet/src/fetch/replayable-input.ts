import { abortedUnpaid, whenAborted } from '../abort.js';
import { WalletError } from '../errors.js';
import { requestBodyBytesMax } from '../limits.js';
import { type Header, type PayableRequest, transportHeaders } from '../request.js';
import type { TransportInit } from '../transport.js';
import { isRequest, ownForm, ownRequest } from './foreign-input.js';

/** What one call of `fetch` asks for, read once: nothing that the caller changes later can change it. */
export interface FetchCall {
  readonly request: PayableRequest;
  readonly signal: AbortSignal | undefined;
  readonly redirect: NonNullable<RequestInit['redirect']>;
  readonly transport: TransportInit;
}

/**
 * Reads the arguments of `fetch` (Fetch §"Request constructor") without changing them: the body of a `Request` is read
 * from a clone. A body that can be sent only once is refused before anything is sent; a `Request` is read to its end
 * first, at most {@link requestBodyBytesMax}. Rejects with {@link WalletError} `invalid_request`, `body_not_replayable`,
 * `body_too_large` or `aborted`.
 */
export async function readCall(input: string | URL | Request, init?: RequestInit): Promise<FetchCall> {
  const body = replayableBody(input, init);
  const request = makeRequest(input, body === undefined ? init : { ...init, body });
  const signal = signalOf(input, init);
  if (signal?.aborted) throw abortedUnpaid(signal);
  if (request.integrity) {
    const message = 'With integrity, the 402 that asks for payment could never be read; leave it out.';
    throw new WalletError('invalid_request', message);
  }
  if (request.mode === 'no-cors') {
    const message = 'With mode no-cors, the answer cannot say that it asks for payment; leave it out.';
    throw new WalletError('invalid_request', message);
  }
  // Browsers ignore them as well; requests that are handed on have them.
  const headers: Header[] = [...request.headers].filter(([name]) => !transportHeaders.has(name));
  const { url, method, redirect } = request;
  const transport = transportOf(request, init);
  const bytes = await whenAborted(signal, readBody(request));
  return { request: { url, method, headers, ...(bytes && { body: bytes }) }, signal, redirect, transport };
}

/** The form to send instead of one that only its own constructor knows; undefined where what was given will do. */
function replayableBody(input: unknown, init: RequestInit | undefined): FormData | undefined {
  if (isRequest(input) && input.bodyUsed) {
    throw new WalletError('body_not_replayable', 'The body of this Request has been used already.');
  }
  const body: unknown = init?.body ?? undefined;
  if (typeof body !== 'object' || body === null || isReplayable(body)) return undefined;
  const form = ownForm(body);
  if (form) return form;
  throw new WalletError(
    'body_not_replayable',
    'The body can be read only once, so the paid retry could not carry it; pass text, bytes, a Blob or a form.',
  );
}

/** Bodies whose bytes can be taken any number of times. Streams and iterators are not among them. */
function isReplayable(body: object): boolean {
  return (
    body instanceof ArrayBuffer ||
    ArrayBuffer.isView(body) ||
    body instanceof Blob ||
    body instanceof FormData ||
    body instanceof URLSearchParams
  );
}

function makeRequest(input: string | URL | Request, init: RequestInit | undefined): Request {
  try {
    return new Request(isRequest(input) ? ownRequest(input) : input, init);
  } catch (cause) {
    const message = 'The request cannot be made as it is; see the cause, and give a whole https URL.';
    throw new WalletError('invalid_request', message, { cause });
  }
}

/** The caller's own signal: that of a constructed `Request` only follows it while somebody holds the request. */
function signalOf(input: unknown, init: RequestInit | undefined): AbortSignal | undefined {
  if (init?.signal !== undefined) return init.signal ?? undefined;
  return isRequest(input) ? (input.signal ?? undefined) : undefined;
}

function transportOf(request: Request, init: RequestInit | undefined): TransportInit {
  const { cache, credentials, keepalive, mode, referrerPolicy } = request;
  return {
    // Some runtimes leave some of them out.
    ...(cache && { cache }),
    ...(credentials && { credentials }),
    ...(keepalive && { keepalive }),
    ...(mode && mode !== 'navigate' && { mode }),
    ...(referrerPolicy && { referrerPolicy }),
    // Node's own: proxies, certificates.
    ...(init?.dispatcher && { dispatcher: init.dispatcher }),
  };
}

async function readBody(request: Request): Promise<Uint8Array | undefined> {
  if (request.body === null) return undefined;
  // Not every browser has the stream; what its request holds is in memory anyway.
  if (request.body === undefined) return atMost(new Uint8Array(await request.arrayBuffer()));
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (const reader = request.body.getReader(); ; ) {
    const { done, value } = await read(reader);
    if (done || value === undefined) break;
    length += value.byteLength;
    if (length > requestBodyBytesMax) {
      reader.cancel().catch(() => undefined);
      throw tooLarge();
    }
    chunks.push(value);
  }
  const body = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    body.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return body;
}

async function read(reader: ReadableStreamDefaultReader<Uint8Array>) {
  try {
    return await reader.read();
  } catch (cause) {
    const message = 'The body of the request broke off while it was read; nothing was sent.';
    throw new WalletError('body_not_replayable', message, { cause });
  }
}

function atMost(body: Uint8Array): Uint8Array | undefined {
  if (body.byteLength > requestBodyBytesMax) throw tooLarge();
  return body.byteLength === 0 ? undefined : body;
}

function tooLarge(): WalletError {
  const message = `The body is larger than ${requestBodyBytesMax} bytes; a payment for it could not be resumed.`;
  return new WalletError('body_too_large', message);
}
