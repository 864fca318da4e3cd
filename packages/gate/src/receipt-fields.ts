import { canonicalize, encodeBase64url, serializeReceipt } from '@farebox/protocol';
import type { Proven } from './verify.js';

/** The receipt of a payment, as fields of a flat list; `Cache-Control: private` comes with it. */
export function receiptFields(proven: Proven, deliveredMs: number): string[] {
  return ['Payment-Receipt', receiptOf(proven, deliveredMs), 'Cache-Control', 'private'];
}

function receiptOf({ challenge, settlement }: Proven, deliveredMs: number): string {
  const { method, id: challengeId } = challenge;
  const { reference, receiptFields: own } = settlement;
  const timestamp = isoTime(deliveredMs);
  if (own !== undefined)
    return serializeReceipt({ ...own, challengeId, method, reference, status: 'success', timestamp });
  // What serializeReceipt writes of these members, for less than half; an id is base64url and needs no escaping.
  return encodeBase64url(
    `{"challengeId":"${challengeId}","method":${canonicalize(method)},"reference":${canonicalize(reference)},"status":"success","timestamp":"${timestamp}"}`,
  );
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
