import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendAnswer } from '@farebox/gate';
import type { CorsConfig } from '../config/config.js';
import { ROUTE_METHODS } from '../config/match.js';

/** What a page may read beside the fields that it always may (Fetch §"CORS-safelisted response-header name"). */
const EXPOSED =
  'WWW-Authenticate, Payment-Receipt, Farebox-Payment, Idempotent-Replayed, Retry-After, RateLimit, RateLimit-Policy';
/** What an upstream says of this is replaced: it does not know of the fields that are added here. */
const OURS: ReadonlySet<string> = new Set([
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'access-control-allow-methods',
  'access-control-allow-headers',
  'access-control-max-age',
]);
const NAMES = /^[!#$%&'*+.^_`|~0-9A-Za-z, -]+$/;

/**
 * Answers a browser's question whether a page of another origin may ask (Fetch §"CORS-preflight request"). Never sold, and
 * never sent on: the browser asks without a credential, before everything that the page itself asks.
 *
 * @returns false when the request is no such question
 */
export function answerPreflight(
  cors: CorsConfig,
  request: IncomingMessage,
  response: ServerResponse,
): boolean {
  const { origin } = request.headers;
  if (request.method !== 'OPTIONS' || origin === undefined) return false;
  if (request.headers['access-control-request-method'] === undefined) return false;
  const headers = ['Vary', 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers'];
  const allowed = allowedOrigin(cors, origin);
  if (allowed !== undefined) {
    headers.push('Access-Control-Allow-Origin', allowed);
    headers.push('Access-Control-Allow-Methods', ROUTE_METHODS.join(', '));
    const names = request.headers['access-control-request-headers'];
    // Said back one by one: an asterisk would not stand for Authorization.
    if (names !== undefined && NAMES.test(names)) headers.push('Access-Control-Allow-Headers', names);
    headers.push('Access-Control-Max-Age', String(cors.maxAgeSeconds));
  }
  sendAnswer(request, response, { status: 204, headers, body: '' });
  return true;
}

/**
 * Makes every answer of a route say which page may read it, the gate's own among them: a 402 that a page cannot read is one
 * that it cannot pay. What the upstream says about that is replaced; the names that it exposes stay exposed.
 */
export function openToOrigins(cors: CorsConfig, request: IncomingMessage, response: ServerResponse): void {
  const { origin } = request.headers;
  const allowed = origin === undefined ? undefined : allowedOrigin(cors, origin);
  const writeHead = response.writeHead;
  // The gateway's answers are a status and a flat list, all of them.
  response.writeHead = (status: number, fields?: unknown): ServerResponse =>
    writeHead.call(response, status, openFields(cors, allowed, Array.isArray(fields) ? fields : []));
}

function openFields(cors: CorsConfig, allowed: string | undefined, fields: readonly string[]): string[] {
  const open: string[] = [];
  let exposed = EXPOSED;
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const [name = '', value = ''] = [fields[i], fields[i + 1]];
    const lower = name.toLowerCase();
    if (lower === 'access-control-expose-headers') exposed += `, ${value}`;
    else if (!OURS.has(lower)) open.push(name, value);
  }
  if (allowed !== undefined)
    open.push('Access-Control-Allow-Origin', allowed, 'Access-Control-Expose-Headers', exposed);
  // Also to those who name no origin: a cache must not give their answer to a page.
  if (cors.origins !== '*') open.push('Vary', 'Origin');
  return open;
}

/** What an answer says to a page of this origin; undefined: nothing, and the browser keeps the answer from it. */
function allowedOrigin({ origins }: CorsConfig, origin: string): string | undefined {
  if (origins === '*') return '*';
  return origins.has(origin) ? origin : undefined;
}
