/** How a place in a JSON text is written (RFC 6901): empty for all of it, or `/data/rates/0`. */
export const JSON_POINTER_PATTERN = /^(?:\/(?:[^~/]|~[01])*)*$/;

/**
 * The value at a place in a parsed JSON text. Looks at own members only, so that no pointer finds what no text contains.
 *
 * @returns undefined when there is none
 */
export function valueAt(json: unknown, pointer: string): unknown {
  let at = json;
  for (const step of pointer.split('/').slice(1)) {
    if (typeof at !== 'object' || at === null) return undefined;
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
    at = Object.getOwnPropertyDescriptor(at, name)?.value;
  }
  return at;
}
