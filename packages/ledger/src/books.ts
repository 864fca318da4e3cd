import type { Amount, QuotedRate } from '@farebox/protocol';
import type { Claim } from './ledger.js';
import type { ClaimState } from './transitions.js';

/**
 * The books: double entry over claims. Every payment is entered when its claim comes into being, and moves between
 * accounts when the claim's state says that it belongs elsewhere. Sums by method, currency and route.
 *
 * received   what buyers paid (asset; by method and currency)
 * owed       paid and not delivered: held, unknown, or a credit (liability)
 * revenue    delivered (income; by route)
 * breakage   credits that nobody redeemed in time (income)
 * refunds    what was paid back by hand (asset, in credit)
 */
export const ACCOUNTS = ['received', 'owed', 'revenue', 'breakage', 'refunds'] as const;
export type Account = (typeof ACCOUNTS)[number];

/** The account to which a claim's amount stands in credit, in each state. */
export const ACCOUNT_OF_STATE: Readonly<Record<ClaimState, Account>> = {
  claimed: 'owed',
  unknown: 'owed',
  released: 'owed',
  delivered: 'revenue',
  cut: 'revenue',
  answered: 'revenue',
  expired: 'breakage',
  refunded: 'refunds',
};

/** A movement of a claim's whole amount: debit → credit. */
export interface Movement {
  readonly debit: Account;
  readonly credit: Account;
}

/**
 * Every movement that the table of transitions can make; stores keep a movement by its position here, from 1. Never
 * renumber: it is on disk. A claim's first movement is always from `received`.
 */
export const MOVEMENTS = [
  { debit: 'received', credit: 'owed' },
  { debit: 'received', credit: 'revenue' },
  { debit: 'owed', credit: 'revenue' },
  { debit: 'owed', credit: 'breakage' },
  { debit: 'owed', credit: 'refunds' },
  { debit: 'revenue', credit: 'refunds' },
  { debit: 'breakage', credit: 'refunds' },
] as const satisfies readonly Movement[];

/**
 * The number of the movement that a change of state makes; 0 when the amount stays where it is.
 *
 * @param from undefined: the claim comes into being
 * @throws {RangeError} for a change that the table of transitions never makes
 */
export function movementNumber(from: ClaimState | undefined, to: ClaimState): number {
  const debit = from === undefined ? 'received' : ACCOUNT_OF_STATE[from];
  const credit = ACCOUNT_OF_STATE[to];
  if (debit === credit) return 0;
  const at = MOVEMENTS.findIndex((movement) => movement.debit === debit && movement.credit === credit);
  if (at < 0) throw new RangeError(`The books know no movement from ${debit} to ${credit}.`);
  return at + 1;
}

/** One entry: the whole amount of one claim moves from one account to another. */
export interface Entry extends Movement {
  readonly atMs: number;
  /** The claim. */
  readonly seq: number;
  readonly method: string;
  readonly route: string;
  readonly amount: Amount;
  /** The rate that the claim was quoted at, where its price was set in another currency. */
  readonly rate?: QuotedRate | undefined;
}

/** What one movement has summed up to, for one method, currency and route, since the ledger was made. */
export interface MovementTotal extends Movement {
  readonly method: string;
  readonly intent: string;
  readonly route: string;
  readonly count: number;
  readonly amount: Amount;
}

/** Which claims or entries are read. Every bound may be left out. */
export interface BooksFilter {
  /** From this moment on, milliseconds since the epoch: of entries their own, of claims when they came into being. */
  readonly fromMs?: number | undefined;
  /** Before this moment. */
  readonly untilMs?: number | undefined;
  readonly route?: string | undefined;
  readonly method?: string | undefined;
  /** Only claims behind the one of this `seq`, and their entries: to go on where a page ended, without reading what was before. */
  readonly afterSeq?: number | undefined;
  /** Only claims in one of these states. */
  readonly states?: readonly ClaimState[] | undefined;
}

/** A difference between the books and the claims. */
export interface BooksFault {
  readonly method: string;
  readonly currency: string;
  readonly route: string;
  readonly account: Account;
  /** What the books say. */
  readonly booked: bigint;
  /** What the claims say. */
  readonly claimed: bigint;
}

/**
 * Reads a ledger beside the gateway that writes it. Everything streams: a large ledger takes no more memory than a small
 * one. The order is stable: claims by `seq`, entries as they were made. Entries are those of one moment, so that they balance
 * also when claims are removed meanwhile. What cannot be rejects with `LedgerDamaged`.
 */
export interface LedgerReader {
  claims(filter?: BooksFilter): AsyncIterable<Claim>;
  /** Opening entries come from the claims themselves, later ones from the log of movements, merged by time. */
  entries(filter?: BooksFilter): AsyncIterable<Entry>;
  /** Claims by challenge id, payment reference or `#seq`; with its entries, oldest first. */
  claim(name: string): Promise<{ readonly claim: Claim; readonly entries: readonly Entry[] } | undefined>;
  /** What the books say, without reading a claim: also right where old claims were removed. */
  movements(): Promise<readonly MovementTotal[]>;
  /**
   * Sums every claim up and compares with the books. Empty: they agree. Where claims were removed, only the accounts of
   * what cannot be removed (`owed`) can be compared; that is said by `partial`.
   */
  audit(): Promise<{ readonly faults: readonly BooksFault[]; readonly partial: boolean }>;
  /** How many claims there are, roughly: for a line of progress. */
  size(): Promise<number>;
  close(): Promise<void>;
}
