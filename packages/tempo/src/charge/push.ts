import { MethodUnavailable } from '@farebox/protocol';
import { readWord } from '../chain/hex.js';
import { type ConcludeTerms, concludeReceipt } from './conclude.js';
import { lookPatiently } from './patience.js';
import { refusePayment, type TempoVerification } from './refusal.js';
import type { TempoChargeRequest } from './request.js';
import { type SellerContext, unavailable } from './seller-context.js';
import type { PayerSource } from './source.js';

/** A `hash` credential whose challenge is ours. */
export interface PushCharge {
  readonly request: TempoChargeRequest;
  readonly terms: ConcludeTerms;
  readonly source: PayerSource | undefined;
  readonly expiresMs: number;
  readonly nowMs: number;
}

/** A credential that comes after its challenge's end is judged as of the last millisecond of it. */
const endMarginMs = 1_000;

/**
 * Verifies a `hash` credential (draft-tempo-charge-00, "Hash Verification"): the client has broadcast the transaction
 * itself. What ties it to this challenge is the memo in its event, and nothing else.
 *
 * Two calls of the node, and where no block has it yet, one more for each further look. The chain id is asked for each
 * time: the same token lives at the same address of the test network, where a payment costs nothing.
 *
 * @throws MethodUnavailable when the node cannot be asked or belongs to another chain, and while no block has the
 * transaction.
 */
export async function verifyPush(
  { chain, patience }: Pick<SellerContext, 'chain' | 'patience'>,
  charge: PushCharge,
  hashText: unknown,
): Promise<TempoVerification> {
  const { request, terms, nowMs } = charge;
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
  const looking = lookPatiently(() => chain.receipt(hash), patience);
  const [receipt, chainId] = await Promise.all([looking, chain.chainId()]).catch(unavailable);
  if (chainId !== terms.chainId) {
    throw new MethodUnavailable(
      `The Tempo node belongs to chain ${chainId}, not ${terms.chainId}; connect another`,
    );
  }
  if (receipt === undefined) {
    // Not a refusal while the challenge lives: deployed clients answer each 402 with another payment, and the node may
    // only lag behind the one that mined this.
    if (nowMs < charge.expiresMs - endMarginMs) {
      throw new MethodUnavailable(
        'No block has a transaction of this hash yet; present the same credential again, do not pay again',
      );
    }
    return refusePayment(
      'not-mined',
      'No block has a transaction of this hash, and the challenge is over; look for the transaction before you pay again',
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
