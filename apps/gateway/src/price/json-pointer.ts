import { looseName } from './loose-name.js';

/** How a place in a JSON text is written (RFC 6901): empty for all of it, or `/data/rates/0`. */
export const JSON_POINTER_PATTERN = /^(?:\/(?:[^~/]|~[01])*)*$/;

/**
 * The value at a place in a parsed JSON text. Looks at own members only, so that no pointer finds what no text contains.
 *
 * @returns undefined when there is none
 */
export function valueAt(json: unknown, pointer: string): unknown {
  let at = json;
  for (const name of namesOf(pointer)) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = Object.getOwnPropertyDescriptor(at, name)?.value;
  }
  return at;
}

/** A key this much longer than a name is no other spelling of it; reading it loosely would only take time. */
const lookalikeTimesMax = 8;

/**
 * The first of several places where a reader that takes `Model` for `model` could find another value, or one where there is
 * none. Each object's keys are looked at once.
 */
export function findLookalike(json: unknown, pointers: Iterable<string>): string | undefined {
  const paths = [...pointers].map((pointer) => ({ pointer, names: namesOf(pointer) }));
  const longest = Math.max(0, ...paths.flatMap(({ names }) => names.map(({ length }) => length)));
  const read = new Map<object, ReadonlyMap<string, readonly string[]>>();
  const keysOf = (at: object): ReadonlyMap<string, readonly string[]> => {
    const known = read.get(at);
    if (known !== undefined) return known;
    const keys = loosely(Object.keys(at), longest * lookalikeTimesMax);
    read.set(at, keys);
    return keys;
  };
  for (const { pointer, names } of paths) {
    let at = json;
    for (const name of names) {
      if (typeof at !== 'object' || at === null) break;
      const alike = Array.isArray(at) ? undefined : keysOf(at).get(looseName(name));
      if (alike?.some((key) => key !== name) === true) return pointer;
      at = Object.getOwnPropertyDescriptor(at, name)?.value;
    }
  }
  return undefined;
}

/** Keys by their loose reading, but for those that are too long. */
function loosely(keys: readonly string[], charsMax: number): ReadonlyMap<string, readonly string[]> {
  const alike = new Map<string, string[]>();
  for (const key of keys) {
    if (key.length > charsMax) continue;
    const loose = looseName(key);
    const found = alike.get(loose);
    if (found === undefined) alike.set(loose, [key]);
    else found.push(key);
  }
  return alike;
}

function namesOf(pointer: string): string[] {
  const steps = pointer.split('/').slice(1);
  return steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}
