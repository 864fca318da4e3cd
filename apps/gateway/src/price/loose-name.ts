/** A name as the freest of servers would read it: in the plainest characters, in lower case. */
export function looseName(name: string): string {
  return name.normalize('NFKC').toLowerCase();
}

/**
 * The name of a query parameter as the freest of servers would read it: `Size`, ` size`, `size[]`, `size[0]` and `[size]` are
 * all `size` to some.
 */
export function looseParameter(name: string): string {
  const parts = name.split(/[[\]]/).map((part) => part.trim());
  return looseName(parts.find((part) => part !== '') ?? '');
}
