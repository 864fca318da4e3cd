import type { Challenge } from './challenge.js';

/** The parameters of a challenge that its id is computed over. */
export type BoundParameters = Pick<
  Challenge,
  'realm' | 'method' | 'intent' | 'request' | 'expires' | 'digest' | 'opaque'
>;

/**
 * The text that a challenge's id is the HMAC of: seven positional slots joined with `|`, an absent one empty
 * (draft-httpauth-payment-00 §"Recommended: HMAC-SHA256 Binding"). The raw strings of the wire go in unchanged.
 *
 * @throws TypeError when a slot other than the realm holds a `|`: the text could then be read in two ways, and a
 *   genuine id would fit a challenge that was never issued. A challenge or credential that this package has
 *   parsed never holds one.
 *
 * @example
 * ```ts
 * import { bindingInput } from '@farebox/protocol';
 *
 * bindingInput({ realm: 'api.example.com', method: 'lightning', intent: 'charge', request: 'e30' });
 * // 'api.example.com|lightning|charge|e30|||'
 * ```
 */
export function bindingInput(challenge: BoundParameters): string {
  const { realm, method, intent, request, expires = '', digest = '', opaque = '' } = challenge;
  // The realm may hold one: the other six are then still the last six, so the reading stays unique.
  if (
    hasBar(method) ||
    hasBar(intent) ||
    hasBar(request) ||
    hasBar(expires) ||
    hasBar(digest) ||
    hasBar(opaque)
  )
    throw new TypeError('A bound parameter holds "|"; parse the challenge or credential before binding it.');
  return `${realm}|${method}|${intent}|${request}|${expires}|${digest}|${opaque}`;
}

function hasBar(slot: string): boolean {
  return slot.includes('|');
}
