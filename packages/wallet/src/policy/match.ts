/**
 * Patterns of a policy's lists. Written so that no pattern and no URL makes them slow, and so that a deny list cannot be
 * passed by writing the same thing differently.
 */

const wildcardLabel = 'wildcard--';

/** A pattern of origins, taken apart. */
interface OriginPattern {
  readonly protocol: string;
  readonly host: string;
  readonly port: string;
  /** True for `*.`: any host below it, not the host itself. */
  readonly below: boolean;
}

/** Reads `https://api.example.com` or `https://*.example.com:8443`; undefined for anything else. */
export function parseOrigin(text: string): OriginPattern | undefined {
  const below = /^https?:\/\/\*\./i.test(text);
  let url: URL;
  try {
    url = new URL(below ? text.replace('*.', `${wildcardLabel}.`) : text);
  } catch {
    return undefined;
  }
  const { protocol, hostname, port, pathname, search, hash, username, password } = url;
  if (protocol !== 'https:' && protocol !== 'http:') return undefined;
  const bare = pathname === '/' && [search, hash, username, password].every((part) => part === '');
  const host = hostname.replace(/\.$/, '').slice(below ? wildcardLabel.length + 1 : 0);
  if (!bare || text.endsWith('/') || host === '' || host.includes('*')) return undefined;
  return { protocol, host, port, below };
}

/** True when a URL is of an origin. A final dot in the host's name makes no difference. */
export function matchOrigin(pattern: string, url: string): boolean {
  const wanted = parseOrigin(pattern);
  if (wanted === undefined) return false;
  const { protocol, hostname, port } = new URL(url);
  const host = hostname.replace(/\.$/, '');
  if (protocol !== wanted.protocol || port !== wanted.port) return false;
  return wanted.below ? host.endsWith(`.${wanted.host}`) : host === wanted.host;
}

/** True for a pattern of paths: it begins with a slash; `*` stands for anything, slashes too. */
export function isPathPattern(text: string): boolean {
  return /^\/[^?#\s]{0,500}$/.test(text);
}

/** True when a URL's path fits a pattern in its every reading: what is allowed must not depend on who reads it. */
export function allowsPath(pattern: string, url: string): boolean {
  const readings = readPath(url);
  return readings?.every((path) => fits(pattern, path)) ?? false;
}

/** True when a URL's path fits a pattern in any reading, without case. What cannot be read is denied by every pattern. */
export function deniesPath(pattern: string, url: string): boolean {
  const readings = readPath(url);
  return readings === undefined || readings.some((path) => fits(pattern.toLowerCase(), path.toLowerCase()));
}

/** A path as it is written and as servers may read it: decoded, without doubled slashes and dot segments. */
function readPath(url: string): readonly string[] | undefined {
  const { pathname } = new URL(url);
  try {
    const decoded = decodeURIComponent(pathname);
    // Decoded twice by somebody on the way: no honest path needs that.
    if (/%[0-9a-f]{2}/i.test(decoded)) return undefined;
    return [pathname, normalise(decoded)];
  } catch {
    return undefined;
  }
}

function normalise(path: string): string {
  const kept: string[] = [];
  const parts = path.replaceAll('\\', '/').split('/');
  for (const part of parts) {
    if (part === '..') kept.pop();
    else if (part !== '' && part !== '.') kept.push(part);
  }
  const last = parts.at(-1);
  const folder = kept.length > 0 && (last === '' || last === '.' || last === '..');
  return `/${kept.join('/')}${folder ? '/' : ''}`;
}

/** `*` stands for any characters. One pass, one step back: never more than the product of both lengths. */
function fits(pattern: string, text: string): boolean {
  let at = 0;
  let in_ = 0;
  let star = -1;
  let resume = 0;
  while (in_ < text.length) {
    if (pattern[at] === '*') {
      star = at;
      at += 1;
      resume = in_;
    } else if (at < pattern.length && pattern[at] === text[in_]) {
      at += 1;
      in_ += 1;
    } else if (star >= 0) {
      at = star + 1;
      resume += 1;
      in_ = resume;
    } else return false;
  }
  while (pattern[at] === '*') at += 1;
  return at === pattern.length;
}
