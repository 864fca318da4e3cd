import { isPaymentCredential } from '@farebox/protocol';

/** An order as the gate has to see it. */
export interface PresentedOrder {
  /** The bytes that the challenge was bound to. */
  readonly bytes: Uint8Array;
  readonly credentials: readonly string[];
}

/** The member that older clients put their credential into; base64url needs no escaping. */
const member = String.raw`"receipt"\s*:\s*"(?:Payment )?([A-Za-z0-9_-]{1,16000}={0,2})"`;
/** With the comma that joins it to the others: before it, or behind it where it comes first. */
const [laterMember, firstMember] = [
  new RegExp(String.raw`,\s*${member}`),
  new RegExp(String.raw`(?<=^\s*\{)\s*${member}\s*,\s*`),
];

/**
 * Takes a credential out of the body's `receipt`, where an older client has put it (R10). What is left are the bytes that were
 * challenged, if the member was added to the very same JSON; otherwise the gate finds that they are not. A credential in the
 * header counts alone.
 */
export function takeReceipt(bytes: Uint8Array, authorizations: readonly string[]): PresentedOrder {
  const inHeader = { bytes, credentials: authorizations };
  if (authorizations.some(isPaymentCredential)) return inHeader;
  const text = new TextDecoder().decode(bytes);
  const [found, credential] = firstMember.exec(text) ?? laterMember.exec(text) ?? [];
  if (found === undefined) return inHeader;
  const left = new TextEncoder().encode(text.replace(found, ''));
  return { bytes: left, credentials: [...authorizations, `Payment ${credential}`] };
}
