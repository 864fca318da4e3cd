import { Unpriced } from '@farebox/gate';

/** Deepest nesting of objects and arrays in a body that a price depends on. Real requests have a dozen levels. */
export const jsonLevelsMax = 32;
/**
 * Most values in it, counted by opening brackets, commas and members: whoever is told a price has not paid yet, and reading takes
 * time.
 */
export const jsonValuesMax = 40_000;

const tellsNoPrice = 'its price cannot be told';
const notPlain = `The body is not plain JSON in UTF-8, so ${tellsNoPrice}; send it as such.`;

/**
 * Reads a body that must be JSON (RFC 8259) in UTF-8, as every reader of JSON would read it: no byte order mark, and no
 * object that names a member twice, of which one reader takes the first and another the last. What is nested deeper than
 * {@link jsonLevelsMax}, or has more values than {@link jsonValuesMax}, is not read.
 *
 * @throws Unpriced
 */
export function readJsonBody(bytes: Uint8Array | undefined): unknown {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    // Before it is parsed: a megabyte of brackets takes a parser a fifth of a second.
    checkShape(text);
    return JSON.parse(text);
  } catch (cause) {
    if (cause instanceof Unpriced) throw cause;
    throw new Unpriced(notPlain, { cause });
  }
}

/**
 * Goes once over a text that need not be JSON, looking at brackets, commas and strings alone.
 *
 * @throws Unpriced for what is nested too deeply, has too many values or a member twice; SyntaxError where a string is none
 */
function checkShape(text: string): void {
  /** For each open bracket the members seen so far; undefined for an array. */
  const open: (Set<string> | undefined)[] = [];
  let values = 0;
  for (let at = 0; at < text.length; at += 1) {
    switch (text[at]) {
      case '{':
      case '[':
        open.push(text[at] === '{' ? new Set() : undefined);
        if (open.length > jsonLevelsMax)
          throw new Unpriced(
            `The body is nested deeper than ${jsonLevelsMax} levels, so ${tellsNoPrice}; send a flatter one.`,
          );
        values = counted(values);
        break;
      case ',':
        values = counted(values);
        break;
      case '}':
      case ']':
        open.pop();
        break;
      case '"': {
        const end = endOfString(text, at);
        const next = afterBlanks(text, end);
        if (text[next] === ':') {
          values = counted(values);
          addMember(open.at(-1), text.slice(at, end));
        }
        at = next - 1;
      }
    }
  }
}

function counted(values: number): number {
  if (values < jsonValuesMax) return values + 1;
  throw new Unpriced(
    `The body has more than ${jsonValuesMax} values, so ${tellsNoPrice}; send a smaller one.`,
  );
}

/** Where the string ends that begins at `start`: behind its closing quote. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '"') return at + 1;
    if (text[at] === '\\') at += 1;
  }
  throw new SyntaxError('A string does not end.');
}

function afterBlanks(text: string, start: number): number {
  let at = start;
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\r' || text[at] === '\t') at += 1;
  return at;
}

function addMember(members: Set<string> | undefined, quoted: string): void {
  // An escape may spell the same name in another way.
  const name = quoted.includes('\\') ? String(JSON.parse(quoted)) : quoted.slice(1, -1);
  if (members?.has(name) === true)
    throw new Unpriced(`An object in the body has a member twice, so ${tellsNoPrice}; name each once.`);
  members?.add(name);
}
