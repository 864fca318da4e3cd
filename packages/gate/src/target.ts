/** Longest request target that is looked at, in characters. */
export const targetCharsMax = 8_192;

/** A request target in its one normal form. */
export type Target =
  | { readonly ok: true; readonly path: string; readonly query: string }
  | { readonly ok: false; readonly detail: string };

/** pchar of RFC 3986 §3.3 and the slash; percent-encodings are looked at one by one. */
const pathChars = /^\/[A-Za-z0-9\-._~!$&'()*+,;=:@%/]*$/;
const queryChars = /^[A-Za-z0-9\-._~!$&'()*+,;=:@%/?[\]|{}^`"<>\\]*$/;
const percentEncoded = /%(?:[0-9A-Fa-f]{2})?/g;

/**
 * Reads an origin-form request target (RFC 9112 §3.2.1) and refuses every spelling but one.
 *
 * A path that two programs read differently is a path that one of them lets through unpaid. So nothing is
 * repaired here: dot segments, empty segments, backslashes, encoded slashes, dots, unreserved characters and
 * controls are refused, and what remains means the same to the router, the gate and the upstream.
 *
 * @example
 * ```ts
 * import { readTarget } from '@farebox/gate';
 * readTarget('/v1/bitcoin/price?currency=usd'); // { ok: true, path: '/v1/bitcoin/price', query: 'currency=usd' }
 * readTarget('/v1/../admin').ok; // false
 * ```
 */
export function readTarget(url: string): Target {
  if (url.length > targetCharsMax)
    return refused(`The request target is longer than ${targetCharsMax} characters.`);
  const mark = url.indexOf('?');
  const path = mark === -1 ? url : url.slice(0, mark);
  const query = mark === -1 ? '' : url.slice(mark + 1);
  if (!pathChars.test(path))
    return refused('The path must begin with "/" and hold only RFC 3986 path characters.');
  if (path.includes('//')) return refused('The path has an empty segment ("//").');
  if (path.includes('/.') && hasDotSegment(path))
    return refused('The path has a dot segment; send it resolved.');
  if (path.includes('%')) {
    const fault = encodingFault(path);
    if (fault !== undefined) return refused(fault);
    if (!isUtf8(path)) return refused('The path has percent-encodings that are not UTF-8.');
  }
  if (!queryChars.test(query)) return refused('The query holds a character that must be percent-encoded.');
  return { ok: true, path, query };
}

function refused(detail: string): Target {
  return { ok: false, detail };
}

function hasDotSegment(path: string): boolean {
  return path.split('/').some((segment) => segment === '.' || segment === '..' || /^\.{1,2};/.test(segment));
}

/** Overlong forms and halves of characters are no UTF-8 (RFC 3629 §3): some decoders see a slash or a dot in them. */
function isUtf8(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

function encodingFault(path: string): string | undefined {
  for (const [encoded] of path.matchAll(percentEncoded)) {
    if (encoded.length !== 3) return 'The path has a "%" that does not begin a percent-encoding.';
    if (encoded !== encoded.toUpperCase()) return `Write the percent-encoding ${encoded} in upper case.`;
    const code = Number.parseInt(encoded.slice(1), 16);
    const character = String.fromCharCode(code);
    if (code < 0x20 || code === 0x7f) return 'The path has an encoded control character.';
    if (/[A-Za-z0-9\-._~]/.test(character))
      return `The path encodes "${character}", which needs no encoding.`;
    if (character === '/' || character === '\\' || character === '%') {
      return 'The path has an encoded slash, backslash or percent sign.';
    }
  }
  return undefined;
}
