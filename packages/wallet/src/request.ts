import { WalletError } from './errors.js';
import { requestBodyBytesMax, requestHeadersMax } from './limits.js';

/** One header field, as it is sent. */
export type Header = readonly [name: string, value: string];

/** A request that may have to be paid for. */
export interface PayableRequest {
  readonly url: string;
  /** Default `GET`, or `POST` when there is a body. */
  readonly method?: string;
  readonly headers?: Iterable<Header> | Readonly<Record<string, string>>;
  /** Text or bytes: it is sent twice, so it cannot be a stream. At most {@link requestBodyBytesMax}. */
  readonly body?: string | Uint8Array;
}

/** A request that can be sent again, byte for byte. */
export interface ReplayableRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: readonly Header[];
  readonly body?: Uint8Array;
}

const tokenPattern = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Set by the transport from the URL and the body; a copy by hand could only contradict them. */
export const transportHeaders: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
const bodylessMethods = new Set(['GET', 'HEAD']);
const refusedMethods = new Set(['CONNECT', 'TRACE', 'TRACK']);

/**
 * Checks a request and takes a copy of it, so that nothing the caller changes later can change the paid retry.
 * Throws {@link WalletError} `invalid_request`, `body_not_replayable` or `body_too_large`.
 */
export function prepareRequest(request: PayableRequest): ReplayableRequest {
  const url = readUrl(request.url);
  const body = readBody(request.body);
  const method = (request.method ?? (body === undefined ? 'GET' : 'POST')).toUpperCase();
  if (!tokenPattern.test(method) || refusedMethods.has(method)) {
    throw new WalletError(
      'invalid_request',
      'The request method is not one that can be paid for; use GET, POST, PUT, PATCH or DELETE.',
    );
  }
  if (body !== undefined && bodylessMethods.has(method)) {
    throw new WalletError(
      'invalid_request',
      `A ${method} request cannot carry a body; use POST or leave the body out.`,
    );
  }
  const headers = readHeaders(request.headers);
  return body === undefined ? { url, method, headers } : { url, method, headers, body };
}

function readUrl(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch (cause) {
    throw new WalletError(
      'invalid_request',
      'The URL cannot be read; give a whole one, like https://api.example.com/v1/price.',
      { cause },
    );
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new WalletError(
      'invalid_request',
      'Only https URLs, and http ones on this machine, can be paid for.',
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw new WalletError(
      'invalid_request',
      'The URL contains a user name or password; pass them in a header instead.',
    );
  }
  url.hash = '';
  return url.href;
}

function readBody(body: unknown): Uint8Array | undefined {
  if (body === undefined || body === null) return undefined;
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
  if (!(bytes instanceof Uint8Array)) {
    throw new WalletError(
      'body_not_replayable',
      'The body can be read only once, so the paid retry could not carry it; pass text or bytes.',
    );
  }
  if (bytes.byteLength > requestBodyBytesMax) {
    throw new WalletError(
      'body_too_large',
      `The body is larger than ${requestBodyBytesMax} bytes; a payment for it could not be resumed.`,
    );
  }
  return Uint8Array.from(bytes);
}

function readHeaders(source: PayableRequest['headers']): readonly Header[] {
  if (source === undefined) return [];
  const pairs: Iterable<Header> = Symbol.iterator in source ? source : Object.entries(source);
  const headers: Header[] = [];
  for (const [name, value] of pairs) {
    if (!tokenPattern.test(name))
      throw new WalletError('invalid_request', 'A header name contains characters that HTTP does not allow.');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
    if (/[\u0000\r\n]|[^\u0000-\u00ff]/.test(value)) {
      throw new WalletError(
        'invalid_request',
        `The value of the header ${name} contains characters that HTTP does not allow.`,
      );
    }
    if (transportHeaders.has(name.toLowerCase())) {
      throw new WalletError(
        'invalid_request',
        `The header ${name} follows from the URL and the body; leave it out.`,
      );
    }
    headers.push([name, value.trim()]);
  }
  if (headers.length > requestHeadersMax) {
    throw new WalletError('invalid_request', `The request has more than ${requestHeadersMax} headers.`);
  }
  return headers;
}

/** The value of a header field, or undefined. Names are compared without case. */
export function headerValue(headers: readonly Header[], name: string): string | undefined {
  const wanted = name.toLowerCase();
  return headers.find(([candidate]) => candidate.toLowerCase() === wanted)?.[1];
}

/** True for https, and for http to this very machine (draft-httpauth-payment-00 §"Transport Security"). */
export function isSecure(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || isLoopback(hostname);
}

function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' || hostname === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname)
  );
}

/** Name of the resource for people and for finding credits: method, URL, content type and body, hashed. */
export async function fingerprint(request: ReplayableRequest): Promise<string> {
  const body = await sha256Hex(request.body ?? new Uint8Array());
  const type = headerValue(request.headers, 'content-type') ?? '';
  return sha256Hex(new TextEncoder().encode(JSON.stringify([request.method, request.url, type, body])));
}

async function sha256Hex(data: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', data));
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
