/** Any JSON value. */
export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;

/** A JSON object. */
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** Deepest nesting of objects and arrays that is read or written. Real requests have two levels. */
export const jsonDepthMax = 32;

/** True for a JSON object: not null, not an array. */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Parses a JSON text that must be an object, from a stranger. Members named `__proto__` are dropped at every
 * level, so that no later copy of the object can reach a prototype; nesting deeper than {@link jsonDepthMax} is
 * refused, so that no later walk can run out of stack.
 *
 * The caller bounds the length of `text`.
 *
 * @returns The object, or `undefined` when the text is not JSON, not an object or too deep.
 *
 * @example
 * ```ts
 * import { parseJsonObject } from '@farebox/protocol';
 *
 * parseJsonObject('{"amount":"1"}'); // { amount: '1' }
 * parseJsonObject('[1]'); // undefined
 * ```
 */
export function parseJsonObject(text: string): JsonObject | undefined {
  let value: JsonValue;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isJsonObject(value) && (isPlain(text) || cleanse(value, 1)) ? value : undefined;
}

/** True when a look at the text shows that there is nothing to cleanse: the way of every honest credential. */
function isPlain(text: string): boolean {
  // An escape could spell the name otherwise; with fewer openings than levels nothing is too deep.
  if (text.includes('__proto__') || text.includes('\\')) return false;
  let openings = 0;
  for (const opening of ['{', '[']) {
    for (let at = text.indexOf(opening); at >= 0; at = text.indexOf(opening, at + 1)) {
      if (++openings > jsonDepthMax) return false;
    }
  }
  return true;
}

/** Drops `__proto__` members in place; false when the value is nested too deeply. */
function cleanse(value: JsonObject | JsonValue[], depth: number): boolean {
  if (depth > jsonDepthMax) return false;
  if (Array.isArray(value)) {
    for (const item of value) {
      if (typeof item === 'object' && item !== null && !cleanse(item, depth + 1)) return false;
    }
    return true;
  }
  for (const key of Object.keys(value)) {
    if (key === '__proto__') {
      Reflect.deleteProperty(value, key);
      continue;
    }
    const member = value[key];
    if (typeof member === 'object' && member !== null && !cleanse(member, depth + 1)) return false;
  }
  return true;
}
