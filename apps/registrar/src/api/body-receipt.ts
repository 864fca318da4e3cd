import { isPaymentCredential } from '@farebox/protocol';

/** An order as the gate has to see it. */
export interface PresentedOrder {
  /** The bytes that the challenge was bound to. */
  readonly bytes: Uint8Array;
  readonly credentials: readonly string[];
}

/** The member that older clients put their credential into; base64url needs no escaping. */
const receiptMember = /,\s*"receipt"\s*:\s*"(?:Payment )?([A-Za-z0-9_-]{1,16000}={0,2})"/;

/**
 * Takes a credential out of the body's `receipt`, where an older client has put it (R10). What is left are the bytes that were
 * challenged, if the member was added to the very same JSON; otherwise the gate finds that they are not. A credential in the
 * header counts alone.
 */
export function takeReceipt(bytes: Uint8Array, authorizations: readonly string[]): PresentedOrder {
  const inHeader = { bytes, credentials: authorizations };
  if (authorizations.some(isPaymentCredential)) return inHeader;
  const text = new TextDecoder().decode(bytes);
  const [member, credential] = receiptMember.exec(text) ?? [];
  if (member === undefined) return inHeader;
  const left = new TextEncoder().encode(text.replace(member, ''));
  return { bytes: left, credentials: [...authorizations, `Payment ${credential}`] };
}
