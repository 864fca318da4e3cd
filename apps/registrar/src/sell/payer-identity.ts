import { derivedKey, newId, secretHash } from '../identity/secrets.js';
import { findPayer, insertAgent } from '../store/agents.js';
import type { Sql } from '../store/database.js';

/** Who owns what a payment without a key has bought. */
export interface PayerIdentity {
  readonly owner: string;
  readonly made: boolean;
}

/**
 * The agent of a payer: the one that was made of an earlier payment, or a new one, whose key follows from the challenge.
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
  const known = await findPayer(sql, payer);
  if (known !== undefined) return { owner: known.id, made: false };
  const id = newId('agt');
  const keyHash = secretHash(derivedKey(prefix, secret, challengeId));
  if (!(await insertAgent(sql, { id, payer, keyHash, nowMs })))
    throw new Error('An agent of this payment is there already, under another payer.');
  return { owner: id, made: true };
}
