import type { JsonObject } from '@farebox/protocol';
import { textOf, wholeOf } from '../http/fields.js';

/** In messages. */
export const clnName = 'Core Lightning';

/** Amounts are numbers; before 23.08 they were texts that end in `msat`. */
export function msatOf(object: JsonObject, key: string): bigint | undefined {
  const text = /^(\d{1,19})msat$/.exec(textOf(object, key) ?? '')?.[1];
  return text === undefined ? wholeOf(object, key) : BigInt(text);
}
