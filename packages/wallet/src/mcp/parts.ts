import type { Amount } from '@farebox/protocol';
import type { CatalogueService } from '../catalogue/read-catalogue.js';
import type { Journal } from '../journal.js';
import type { PaymentLimits } from '../limits.js';
import type { Wallet } from '../wallet.js';
import type { AnswerShelf } from './answer-shelf.js';

/** What can be spent in one currency. */
export interface McpBalance {
  readonly method: string;
  /** Undefined where the method cannot say. */
  readonly balance: Amount | undefined;
  /** Why nothing is known, as one sentence. */
  readonly missing: string | undefined;
}

/** One limit of the policy and what is left of it. */
export interface McpBudget {
  /** What the limit is for, as the policy names it: `limits.payment`, `limits.day`, `hosts[api.example.com].day`. */
  readonly scope: string;
  readonly limit: Amount;
  /** Spent within the window, and held for payments that are not finished; undefined for a limit of one payment. */
  readonly spent: Amount | undefined;
}

/** What a call wants a wallet for: to ask only, to pay, or to finish what was paid for already, which pays nothing. */
export type McpPurpose = 'ask' | 'pay' | 'finish';

/**
 * What the server is made of. Limits, policy and approval are the wallet's own: no tool can raise, change or answer
 * them.
 */
export interface McpParts {
  readonly version: string;
  /**
   * Opens the wallet for a purpose. Called for every tool call, so that a wallet which could not be opened (no node yet)
   * can be opened later; keeps what it has opened.
   */
  readonly open: (purpose: McpPurpose) => Promise<{ readonly wallet: Wallet; readonly journal: Journal }>;
  /** The most that a call may ask for, beside the wallet's policy. A tool's own limits can only be lower. */
  readonly ceiling: Partial<PaymentLimits>;
  readonly search: (query: McpSearch) => Promise<McpFound>;
  readonly balance: () => Promise<readonly McpBalance[]>;
  /** Limits and what is left of them; where they are written, for people. */
  readonly budget: () => Promise<{ readonly limits: readonly McpBudget[]; readonly source: string }>;
  /** Reads `100sat`; undefined for what is no amount with a unit. */
  readonly parseAmount: (text: string) => Amount | undefined;
  readonly showAmount: (amount: Amount) => string;
  /** Where answers go that are too large for a tool's result, or that nobody waited for. */
  readonly shelf: AnswerShelf;
  /** When given, no other origin is asked for anything. */
  readonly origins?: readonly string[] | undefined;
}

/** What is searched for. */
export interface McpSearch {
  readonly words: string | undefined;
  /** Undefined: those of the wallet's own list. */
  readonly origins: readonly string[] | undefined;
  readonly signal: AbortSignal;
}

/** What was found, best first. */
export interface McpFound {
  readonly services: readonly CatalogueService[];
  /** Where to look for entries within {@link services}: origin and position, best first. */
  readonly entries: readonly CatalogueService['entries'][number][];
}
