/** A name as the freest of servers would read it: in the plainest characters, in lower case. */
export function looseName(name: string): string {
  // Nearly all, and the plainest form of long sequences of accents takes time that grows with their square.
  return isAscii(name) ? name.toLowerCase() : name.normalize('NFKC').toLowerCase();
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) > 0x7f) return false;
  return true;
}

/**
 * The name of a query parameter as the freest of servers would read it: `Size`, ` size`, `size[]`, `size[0]` and `[size]` are
 * all `size` to some, `page[Size][]` and `page[size]x` are `page[size]`, and to PHP `page.size`, `page size` and `page[size`
 * are `page_size`.
 */
export function looseParameter(name: string): string {
  const text = looseName(name).trim();
  const parts: string[] = [];
  let at = text.indexOf('[');
  let part = at === -1 ? text : text.slice(0, at);
  while (at !== -1) {
    const end = text.indexOf(']', at);
    if (end === -1) {
      // Never closed: a character of the name.
      part += `_${text.slice(at + 1)}`;
      break;
    }
    parts.push(part);
    part = text.slice(at + 1, end);
    // What stands behind a bracket is not read, unless it is another one.
    at = text[end + 1] === '[' ? end + 1 : -1;
  }
  parts.push(part);
  const plain = parts.map((each) => each.trim().replaceAll(/[.\s]/g, '_'));
  const named = plain.filter((each) => each !== '' && !/^[0-9]+$/.test(each));
  return named.length === 0 ? text : named.join('[');
}
