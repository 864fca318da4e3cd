import { serializeReceipt } from '@farebox/protocol';
import type { Proven } from './verify.js';

/** The receipt of a payment, as fields of a flat list; `Cache-Control: private` comes with it. */
export function receiptFields(proven: Proven, deliveredMs: number): string[] {
  const { challenge, settlement } = proven;
  // The members in the order of JCS, which spares sorting them.
  const core = {
    challengeId: challenge.id,
    method: challenge.method,
    reference: settlement.reference,
    status: 'success',
    timestamp: isoTime(deliveredMs),
  } as const;
  const own = settlement.receiptFields;
  const receipt = serializeReceipt(own === undefined ? core : { ...own, ...core });
  return ['Payment-Receipt', receipt, 'Cache-Control', 'private'];
}

let isoMs = Number.NaN;
let isoText = '';

/** RFC 3339. Many answers share a millisecond, and the text is dear. */
function isoTime(ms: number): string {
  if (ms !== isoMs) {
    isoText = new Date(ms).toISOString();
    isoMs = ms;
  }
  return isoText;
}
