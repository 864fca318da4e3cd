import { MethodUnavailable } from '@farebox/protocol';
import { readSnapshot } from '../accounts/snapshot.js';
import { worstFee } from '../accounts/transaction.js';
import type { TempoChain } from '../chain/chain.js';
import type { Address, Hex } from '../chain/hex.js';
import type { TempoReceipt } from '../chain/receipt.js';
import type { TempoRefusalCode } from '../charge/refusal.js';
import { feePayerDigest, type SignedTransaction, withFeePayer } from '../transaction/decode.js';
import type { Signer } from '../transaction/signature.js';
import { type BudgetLimits, createSponsorBudget, type SponsorBudget } from './budget.js';
import type { FeePayer } from './fee-payer.js';
import { findPayerFault, findShapeFault, type SponsorRules } from './guards.js';
import { createSponsoredPayers } from './payers.js';

/** What a seller who pays the buyers' fees decides. */
export interface SponsorOptions {
  readonly feePayer: FeePayer;
  /** The USD token that fees are paid in. Not to be changed while transactions are on their way. */
  readonly feeToken: Address;
  /**
   * The most that all sponsored transactions together may cost. As limits it is kept in memory, and a restart begins with
   * an unspent one; a {@link SponsorBudget} may outlive the process and be shared with others.
   */
  readonly budget: BudgetLimits | SponsorBudget;
  /** The most that one may cost, base units of the fee token; default 0.05 USD. */
  readonly feeMax?: bigint;
  /** Most gas of one; default 2 million. */
  readonly gasMax?: bigint;
  /** How long a payer is not sponsored after a transaction of theirs has reverted, milliseconds; default 10 minutes. */
  readonly restAfterRevertMs?: number;
}

/** Base units of the fee token that one transaction may cost when nothing else is said: 0.05 USD. */
export const sponsoredFeeMax = 50_000n;
/** Gas that one sponsored transaction may have when nothing else is said. */
export const sponsoredGasMax = 2_000_000n;
/** How long a payer rests after a revert when nothing else is said, milliseconds. */
export const restAfterRevertMs = 600_000;
/** How long the fee payer's balance is believed, milliseconds. */
const balanceLifeMs = 30_000;

/** A sponsored transaction: complete, not yet sent. */
export interface SponsoredTransaction {
  readonly canonical: Hex;
  readonly hash: Hex;
}

/** Why a transaction is not sponsored, in one sentence without its full stop. */
export type SponsorFault = { readonly code: TempoRefusalCode; readonly why: string };

/** Pays the fees of others, within bounds. */
export interface Sponsor {
  /** Whether sponsorship can be promised now: there is budget, and the fee payer holds enough. */
  canPromise(nowMs: number): Promise<boolean>;
  /** What can be seen in the transaction itself and is never sponsored. Asks nobody. */
  judge(transaction: SignedTransaction, signer: Signer, nowMs: number): SponsorFault | undefined;
  /** Adds the fee payer's signature. Costs nothing until it is sent. */
  complete(transaction: SignedTransaction, signer: Signer): Promise<SponsoredTransaction>;
  /**
   * Checks everything else that could make the sponsor pay for nothing, then sets the worst fee aside. To be called right
   * before sending, and {@link Sponsor.conclude} once the outcome is known.
   *
   * @returns Why not, or undefined.
   * @throws MethodUnavailable when the budget is used up; TempoRpcError.
   */
  admit(request: SponsorRequest): Promise<SponsorFault | undefined>;
  /** What came of it: the receipt, or undefined when it was not mined and will not be. Never rejects. */
  conclude(request: SponsorRequest, receipt: TempoReceipt | undefined): Promise<void>;
  /** It is no longer on its way, or not known to be. */
  leave(request: SponsorRequest): void;
}

/** One transaction to be sponsored. */
export interface SponsorRequest {
  readonly transaction: SignedTransaction;
  readonly sponsored: SponsoredTransaction;
  readonly signer: Signer;
  readonly currency: Address;
  /** All that the payer pays, base units of the currency. */
  readonly amount: bigint;
  readonly nowMs: number;
}

