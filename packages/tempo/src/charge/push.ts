import { MethodUnavailable } from '@farebox/protocol';
import type { TempoChain } from '../chain/chain.js';
import { readWord } from '../chain/hex.js';
import { type ConcludeTerms, concludeReceipt } from './conclude.js';
import { refusePayment, type TempoVerification } from './refusal.js';
import type { TempoChargeRequest } from './request.js';
import { unavailable } from './seller-context.js';
import type { PayerSource } from './source.js';

/** A `hash` credential whose challenge is ours. */
export interface PushCharge {
  readonly request: TempoChargeRequest;
  readonly terms: ConcludeTerms;
  readonly source: PayerSource | undefined;
}

/**
 * Verifies a `hash` credential (draft-tempo-charge-00, "Hash Verification"): the client has broadcast the transaction
 * itself. What ties it to this challenge is the memo in its event, and nothing else.
 *
 * Two calls of the node. The chain id is asked for each time: the same token lives at the same address of the test
 * network, where a payment costs nothing.
 *
 * @throws MethodUnavailable when the node cannot be asked, or belongs to another chain.
 */
export async function verifyPush(
  chain: TempoChain,
  charge: PushCharge,
  hashText: unknown,
): Promise<TempoVerification> {
  const { request, terms } = charge;
  // The client has paid its own fee already, so a charge with a fee payer was never meant for this.
  if (request.feePayer || !request.supportedModes.includes('push')) {
    return refusePayment(
      'mode-not-supported',
      'This charge takes signed transactions only, no transaction hashes',
    );
  }
  const hash = readWord(hashText);
  if (hash === undefined)
    return refusePayment('payload-malformed', 'payload.hash must be 32 bytes in hex with 0x');
  const [receipt, chainId] = await Promise.all([chain.receipt(hash), chain.chainId()]).catch(unavailable);
  if (chainId !== terms.chainId) {
    throw new MethodUnavailable(
      `The Tempo node belongs to chain ${chainId}, not ${terms.chainId}; connect another`,
    );
  }
  if (receipt === undefined) {
    return refusePayment(
      'not-mined',
      'No block has a transaction of this hash; once one has, present the same credential again',
    );
  }
  if (receipt.transactionHash !== hash) {
    throw new MethodUnavailable('The Tempo node answered with the receipt of another transaction');
  }
  if (charge.source !== undefined && charge.source.address !== receipt.from) {
    return refusePayment('source-mismatch', 'The transaction was not sent by the account that source names');
  }
  return concludeReceipt(receipt, terms);
}
