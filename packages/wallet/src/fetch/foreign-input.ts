/**
 * What callers hand over may come from another implementation of Fetch than the one that stands in `globalThis`: undici
 * from npm, the `Request` that a server's adapter puts in its place, the one that it replaced. None of them is an
 * `instanceof` the others, so they are known by what they have.
 */

/** True for a `Request`, whoever made it. A `URL` and an object with a `toString` are none. */
export function isRequest(input: unknown): input is Request {
  if (typeof input !== 'object' || input === null) return false;
  if (!('url' in input && 'method' in input && 'headers' in input && 'clone' in input)) return false;
  const { url, method, headers, clone } = input;
  return (
    typeof url === 'string' &&
    typeof method === 'string' &&
    typeof headers === 'object' &&
    headers !== null &&
    typeof clone === 'function'
  );
}

/** A copy of a `Request` that this runtime's own constructor can read. The given one is left as it was. */
export function ownRequest(given: Request): Request {
  const copy = given.clone();
  if (given instanceof Request) return copy;
  // The constructor would take it for an object to be turned into a URL.
  const { url, method, headers, body, redirect, credentials, cache, mode, integrity, referrerPolicy } = copy;
  const init: RequestInit & { duplex?: 'half' } = {
    method,
    headers: [...headers],
    ...(body && { body, duplex: 'half' }),
    ...(redirect && { redirect }),
    ...(credentials && { credentials }),
    ...(cache && { cache }),
    ...(mode && mode !== 'navigate' && { mode }),
    ...(integrity && { integrity }),
    ...(referrerPolicy && { referrerPolicy }),
    keepalive: copy.keepalive === true,
  };
  return new Request(url, init);
}

/**
 * A form of this runtime's own constructor; undefined for what is no form, or holds what is neither text nor a `Blob`
 * here and would be sent as its name.
 */
export function ownForm(body: object): FormData | undefined {
  if (body instanceof FormData) return body;
  if (!('entries' in body && typeof body.entries === 'function')) return undefined;
  if (Object.prototype.toString.call(body) !== '[object FormData]') return undefined;
  const form = new FormData();
  const entries: Iterable<readonly [string, unknown]> = body.entries();
  for (const [name, value] of entries) {
    if (typeof value === 'string') form.append(name, value);
    else if (value instanceof Blob) form.append(name, value);
    else return undefined;
  }
  return form;
}
