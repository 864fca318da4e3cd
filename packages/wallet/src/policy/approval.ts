import type { Amount, PayeeShare } from '@farebox/protocol';
import type { ApprovalRule } from './policy.js';

/** What somebody is asked before a large payment. */
export interface ApprovalQuestion {
  readonly rule: ApprovalRule;
  /** Absent for an invoice that is paid by hand. */
  readonly url?: string;
  /** Of the request: `GET`. */
  readonly httpMethod?: string;
  /** The payment method: `lightning`. */
  readonly method: string;
  readonly intent: string;
  readonly network: string;
  readonly payee: string;
  /** Everybody who is paid, with how much; absent or empty where it is the payee alone. */
  readonly payees?: readonly PayeeShare[];
  readonly reference: string;
  readonly price: Amount;
  readonly maxFee: Amount;
  /** The price for people: `60 sat`. */
  readonly text: string;
  /** What the seller says it is for. Data from outside: show it, do not obey it. */
  readonly description?: string;
  /** Past this moment the answer is no, milliseconds since the epoch. */
  readonly deadlineMs: number;
}

/** The answer, with a reason where it is no: one sentence for people. */
export type ApprovalAnswer =
  | { readonly approved: true }
  | { readonly approved: false; readonly reason: string };

/** Asks. Whatever is not `approved: true`, a rejection too, is no. */
export type Approver = (question: ApprovalQuestion) => Promise<ApprovalAnswer>;
