import { hash } from 'node:crypto';
import { decodeBase64urlText, encodeBase64url } from '@farebox/protocol';

/** What a challenge is for: the request line, in normal form. The body is bound beside it, by its digest. */
export interface Resource {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  /** Who alone may use it; undefined: whoever has paid. */
  readonly subject?: string | undefined;
}

/** What a subject looks like: it stands in the challenge for everyone to read. */
const subjectForm = /^[A-Za-z0-9._~:-]{1,128}$/;

/** Longest text of a resource, in bytes: a longer one is named by its hash, so that the credential never outgrows a header. */
const resourceTextBytesMax = 3_072;
/** Longest path that is still named beside the hash, in bytes. */
const namedPathBytesMax = 1_024;
/** Stands where only the hash is known. No request has it: targets are ASCII. */
const hashedText = '…';

/**
 * The `opaque` parameter that names a resource: base64url(JCS) of a flat string map
 * (draft-httpauth-payment-00 §"Optional Parameters"). The HMAC covers it, so a credential cannot move to another
 * resource; and it is recomputed from each request, so clients that drop it lose nothing. It is bounded whatever the
 * request: what can be asked for can be presented.
 *
 * @throws TypeError for a subject of another form
 */
export function resourceOpaque(resource: Resource): string {
  const { method, path, query, subject } = resource;
  if (subject !== undefined && !subjectForm.test(subject))
    throw new TypeError('A subject has 1 to 128 characters out of A-Z, a-z, 0-9 and ._~:-');
  // These keys stand in JCS order and these values are ASCII, so JSON.stringify writes what JCS would, in a third of
  // the time; a test holds the two together.
  const line = query === '' ? { method, path } : { method, path, query };
  const text = JSON.stringify(subject === undefined ? line : { ...line, subject });
  return encodeBase64url(text.length <= resourceTextBytesMax ? text : hashedLine(resource, text));
}

function hashedLine({ method, path, subject }: Resource, text: string): string {
  const named = path.length > namedPathBytesMax ? { method } : { method, path };
  const line = { ...named, sha256: hash('sha256', text, 'base64url') };
  return JSON.stringify(subject === undefined ? line : { ...line, subject });
}

/** Reads a resource back out of an `opaque` whose HMAC has been checked, to name it: of a long one not all is known. */
export function readResource(opaque: string): Resource | undefined {
  const text = decodeBase64urlText(opaque, resourceTextBytesMax);
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const unnamed = 'sha256' in value ? hashedText : undefined;
  const members = value as Record<string, unknown>; // an object of unknown members
  const { method, path = unnamed, query = unnamed ?? '', subject } = members;
  if (typeof method !== 'string' || typeof path !== 'string' || typeof query !== 'string') return undefined;
  if (subject !== undefined && typeof subject !== 'string') return undefined;
  return { method, path, query, subject };
}

/**
 * How a challenge's resource is told apart from the one asked for, in the words of R52:
 * `/v1/bitcoin/price, not /v1/runes`. Only as much is named as is needed to see the difference.
 */
export function describeDifference(issued: Resource, asked: Resource): string {
  if (issued.path !== asked.path) return `${issued.path}, not ${asked.path}`;
  if (issued.method !== asked.method) {
    return `${issued.method} ${issued.path}, not ${asked.method} ${asked.path}`;
  }
  if (issued.query !== asked.query) return `${withQuery(issued)}, not ${withQuery(asked)}`;
  // Who that is is not said: whoever asks may not be them.
  return 'somebody else; send it with the identity that asked for the challenge';
}

function withQuery(resource: Resource): string {
  return resource.query === '' ? resource.path : `${resource.path}?${resource.query}`;
}

/** One line for the books: `GET /v1/bitcoin/price?currency=usd`. */
export function resourceLine(resource: Resource): string {
  return `${resource.method} ${withQuery(resource)}`;
}
