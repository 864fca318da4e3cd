import { type JsonObject, parseTimestamp, type VerifiedChallenge } from '@farebox/protocol';
import type { Address } from '../chain/hex.js';
import type { ConcludeTerms } from './conclude.js';
import { memoMatcher } from './memo.js';
import { findProofFault } from './prove.js';
import { verifyPull } from './pull.js';
import { verifyPush } from './push.js';
import { refusePayment, type TempoVerification } from './refusal.js';
import { parseTempoChargeRequest, type TempoChargeRequest } from './request.js';
import { type SellerContext, unavailable } from './seller-context.js';
import { type PayerSource, payerSource, readPayerSource } from './source.js';
import { expectedTransfers } from './transfers.js';

/** What is known when a credential is verified. */
export interface TempoVerifyContext {
  /** Now, milliseconds since the epoch. */
  readonly nowMs: number;
  /** The credential's `source`: needed for proofs, checked where it is given. */
  readonly source?: string;
}

/** A credential's challenge, read. */
interface Charge {
  readonly request: TempoChargeRequest;
  readonly terms: ConcludeTerms;
  readonly expiresMs: number;
  readonly source: PayerSource | undefined;
}

type Refusal = ReturnType<typeof refusePayment>;

/** Everything here was in a challenge of ours; what differs is another deployment's, or the client's own addition. */
function readCharge(
  challenge: VerifiedChallenge,
  chainId: number,
  accepts: (token: Address) => boolean,
  sourceText: string | undefined,
): Charge | Refusal {
  const parsed = parseTempoChargeRequest(challenge.requestObject);
  if (!parsed.ok)
    return refusePayment('payload-malformed', `The challenge is no tempo charge: ${parsed.detail}`);
  const request = parsed.value;
  if (request.chainId !== chainId) {
    return refusePayment('not-this-chain', `The challenge is for another chain than ${chainId}`);
  }
  if (!accepts(request.currency)) {
    return refusePayment('currency-not-accepted', 'This seller no longer takes the token of the challenge');
  }
  const expiresMs = parseTimestamp(challenge.expires ?? '');
  if (expiresMs === undefined) return refusePayment('payload-malformed', 'The challenge has no end');
  const source = sourceText === undefined ? undefined : readPayerSource(sourceText);
  if (sourceText !== undefined && source?.chainId !== chainId) {
    return refusePayment('source-mismatch', `source must be did:pkh:eip155:${chainId}:<address>`);
  }
  const isBound = memoMatcher({ realm: challenge.realm, challengeId: challenge.id });
  const { currency, amount } = request;
  return {
    request,
    terms: { chainId, currency, amount, expected: expectedTransfers(request), isBound },
    expiresMs,
    source,
  };
}

async function prove(
  context: SellerContext,
  challenge: VerifiedChallenge,
  payload: JsonObject,
  charge: Charge,
): Promise<TempoVerification> {
  const { source, terms } = charge;
  const { chain, chainId } = context;
  if (payload.type !== 'proof') {
    return refusePayment(
      'mode-not-supported',
      'Nothing is to be paid: a payload of the type "proof" is needed',
    );
  }
  if (source === undefined)
    return refusePayment('source-mismatch', 'A proof needs source, the account it proves');
  const subject = { account: source.address, chainId, challengeId: challenge.id, realm: challenge.realm };
  const fault = await findProofFault(chain, payload.signature, subject).catch(unavailable);
  if (fault !== undefined) return fault;
  // There is no transaction to name (draft-tempo-charge-00, "Proof Receipt").
  const paid = { amount: 0n, currency: terms.currency };
  return { ok: true, settlement: { reference: challenge.id, paid, payer: payerSource(source) } };
}

/** The seller's half that verifies credentials, and settles those that carry a signed transaction. */
export function createVerify(context: SellerContext) {
  const { chainId, tokens } = context;

  return async function verify(
    challenge: VerifiedChallenge,
    payload: JsonObject,
    { nowMs, source }: TempoVerifyContext,
  ): Promise<TempoVerification> {
    const charge = readCharge(challenge, chainId, (token) => tokens.has(token), source);
    if ('ok' in charge) return charge;
    if (charge.request.amount === 0n) return prove(context, challenge, payload, charge);
    switch (payload.type) {
      case 'transaction':
        return verifyPull(context, { ...charge, challengeId: challenge.id, nowMs }, payload.signature);
      case 'hash':
        return verifyPush(context, { ...charge, nowMs }, payload.hash);
      case 'proof':
        return refusePayment('mode-not-supported', 'A proof does not pay: this charge has a price');
      default:
        return refusePayment('payload-malformed', 'payload.type must be "transaction", "hash" or "proof"');
    }
  };
}
