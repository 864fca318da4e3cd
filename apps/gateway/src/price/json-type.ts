import { connectionNamed } from '../http/request-fields.js';

/** The media type of JSON (RFC 8259 §11), which has no parameters; `charset=utf-8` changes nothing. */
const plainJson = /^application\/json[\t ]*(?:;[\t ]*charset=(?:utf-8|"utf-8")[\t ]*)?$/i;

const detail =
  'The price depends on the body, so send it with one Content-Type, application/json, and without Content-Encoding; nothing was charged.';

/**
 * What is wrong with the header section (flat list) of a request whose body must be read as JSON by everybody. These fields
 * decide how an upstream reads a body, and nothing binds them to a challenge: with another type or charset the same bytes
 * say something else, and to a server that knows a type such as `application/ld+json` for no JSON they say nothing.
 *
 * @returns what the client has to do; undefined when nothing is wrong
 */
export function jsonTypeFault(raw: readonly string[]): string | undefined {
  let types = 0;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    // To CGI and its heirs `Content_Type` is the same field.
    const name = raw[i]?.toLowerCase().replaceAll('_', '-');
    if (name === 'content-encoding') return detail;
    if (name !== 'content-type') continue;
    types += 1;
    if (!plainJson.test(raw[i + 1] ?? '')) return detail;
  }
  // Named by Connection it would end here, and the upstream be told of no type.
  return types === 1 && connectionNamed(raw)?.has('content-type') !== true ? undefined : detail;
}
