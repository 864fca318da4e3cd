import { type Amount, type Challenge, formatAmount } from '@farebox/protocol';
import { type BuyOptions, type FreeAnswer, type Priced, payRequest, previewRequest } from './buy.js';
import { activePayments, type WalletContext } from './context.js';
import { WalletError } from './errors.js';
import type { Journal, JournalEntry } from './journal.js';
import {
  answerIdleMs,
  answerUnreadMs,
  defaultLimits,
  type PaymentLimits,
  paidAnswerTimeoutMs,
  payTimeoutMs,
  unpaidAnswerTimeoutMs,
  type WalletTimeouts,
} from './limits.js';
import { createMethodBook, type MethodSource, methodName } from './methods.js';
import type { Approver } from './policy/approval.js';
import { type Policy, policyLimits } from './policy/policy.js';
import type { Delivered } from './present.js';
import { type ChosenQuote, findObjection, inspect, inspectWith, type Quote } from './quote.js';
import type { PayableRequest } from './request.js';
import { type ResumeOptions, type ResumeResult, resumeEntry } from './resume.js';
import { type ResumeAllOptions, type ResumeReport, resumeAll } from './resume-all.js';
import { type PaidEntry, payQuote } from './settle.js';

/** What a wallet is made of. */
export interface WalletOptions {
  /** How it can pay, in order of preference. The wallet imports no payment method. */
  readonly methods: readonly MethodSource[];
  readonly journal: Journal;
  /** Limits of one payment when a call gives none. Default {@link defaultLimits}. */
  readonly limits?: Partial<PaymentLimits>;
  /**
   * What may be spent at all, over all processes that share the journal. Limits of a call, and those of `limits`, can then
   * only allow less.
   */
  readonly policy?: Policy | undefined;
  /** Asks somebody where the policy wants it. Without it, the answer is no. */
  readonly approve?: Approver | undefined;
  readonly timeouts?: WalletTimeouts;
  readonly fetch?: typeof globalThis.fetch;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** Writes amounts for people. Default `1 sat`, and base units with a token's address. */
  readonly showAmount?: (amount: Amount) => string;
  /** Asks and pays over plain http to any machine. What is sent, the credential among it, can then be read and used on the way. Default false. */
  readonly allowInsecure?: boolean;
}

/** Buys HTTP resources: never twice, never above the limit. */
export interface Wallet {
  /** Asks without paying, and says what it would cost. Throws {@link WalletError}; nothing is ever spent. */
  preview(request: PayableRequest, options?: BuyOptions): Promise<FreeAnswer | Priced>;
  /**
   * Asks; on 402 pays at most once, within the limits, and presents the proof. Resolves with a free answer of any
   * status or with the paid 2xx; throws {@link WalletError} for everything else, whose `outcome` and `retry` say where
   * the money is.
   */
  pay(request: PayableRequest, options?: BuyOptions): Promise<FreeAnswer | Delivered>;
  /**
   * What a challenge would cost. Throws {@link WalletError} when it must not be paid by any limit, and when its method
   * has not been loaded.
   */
  quote(challenge: Challenge): Quote;
  /** Pays a challenge and stops before presenting: the proof is in the entry. For people who replay by hand. */
  payChallenge(challenge: Challenge, limits?: Partial<PaymentLimits>): Promise<PaidEntry>;
  /** Finishes one interrupted payment. Never pays. Throws {@link WalletError}. */
  resume(id: string, options?: ResumeOptions): Promise<ResumeResult>;
  /**
   * Finishes all that can be finished, oldest first; read each answer before asking for the next. Never pays. Secret headers
   * are refused where they would go to more than one origin.
   */
  resumeAll(options?: ResumeAllOptions): AsyncGenerator<ResumeReport>;
}

/**
 * Makes a wallet from payment methods and a journal.
 *
 * @example
 * ```ts
 * import type { BuyerMethod } from '@farebox/protocol';
 * import { createWallet, readAll } from '@farebox/wallet';
 * import { openJournal } from '@farebox/wallet/journal-sqlite';
 *
 * export async function buy(lightning: BuyerMethod): Promise<Uint8Array | undefined> {
 *   const wallet = createWallet({ methods: [lightning], journal: openJournal({ path: 'journal.db' }) });
 *   const result = await wallet.pay(
 *     { url: 'https://api.example.com/v1/bitcoin/price' },
 *     { max: { amount: 5n, currency: 'sat' } },
 *   );
 *   return readAll(result.answer, 1_000_000);
 * }
 * ```
 */
export function createWallet(options: WalletOptions): Wallet {
  const { journal, policy } = options;
  const methods = createMethodBook(options.methods);
  const context: WalletContext = {
    methods,
    journal,
    limits: { ...(policy ? policyLimits(policy) : defaultLimits), ...options.limits },
    policy,
    approve: options.approve,
    showAmount: options.showAmount ?? formatAmount,
    // Browsers' fetch wants to be called on nothing.
    fetch: options.fetch ?? ((...args) => globalThis.fetch(...args)),
    now: options.now ?? Date.now,
    allowInsecure: options.allowInsecure ?? false,
    timeouts: {
      unpaidAnswerMs: unpaidAnswerTimeoutMs,
      paidAnswerMs: paidAnswerTimeoutMs,
      answerIdleMs,
      answerUnreadMs,
      payMs: payTimeoutMs,
      ...options.timeouts,
    },
    active: activePayments,
  };
  const requireQuote = (challenge: Challenge, found: ChosenQuote | WalletError | undefined): ChosenQuote => {
    if (found instanceof WalletError) throw found;
    if (found) return found;
    throw new WalletError('no_payable_challenge', `This wallet cannot pay ${methodName(challenge)}.`);
  };
  return {
    preview: (request, buyOptions = {}) => previewRequest(context, request, buyOptions),
    pay: (request, buyOptions = {}) => payRequest(context, request, buyOptions),
    quote: (challenge) => {
      const method = methods.loaded(challenge);
      const { inspection } = requireQuote(challenge, method && inspectWith(context, method, challenge));
      return { challenge, inspection };
    },
    async payChallenge(challenge, given = {}) {
      const limits = { ...context.limits, ...given };
      const chosen = requireQuote(challenge, await inspect(context, challenge));
      const objection = await findObjection(context, chosen, limits, undefined);
      if (objection) throw objection;
      const paid = await payQuote(context, chosen, limits);
      // The caller presents it, or nobody does.
      context.active.take(paid.id)();
      return paid;
    },
    resume: async (id, resumeOptions) => resumeEntry(context, findEntry(journal, id), resumeOptions),
    resumeAll: (resumeOptions) => resumeAll(context, resumeOptions),
  };
}

function findEntry(journal: Journal, id: string): JournalEntry {
  const entry = journal.find(id);
  if (entry) return entry;
  throw new WalletError(
    'payment_not_found',
    'There is no such payment in the journal; list them with: farebox pay history',
  );
}
