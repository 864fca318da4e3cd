/** Paths that are sold in the corpus, as the freest of servers would know them. */
const sold = /^\/(?:paid\/|premium\/report\/?$)/;

/**
 * What servers make of a target, from the exact to the most obliging: decoded once or twice, with or without parameters,
 * with backslashes for slashes, slashes joined, dots followed, cut at what could begin a query, in lower case, in plain
 * characters.
 */
export function readings(target: string): string[] {
  let found = new Set([target.replace(/[?#].*$/s, '')]);
  const steps: ((path: string) => string)[] = [
    decoded,
    decoded,
    (path) => path.replace(/[?#\0].*$/s, ''),
    (path) => path.replace(/;[^/]*/g, ''),
    (path) => path.replaceAll('\\', '/'),
    (path) => path.normalize('NFKC'),
    (path) => path.replace(/\/+/g, '/'),
    (path) => new URL(path.replace(/[^\x21-\x7e]/g, 'x'), 'http://upstream').pathname,
    (path) => path.toLowerCase(),
  ];
  for (const step of steps) found = new Set([...found, ...[...found].map(step)]);
  return [...found];
}

/** True when some server could take this target for something that is sold. */
export function couldBeSold(target: string): boolean {
  return readings(target).some((path) => sold.test(path.replace(/[.\s]+$/, '')));
}

/** Percent-decoding as the careless do it: overlong forms count for what they were made to stand for. */
function decoded(path: string): string {
  const plain = path
    .replace(/%c0%ae/gi, '.')
    .replace(/%c0%af/gi, '/')
    .replace(/%e0%80%ae/gi, '.')
    .replace(/%e0%80%af/gi, '/')
    .replace(/%c1%9c/gi, '\\')
    .replace(/%u002e/gi, '.')
    .replace(/%u002f/gi, '/');
  try {
    return decodeURIComponent(plain);
  } catch {
    return plain.replace(/%([0-9a-f]{2})/gi, (_whole, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
  }
}
