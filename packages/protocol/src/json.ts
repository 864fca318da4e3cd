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
 * refused, so that no later walk can run out of stack; so is a number beyond what ECMAScript can hold (`1e999`), which
 * could never be written again.
 *
 * The caller bounds the length of `text`.
 *
 * @returns The object, or `undefined` when the text is not JSON, not an object, too deep or has such a number.
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
  return isJsonObject(value) && cleanse(value, 1) ? value : undefined;
}

/** Drops `__proto__` members in place; false when the value is nested too deeply or holds a number that is too large. */
function cleanse(value: JsonObject | JsonValue[], depth: number): boolean {
  if (depth > jsonDepthMax) return false;
  if (Array.isArray(value)) return value.every((item) => isClean(item, depth));
  // Not Object.keys, which makes a list of each: what JSON.parse made has no other enumerable names than its own.
  for (const key in value) {
    if (key === '__proto__') Reflect.deleteProperty(value, key);
    else if (!isClean(value[key], depth)) return false;
  }
  return true;
}

function isClean(value: JsonValue | undefined, depth: number): boolean {
  if (typeof value === 'string') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  return typeof value !== 'object' || value === null || cleanse(value, depth + 1);
}
