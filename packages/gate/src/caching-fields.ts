const named: ReadonlySet<string> = new Set([
  'surrogate-control',
  'edge-control',
  'x-accel-expires',
  'expires',
  'pragma',
  'age',
]);

/**
 * True for a field that a cache goes by, named in lower case: `Cache-Control`, what content networks have made of it
 * (RFC 9213: `CDN-Cache-Control` and its kin), and what proxies put above it. On an answer that was paid for only the
 * gate's own `Cache-Control` may stand: a cache does not look at credentials.
 */
export function isCachingField(name: string): boolean {
  return name.endsWith('cache-control') || named.has(name);
}
