/**
 * What every parser of this package returns. Parsers never throw: on the hot path an exception costs more than
 * the whole verification, and bad input is ordinary.
 *
 * `code` is stable and meant for programs; `detail` is one sentence for people and never contains the input.
 *
 * @example
 * ```ts
 * import { parseCredential } from '@farebox/protocol';
 *
 * const result = parseCredential('Payment e30');
 * console.log(result.ok ? result.value.challenge.id : `${result.code}: ${result.detail}`);
 * ```
 */
export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly code: string; readonly detail: string };

/** Makes the refusing half of a {@link Result}. */
export function refuse(
  code: string,
  detail: string,
): { readonly ok: false; readonly code: string; readonly detail: string } {
  return { ok: false, code, detail };
}
