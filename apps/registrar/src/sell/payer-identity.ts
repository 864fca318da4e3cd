import { derivedClaimCode, derivedKey, newId, secretHash } from '../identity/secrets.js';
import { findPayer, insertAgent, rekeyAgent } from '../store/agents.js';
import type { Sql } from '../store/database.js';

/** Who owns what a payment without a key has bought. */
export interface PayerIdentity {
  readonly owner: string;
  /** A key was made for it now. */
  readonly made: boolean;
}

/**
 * The agent of a payer: the one that was made of an earlier payment, or a new one, whose key and claim code follow from the
 * challenge. Where the key was taken back, whoever pays from the account gets another. A key that is good is left alone: an
 * account may be paid from with a key that is bounded, and its names are not.
 *
 * @param payer the payer's name, or where the method knows none, the payment's
 */
export async function payerIdentity(
  sql: Sql,
  payer: string,
  challengeId: string,
  secret: string,
  prefix: string,
  nowMs: number,
): Promise<PayerIdentity> {
  const hashes = {
    keyHash: secretHash(derivedKey(prefix, secret, challengeId)),
    claimHash: secretHash(derivedClaimCode(secret, challengeId)),
  };
  const known = await findPayer(sql, payer);
  if (known !== undefined) return { owner: known.id, made: await rekeyAgent(sql, known.id, hashes) };
  const id = newId('agt');
  if (!(await insertAgent(sql, { id, payer, ...hashes, nowMs })))
    throw new Error('An agent of this payment is there already, under another payer.');
  return { owner: id, made: true };
}
