/**
 * A path as the freest of servers would read it: decoded, in the plainest characters and lower case, cut where a query or a
 * fragment might begin, without parameters and dot segments. Two paths that some server takes for one are the same here, but
 * for a slash at the end.
 *
 * @param path in the normal form of `readTarget`, or a pattern for such paths
 * @returns encoded again as far as find-my-way would decode it
 */
export function loosePath(path: string): string {
  let text = path;
  try {
    text = decodeURIComponent(path);
  } catch {
    // Not UTF-8: nothing that decodes it finds anything either.
  }
  text = text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[?#].*$/s, '');
  const segments = text.replaceAll('\\', '/').split('/');
  const kept: string[] = [''];
  for (const segment of segments.slice(1)) {
    // Trailing dots and blanks are cut by some file systems.
    const name = segment.replace(/;.*$/s, '').replace(/(?<=[^.\s])[.\s]+$/u, '');
    if (name === '..') kept.length = Math.max(1, kept.length - 1);
    else if (name !== '.' && name !== '') kept.push(name);
  }
  const last = segments.at(-1);
  if (last === '' || kept.length === 1) kept.push('');
  return kept.map((name) => encodeURI(name).replace(/[?#]/g, encodeURIComponent)).join('/');
}
