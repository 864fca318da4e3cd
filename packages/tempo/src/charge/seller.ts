import type { JsonObject, SellerMethod, Settlement, VerifiedChallenge } from '@farebox/protocol';
import { type ChainTimeouts, tempoChain } from '../chain/chain.js';
import type { TempoRpc } from '../chain/rpc.js';
import { createSponsor, type SponsorOptions } from '../sponsor/sponsor.js';
import { createAttempts } from './attempts.js';
import { createHandedOver } from './handed-over.js';
import type { SettlePatience } from './patience.js';
import { createQuote } from './quote.js';
import type { TempoVerification } from './refusal.js';
import type { SellerContext } from './seller-context.js';
import { createSettledMs } from './settled-time.js';
import { checkTokens, type TokenTerms } from './terms.js';
import { createVerify, type TempoVerifyContext } from './verify.js';

/** What a seller's `tempo` charge needs. */
export interface TempoSellerOptions {
  /** The node. Needs no right to anything but what everybody may ask. */
  readonly rpc: TempoRpc;
  /** The chain that is sold on: 4217 is Tempo's main network. Named in every challenge and checked in every payment. */
  readonly chainId: number;
  /** By the token's address: what an offer's `price.currency` may be, and who is paid then. */
  readonly tokens: Readonly<Record<string, TokenTerms>>;
  /** Also take hashes of transactions that the client has sent itself. Never together with sponsorship. */
  readonly push?: boolean;
  /** Pay the fees of tokens whose terms say `sponsored`. */
  readonly sponsor?: SponsorOptions;
  readonly timeouts?: ChainTimeouts;
  readonly patience?: SettlePatience;
}

/** The `tempo` charge for sellers: a {@link SellerMethod} whose refusals have codes. */
export interface TempoSeller extends SellerMethod {
  verify(
    challenge: VerifiedChallenge,
    payload: JsonObject,
    context: TempoVerifyContext,
  ): Promise<TempoVerification>;
  /** When a payment was made, by the chain's clock. */
  settledMs(settlement: Settlement): Promise<number | undefined>;
}

/**
 * The `tempo` charge, for sellers (draft-tempo-charge-00): TIP-20 transfers that the client signs and this seller
 * broadcasts ("pull"), with one call of the node in the normal case; zero-amount proofs; splits; on request also
 * "push", and fees paid for the buyer.
 *
 * Where the draft lags the deployed code, the code is followed: the memo that names the challenge is mandatory, and
 * proofs are of version "3".
 *
 * A payer's fault is a refusal with a code, never an error. `verify` moves money and may be called again with the same
 * credential, also after a restart: the chain takes a transaction once, and the answer is the same. It rejects with
 * `MethodUnavailable` when the node is in trouble or the outcome is not known; then the same credential stays good.
 *
 * @throws TypeError from here for a configuration that cannot work.
 *
 * @example
 * ```ts
 * import { createTempoSeller, httpRpc } from '@farebox/tempo';
 * export const tempo = createTempoSeller({
 *   rpc: httpRpc({ url: 'http://127.0.0.1:8545' }),
 *   chainId: 4217,
 *   tokens: {
 *     '0x20c0000000000000000000000000000000000000': { recipient: '0x742d35Cc6634C0532925a3b844Bc9e7595f8fE00' },
 *   },
 * });
 * ```
 */
export function createTempoSeller(options: TempoSellerOptions): TempoSeller {
  const { chainId, patience = {}, push = false } = options;
  if (!Number.isSafeInteger(chainId) || chainId < 1) {
    throw new TypeError('The chain id must be a positive whole number');
  }
  const tokens = checkTokens(options.tokens);
  if (options.sponsor === undefined && [...tokens.values()].some((terms) => terms.sponsored)) {
    throw new TypeError(
      'A token is to be sponsored, but there is no fee payer; add one, or take `sponsored` away',
    );
  }
  const chain = tempoChain(options.rpc, options.timeouts);
  const sponsor = options.sponsor && createSponsor(chain, options.sponsor);
  const context: SellerContext = {
    chain,
    chainId,
    tokens,
    push,
    sponsor,
    attempts: createAttempts(),
    handedOver: createHandedOver(),
    patience,
  };
  return {
    method: 'tempo',
    intent: 'charge',
    settlesOnVerify: true,
    quote: createQuote(context),
    verify: createVerify(context),
    settledMs: createSettledMs(context),
  };
}
