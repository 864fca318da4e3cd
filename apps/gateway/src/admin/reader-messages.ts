import type { BooksFilter, Claim, Entry } from '@farebox/ledger';
import type { RevenueRow, RevenueStretch } from './revenue.js';

/** Where the ledger is that a reader opens. */
export type ReaderTarget =
  | { readonly kind: 'sqlite'; readonly path: string }
  /** May hold a password. */
  | { readonly kind: 'postgres'; readonly url: string; readonly schema: string | undefined };

/** What a reader can be asked. */
export type ReaderQuestion =
  | {
      readonly kind: 'claims';
      readonly filter: BooksFilter;
      readonly after: number;
      readonly claimsMax: number;
    }
  | { readonly kind: 'claim'; readonly name: string }
  | { readonly kind: 'revenue'; readonly filter: BooksFilter; readonly by: RevenueStretch };

/** What it says to each kind of question. */
export interface ReaderAnswers {
  readonly claims: readonly Claim[];
  readonly claim: { readonly claim: Claim; readonly entries: readonly Entry[] } | undefined;
  readonly revenue: readonly RevenueRow[];
}

/** A question on its way to the thread. */
export interface ReaderAsked {
  readonly id: number;
  readonly question: ReaderQuestion;
}

/** An answer on its way back. */
export type ReaderReply =
  | { readonly id: number; readonly ok: true; readonly value: ReaderAnswers[keyof ReaderAnswers] }
  | { readonly id: number; readonly ok: false; readonly code: string; readonly message: string };
