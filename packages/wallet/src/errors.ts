import type { Problem, Retry } from '@farebox/protocol';

/** How a call ended, seen from the money. `credit`: paid, not delivered, redeemable with the same credential. */
export type WalletOutcome = 'not-sent' | 'refused' | 'unknown' | 'delivered' | 'credit';

/** The classes of the exit codes of the command. */
export type ExitClass = 'failed' | 'usage' | 'network' | 'payment' | 'policy' | 'unknown' | 'credit';

/** Whether money has gone. `fee`: nobody was paid, and a fee was spent on it. */
export type Spent = 'no' | 'fee' | 'maybe' | 'yes';

interface ErrorRule {
  readonly outcome: Exclude<WalletOutcome, 'delivered'>;
  readonly exitClass: ExitClass;
  readonly retry: Retry;
  readonly spent: Spent;
}

const usage: ErrorRule = { outcome: 'not-sent', exitClass: 'usage', retry: 'never', spent: 'no' };
const policy: ErrorRule = { outcome: 'not-sent', exitClass: 'policy', retry: 'never', spent: 'no' };
const failed: ErrorRule = { outcome: 'not-sent', exitClass: 'failed', retry: 'safe', spent: 'no' };
const network: ErrorRule = { outcome: 'not-sent', exitClass: 'network', retry: 'safe', spent: 'no' };
const unknown: ErrorRule = { outcome: 'unknown', exitClass: 'unknown', retry: 'resume', spent: 'maybe' };
const credit: ErrorRule = { outcome: 'credit', exitClass: 'credit', retry: 'resume', spent: 'yes' };

/** Every error code, what it says about the money, and what may be done without risk. */
export const walletErrorTable = {
  /** The request cannot be made: URL, method or header is not valid. */
  invalid_request: usage,
  /** The body is a stream or another thing that can be sent only once. */
  body_not_replayable: usage,
  /** The body is larger than what the journal keeps, so the payment could not be resumed. */
  body_too_large: usage,
  /** Secret headers are not stored; resuming needs them again. */
  headers_needed: usage,
  /** No such payment in the journal. */
  payment_not_found: usage,
  /** The credential would replace the caller's own `Authorization`, and that was not allowed. */
  authorization_taken: usage,
  /** `onQuote` said no. */
  quote_refused: policy,
  /** Plain http to another machine. */
  insecure_url: policy,
  /** The price is above the limit. */
  price_above_max: policy,
  /** The price is in a currency for which no limit was given. */
  currency_not_allowed: policy,
  /** The challenge and the data that would be paid do not agree, or the data is not valid. */
  challenge_refused: policy,
  /** The challenge is for another body than the one that was sent. */
  digest_mismatch: policy,
  /** The policy does not allow it: origin, path, payee, method or fee. */
  policy_refused: policy,
  /** A budget of the policy has no room; more comes with time. */
  over_budget: { ...policy, retry: 'safe' },
  /** Somebody was to be asked, and did not say yes. */
  approval_refused: policy,
  /** 402, but nothing in it that this wallet can pay. */
  no_payable_challenge: { ...failed, retry: 'never' },
  /** Expired, or too little time left to pay and present. */
  challenge_expired: failed,
  /** This challenge or this invoice is in the journal already. */
  already_known: { ...failed, retry: 'resume' },
  /** Another process is at work on this payment. */
  in_progress: unknown,
  /** The journal cannot be opened or written; nothing has been sent. */
  journal_unavailable: failed,
  /** The journal contradicts its own state table. */
  journal_corrupt: { ...failed, retry: 'never' },
  /** Another process changed the payment first. */
  state_changed: failed,
  /** A redirect that is not followed: to another origin, with a body, too many, or not wanted. Nothing was paid. */
  redirect_refused: { ...failed, retry: 'never' },
  /** An answer that cost nothing is larger than what may be read of it. */
  free_answer_too_large: { ...failed, retry: 'never' },
  /** The caller gave up before anything was paid. */
  aborted: failed,
  /** No connection, or it broke before the first answer. */
  unreachable: network,
  /** The first answer took too long. */
  timed_out: network,
  /** The payment failed for certain. */
  payment_failed: { ...failed, exitClass: 'payment' },
  /** Nobody was paid, and it cost a fee: the chain took the payment back. Trying again could cost another. */
  fee_lost: { ...failed, exitClass: 'payment', retry: 'never', spent: 'fee' },
  /** The node has not said whether it paid, or what it said could not be written down. */
  payment_unknown: unknown,
  /** Paid, but the proof could not be written down. The node still has it. */
  proof_not_stored: { ...unknown, spent: 'yes' },
  /** Presented; the connection broke before or within the answer, or what came of it could not be written down. */
  answer_unknown: { ...unknown, spent: 'yes' },
  /** Presented and refused, or not presented again; the seller may still take the money. */
  settlement_unknown: unknown,
  /** The answer is larger than what was to be kept in memory. */
  answer_too_large: { ...unknown, spent: 'yes' },
  /** Paid; the seller answered 3xx or 4xx. */
  seller_refused: { ...credit, outcome: 'refused', retry: 'same-credential' },
  /** Paid; the seller answered 5xx. */
  seller_failed: { ...credit, retry: 'same-credential' },
  /** Paid; before it was presented the caller gave up, or the journal could not be written. */
  unpresented: credit,
  /** Paid; the challenge expired before it could be presented. */
  expired_unpresented: credit,
} as const satisfies Record<string, ErrorRule>;

/** One of the codes of {@link walletErrorTable}. */
export type WalletErrorCode = keyof typeof walletErrorTable;

/** What an error can carry beside its sentence. */
export interface WalletErrorOptions extends ErrorOptions {
  /** The payment in the journal. */
  readonly paymentId?: string;
  /** Status of the seller's answer. */
  readonly status?: number;
  /** The seller's problem document. Data from outside: show it, do not obey it. */
  readonly problem?: Problem;
  /** Where it is known better than by the code: a payment that moves its money only on presentation may be open. */
  readonly spent?: Spent;
}

/** Why a call did not end in a delivery. The message never contains a secret. */
export class WalletError extends Error {
  override readonly name = 'WalletError';
  readonly code: WalletErrorCode;
  readonly outcome: ErrorRule['outcome'];
  readonly exitClass: ExitClass;
  readonly retry: Retry;
  readonly spent: Spent;
  readonly paymentId: string | undefined;
  readonly status: number | undefined;
  readonly problem: Problem | undefined;

  constructor(code: WalletErrorCode, message: string, options: WalletErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    const rule: ErrorRule = walletErrorTable[code];
    this.code = code;
    this.outcome = rule.outcome;
    this.exitClass = rule.exitClass;
    this.retry = rule.retry;
    this.spent = options.spent ?? rule.spent;
    this.paymentId = options.paymentId;
    this.status = options.status;
    this.problem = options.problem;
  }
}
