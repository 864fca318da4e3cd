import { Readable } from 'node:stream';
import type { UpstreamRequest } from './upstream.js';

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const TARGET = /^[\x21-\x7e\x80-\xff]+$/;
/** A line break in a value would begin a field, or a request, of its own. */
const NOT_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/;
const DIGITS = /^[0-9]{1,15}$/;

/** Methods whose requests have content: when there is none, that is said (RFC 9110 §8.6). */
const WITH_CONTENT = new Set(['POST', 'PUT', 'PATCH']);

/**
 * Writes a request's header section, as Latin-1, with the framing of its body (RFC 9112 §6). A stream goes with its
 * Content-Length if `headers` has one, and otherwise in chunks.
 *
 * @returns undefined when a character or a field of it could move the end of the request: what follows would be
 * another request, which nobody has paid for.
 */
export function requestHead(request: UpstreamRequest): string | undefined {
  const { method, target, headers, body, fresh } = request;
  if (!TOKEN.test(method) || !TARGET.test(target)) return undefined;
  let text = `${method} ${target} HTTP/1.1\r\n`;
  let announced: string | undefined;
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] ?? '';
    const value = headers[i + 1] ?? '';
    if (!TOKEN.test(name) || NOT_IN_VALUE.test(value) || isFraming(name)) return undefined;
    if (isContentLength(name)) {
      if (announced !== undefined || !DIGITS.test(value)) return undefined;
      announced = value;
    }
    text += `${name}: ${value}\r\n`;
  }
  if (body instanceof Readable) {
    if (announced === undefined) text += 'Transfer-Encoding: chunked\r\n';
  } else {
    if (announced !== undefined) return undefined;
    if (body !== null && body.length > 0) text += `Content-Length: ${body.length}\r\n`;
    else if (WITH_CONTENT.has(method)) text += 'Content-Length: 0\r\n';
  }
  return fresh ? `${text}Connection: close\r\n\r\n` : `${text}\r\n`;
}

/** A field that says where the request or the connection ends. Only this file writes those. */
function isFraming(name: string): boolean {
  switch (name.length) {
    case 6:
      return name.toLowerCase() === 'expect';
    case 7:
      return name.toLowerCase() === 'upgrade';
    case 10:
      return name.toLowerCase() === 'connection';
    case 17:
      return name.toLowerCase() === 'transfer-encoding';
    default:
      return false;
  }
}

function isContentLength(name: string): boolean {
  return name.length === 14 && name.toLowerCase() === 'content-length';
}

/** The length that a streamed body was said to have; undefined when it goes in chunks. */
export function announcedBytes({ headers }: UpstreamRequest): number | undefined {
  const at = headers.findIndex((name, i) => i % 2 === 0 && isContentLength(name));
  return at === -1 ? undefined : Number(headers[at + 1]);
}
