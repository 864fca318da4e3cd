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

/** True when a reader that takes `Model` for `model` could find another value there, or one where there is none. */
export function hasLookalike(json: unknown, pointer: string): boolean {
  let at = json;
  for (const name of namesOf(pointer)) {
    if (typeof at !== 'object' || at === null) return false;
    const loose = looseName(name);
    if (!Array.isArray(at) && Object.keys(at).some((key) => key !== name && looseName(key) === loose))
      return true;
    at = Object.getOwnPropertyDescriptor(at, name)?.value;
  }
  return false;
}

function namesOf(pointer: string): string[] {
  const steps = pointer.split('/').slice(1);
  return steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}
