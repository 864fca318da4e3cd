import type { Settlement, VerificationRefusal } from '@farebox/protocol';

/** Why a payment was refused: stable, for programs. Each is the payer's to mend, and none has used anything up. */
export type TempoRefusalCode =
  // The credential.
  | 'payload-malformed'
  | 'transaction-malformed'
  | 'source-mismatch'
  | 'mode-not-supported'
  | 'not-this-chain'
  | 'currency-not-accepted'
  // What was signed.
  | 'calls-mismatch'
  | 'memo-not-bound'
  | 'signature-invalid'
  | 'validity-window'
  | 'expired-signature'
  | 'sponsorship-mismatch'
  | 'sponsorship-refused'
  // Another transaction for the same challenge.
  | 'challenge-in-flight'
  | 'challenge-settled'
  // What the chain said.
  | 'key-not-registered'
  | 'key-expired'
  | 'key-revoked'
  | 'key-already-registered'
  | 'key-invalid'
  | 'key-scope'
  | 'spending-limit'
  | 'insufficient-funds'
  | 'fee-token'
  | 'fee-too-low'
  | 'gas-too-low'
  | 'nonce-used'
  | 'nonce-gap'
  | 'token-policy'
  | 'refused-by-chain'
  | 'reverted'
  | 'not-mined'
  | 'payment-not-shown';

/** A refusal with its code; the `detail` begins with the words that clients of the deployed servers know. */
export interface TempoRefusal extends VerificationRefusal {
  readonly code: TempoRefusalCode;
}

/** What verifying a tempo credential gives. */
export type TempoVerification =
  | { readonly ok: true; readonly settlement: Settlement }
  | { readonly ok: false; readonly refusal: TempoRefusal };

const malformedCodes: ReadonlySet<TempoRefusalCode> = new Set(['payload-malformed', 'transaction-malformed']);
const expiredCodes: ReadonlySet<TempoRefusalCode> = new Set(['expired-signature']);

/**
 * Makes a refusal. `why` is one sentence without its full stop, and never holds the proof.
 */
export function refusePayment(code: TempoRefusalCode, why: string): { ok: false; refusal: TempoRefusal } {
  const malformed = malformedCodes.has(code);
  const lead = malformed ? 'Invalid payment authorization' : 'Payment authorization did not verify';
  const reason = malformed ? 'malformed' : expiredCodes.has(code) ? 'expired' : 'invalid-proof';
  return { ok: false, refusal: { code, reason, detail: `${lead} (${code}): ${why}` } };
}
