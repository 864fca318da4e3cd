import { Unpriced } from '@farebox/gate';

const tellsNoPrice = 'its price cannot be told';

/**
 * Reads a body that must be JSON (RFC 8259) in UTF-8, as every reader of JSON would read it: no byte order mark, and no
 * object that names a member twice, of which one reader takes the first and another the last.
 *
 * @throws Unpriced
 */
export function readJsonBody(bytes: Uint8Array | undefined): unknown {
  let text: string;
  let json: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    json = JSON.parse(text);
  } catch (cause) {
    throw new Unpriced(`The body is not plain JSON in UTF-8, so ${tellsNoPrice}; send it as such.`, {
      cause,
    });
  }
  const twice = memberTwice(text);
  if (twice !== undefined) {
    throw new Unpriced(`An object in the body has a member twice, so ${tellsNoPrice}; name each once.`);
  }
  return json;
}

/**
 * The first member that an object in a JSON text names twice. The text has been parsed, so it is well formed: only strings
 * and brackets have to be told apart.
 */
function memberTwice(text: string): string | undefined {
  /** For each open bracket the members seen so far; undefined for an array. */
  const open: (Set<string> | undefined)[] = [];
  const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?|[{}[\]]/gs;
  for (let token = tokens.exec(text); token !== null; token = tokens.exec(text)) {
    const [found, colon] = token;
    if (found === '{') open.push(new Set());
    else if (found === '[') open.push(undefined);
    else if (found === '}' || found === ']') open.pop();
    else if (colon !== undefined) {
      // An escape may spell the same name in another way.
      const name = String(JSON.parse(found.slice(0, found.lastIndexOf('"') + 1)));
      const members = open.at(-1);
      if (members?.has(name) === true) return name;
      members?.add(name);
    }
  }
  return undefined;
}