/** What the fee payer holds, base units; asked for again when that is old. */
function createPurse(chain: TempoChain, token: Address, holder: Address): (nowMs: number) => Promise<bigint> {
  let balance: { readonly amount: bigint; readonly readMs: number } | undefined;
  return async (nowMs) => {
    if (balance === undefined || nowMs >= balance.readMs + balanceLifeMs) {
      const { balances } = await readSnapshot(chain, { balances: [{ token, holder }] });
      balance = { amount: balances[0] ?? 0n, readMs: nowMs };
    }
    return balance.amount;
  };
}

/** Makes a sponsor. Who rests after a revert, and what is on its way, is known to this process only. */
export function createSponsor(chain: TempoChain, options: SponsorOptions): Sponsor {
  const { feePayer, feeToken } = options;
  const rules: SponsorRules = {
    feePayer: feePayer.address,
    feeMax: options.feeMax ?? sponsoredFeeMax,
    gasMax: options.gasMax ?? sponsoredGasMax,
  };
  const budget = 'reserve' in options.budget ? options.budget : createSponsorBudget(options.budget);
  const payers = createSponsoredPayers(options.restAfterRevertMs ?? restAfterRevertMs);
  const leaving = new Map<Hex, () => void>();
  const purse = createPurse(chain, feeToken, feePayer.address);

  return {
    async canPromise(nowMs) {
      const left = await asked(() => budget.remaining(nowMs));
      return left >= rules.feeMax && (await purse(nowMs)) >= rules.feeMax;
    },

    judge: (transaction, signer, nowMs) => findShapeFault(transaction, signer, rules, nowMs),

    async complete(transaction, signer) {
      const signature = await feePayer.sign(feePayerDigest(transaction, signer.account, feeToken));
      return withFeePayer(transaction, feeToken, signature);
    },

    async admit(request) {
      const { transaction, sponsored, signer, currency, amount, nowMs } = request;
      const restingUntil = payers.restingUntil(signer.account, nowMs);
      if (restingUntil !== undefined) {
        return {
          code: 'sponsorship-refused',
          why: `An earlier transaction of this account reverted at the seller's cost; it is not sponsored again before ${new Date(restingUntil).toISOString()}`,
        };
      }
      // What is on its way counts before the chain is asked: several at once must not share one balance.
      const already = payers.inFlight(signer.account, currency);
      leaving.set(sponsored.hash, payers.enter(signer.account, currency, amount));
      const payer = await findPayerFault(chain, request, already);
      if (payer !== undefined) return payer;
      // Last, when nothing else stands against it, and before it is sent: the worst fee is out of the budget from here
      // until it is known, whatever becomes of this process.
      const worst = worstFee(transaction.gas, transaction.maxFeePerGas);
      if (!(await asked(() => budget.reserve(sponsored.hash, worst, nowMs)))) {
        throw new MethodUnavailable(
          'The budget for fees is used up; present the same credential again later',
        );
      }
      return undefined;
    },

    async conclude({ sponsored, signer, nowMs }, receipt) {
      if (receipt !== undefined && !receipt.succeeded) payers.reverted(signer.account, nowMs);
      const fee = receipt === undefined ? 0n : worstFee(receipt.feeAttodollars, 1n);
      try {
        await budget.conclude(sponsored.hash, fee, nowMs);
      } catch {
        // The money has moved, or has not: that is the answer. What cannot be recorded stays set aside in full.
      }
    },

    leave({ sponsored }) {
      leaving.get(sponsored.hash)?.();
      leaving.delete(sponsored.hash);
    },
  };
}

/** A budget that cannot say anything pays for nothing. */
async function asked<T>(question: () => T | Promise<T>): Promise<T> {
  try {
    return await question();
  } catch (cause) {
    throw new MethodUnavailable(
      'What the fee payer may still spend cannot be read or recorded; present the same credential again later',
      { cause },
    );
  }
}
