import type { Amount } from '@farebox/protocol';
import { ActivePayments } from './active-payments.js';
import type { Journal } from './journal.js';
import type { PaymentLimits, WalletTimeouts } from './limits.js';
import type { MethodBook } from './methods.js';
import type { Approver } from './policy/approval.js';
import type { Policy } from './policy/policy.js';

/** What every step of a wallet works with. */
export interface WalletContext {
  readonly methods: MethodBook;
  readonly journal: Journal;
  readonly limits: PaymentLimits;
  /** What may be spent at all; without it, only the limits of each call count. */
  readonly policy: Policy | undefined;
  /** Asks somebody before a large payment; without it, the answer is no. */
  readonly approve: Approver | undefined;
  /** An amount for people: `1 sat`. */
  readonly showAmount: (amount: Amount) => string;
  readonly fetch: typeof globalThis.fetch;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly allowInsecure: boolean;
  readonly timeouts: Required<WalletTimeouts>;
  /** Payments that this process is working on, whichever of its wallets does. */
  readonly active: ActivePayments;
}

/** Shared by all wallets of one process. */
export const activePayments = new ActivePayments();
