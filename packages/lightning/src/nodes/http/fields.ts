import { isJsonObject, type JsonObject, type JsonValue } from '@farebox/protocol';
import { NodeError } from '../../node.js';

const wholeNumber = /^-?\d{1,20}$/;

/** A text member; undefined when it is missing or something else. */
export function textOf(object: JsonObject, key: string): string | undefined {
  const value = object[key];
  return typeof value === 'string' ? value : undefined;
}

/** A whole number, as JSON number or as decimal text (as 64-bit numbers are often written); else undefined. */
export function wholeOf(object: JsonObject, key: string): bigint | undefined {
  const value = object[key];
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined;
  return typeof value === 'string' && wholeNumber.test(value) ? BigInt(value) : undefined;
}

/** An object member; empty when it is missing or something else, so that paths can be followed. */
export function objectOf(object: JsonObject, key: string): JsonObject {
  const value = object[key];
  return isJsonObject(value) ? value : {};
}

/** A list member; empty when it is missing or something else. */
export function listOf(object: JsonObject, key: string): readonly JsonValue[] {
  const value = object[key];
  return Array.isArray(value) ? value : [];
}

/**
 * What must be there.
 *
 * @throws NodeError `node_misbehaved`
 */
export function need<T>(value: T | undefined, node: string, what: string): T {
  if (value === undefined) {
    throw new NodeError('node_misbehaved', `${node} answered without ${what}; check its version.`);
  }
  return value;
}
