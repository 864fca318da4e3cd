/** A JSON object whose members have not been looked at. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Tells an object from a list, a scalar and null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object at a member; undefined when there is none. */
export function objectAt(value: unknown, key: string): JsonObject | undefined {
  const found = memberOf(value, key);
  return isObject(found) ? found : undefined;
}

/** The text at a member; undefined when there is none. */
export function textAt(value: unknown, key: string): string | undefined {
  const found = memberOf(value, key);
  return typeof found === 'string' && found !== '' ? found : undefined;
}

/** The list at a member; empty when there is none. */
export function listAt(value: unknown, key: string): readonly unknown[] {
  const found = memberOf(value, key);
  return Array.isArray(found) ? found : [];
}

/** A member of its own, never one of the prototype: the keys come from files. */
export function memberOf(value: unknown, key: string): unknown {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}
