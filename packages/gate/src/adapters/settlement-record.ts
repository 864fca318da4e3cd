import { createHash } from 'node:crypto';
import { canonicalize, type JsonObject, parseJsonObject } from '@farebox/protocol';

/** What an mppx method's receipt says that is of use to us. */
export interface SettledPayment {
  readonly reference: string;
  readonly fields: Readonly<Record<string, string>>;
}

/**
 * What is remembered of a challenge whose credential was given to a method to settle.
 *
 * sent     the method was asked, and nothing is known of the end of it
 * settled  it was paid
 */
export type SettlementRecord =
  | { readonly state: 'sent'; readonly proof: string }
  | { readonly state: 'settled'; readonly proof: string; readonly payment: SettledPayment };

/** What tells proofs apart, and says nothing about them: they are secrets. */
export function proofDigest(payload: JsonObject): string {
  return createHash('sha256').update('farebox mppx proof\n').update(canonicalize(payload)).digest('hex');
}

/** A record as text. */
export function writeRecord(record: SettlementRecord): string {
  return JSON.stringify(record);
}

/** A record's text again. What cannot be read was cut off by a crash: something may have been sent, with what proof is not known. */
export function readRecord(text: string): SettlementRecord {
  const { state, proof, payment } = parseJsonObject(text) ?? {};
  const known = typeof proof === 'string' ? proof : '';
  if (state !== 'settled' || typeof payment !== 'object' || payment === null || Array.isArray(payment))
    return { state: 'sent', proof: known };
  const { reference, fields } = payment;
  if (typeof reference !== 'string') return { state: 'sent', proof: known };
  const members = typeof fields === 'object' && fields !== null ? Object.entries(fields) : [];
  const texts = members.filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return { state: 'settled', proof: known, payment: { reference, fields: Object.fromEntries(texts) } };
}
