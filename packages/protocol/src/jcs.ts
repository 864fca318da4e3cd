import type { JsonObject, JsonValue } from './json.js';
import { jsonDepthMax } from './json.js';
import { unplain } from './plain-text.js';

/** A lone surrogate: with the `u` flag, a proper pair is one character and does not match. */
const loneSurrogate = /\p{Surrogate}/u;

/**
 * Serialises a JSON value with the JSON Canonicalization Scheme (RFC 8785): members sorted by UTF-16 code units,
 * numbers and escapes as ECMAScript writes them, no white space. The same value gives the same text everywhere.
 *
 * @throws TypeError for what JSON cannot carry (`undefined`, `NaN`, `Infinity`, a `bigint`, a `Date`, a lone
 *   surrogate) and for nesting deeper than {@link jsonDepthMax}: these are mistakes of the caller, and a silent
 *   repair would change what is signed.
 *
 * @example
 * ```ts
 * import { canonicalize } from '@farebox/protocol';
 *
 * canonicalize({ b: 1e21, a: 'é' }); // '{"a":"é","b":1e+21}'
 * ```
 */
export function canonicalize(value: JsonValue): string {
  return write(value, 0);
}

function write(value: JsonValue, depth: number): string {
  switch (typeof value) {
    case 'string':
      return writeString(value);
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError('JSON has no NaN and no Infinity; use a string.');
      return JSON.stringify(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      if (value === null) return 'null';
      if (depth >= jsonDepthMax) throw new TypeError(`JSON is nested deeper than ${jsonDepthMax} levels.`);
      return isArray(value) ? writeArray(value, depth + 1) : writeObject(value, depth + 1);
    default:
      throw new TypeError(`JSON cannot carry a value of type ${typeof value}; leave the member out.`);
  }
}

function writeString(value: string): string {
  // Twice as fast as JSON.stringify, and nearly every string.
  if (!unplain.test(value)) return `"${value}"`;
  if (loneSurrogate.test(value)) throw new TypeError('A string holds half of a surrogate pair.');
  return JSON.stringify(value);
}

function writeArray(value: readonly JsonValue[], depth: number): string {
  let text = '[';
  for (let index = 0; index < value.length; index++) {
    const item = value[index];
    if (item === undefined) throw new TypeError('JSON cannot carry undefined; leave the item out.');
    text += (index === 0 ? '' : ',') + write(item, depth);
  }
  return `${text}]`;
}

function writeObject(value: JsonObject, depth: number): string {
  // A Date, Map or Uint8Array would silently become {}: say so instead.
  if (Object.prototype.toString.call(value) !== '[object Object]') {
    throw new TypeError('JSON cannot carry this object; convert it to plain members first.');
  }
  let text = '{';
  for (const key of sortedKeys(value)) {
    const member = value[key];
    if (member === undefined) throw new TypeError('JSON cannot carry undefined; leave the member out.');
    text += `${(text === '{' ? '' : ',') + writeString(key)}:${write(member, depth)}`;
  }
  return `${text}}`;
}

/** The keys by UTF-16 code units, as RFC 8785 §3.2.3 asks for; both `<` and the default order of sort() are that. */
function sortedKeys(value: JsonObject): string[] {
  const keys = Object.keys(value);
  let previous = '';
  for (const key of keys) {
    if (key < previous) return keys.sort();
    previous = key;
  }
  return keys;
}

function isArray(value: JsonValue): value is JsonValue[] {
  return Array.isArray(value);
}
