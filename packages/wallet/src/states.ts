/**
 * The life of one payment in the journal, as data. Every write and every read is checked against this table.
 *
 * The two uncertain states are kept apart because they are resolved differently: `payment-unknown` by asking the
 * node (never by paying again), `answer-unknown` by presenting the same credential again.
 */
import type { Spent, WalletOutcome } from './errors.js';

/** Where a payment stands. */
export type JournalState =
  | 'planned'
  | 'paying'
  | 'payment-unknown'
  | 'not-paid'
  | 'paid'
  | 'presented'
  | 'delivered'
  | 'refused'
  | 'failed'
  | 'answer-unknown';

/**
 * Of a payment whose money moves when the seller is presented with it: `open` until its method has said that it has
 * moved, then `made`. Absent where paying itself moves the money.
 */
export type Settlement = 'open' | 'made';

/** What holds in a state. */
export interface StateRule {
  /** The states that may follow. */
  readonly next: readonly JournalState[];
  /** What may follow besides, while the settlement is open: the method has said that the money never will move. */
  readonly nextOpen: readonly JournalState[];
  /** Whether the proof of payment is in the row: `held` until the resource has been delivered, then `absent`. */
  readonly payload: 'absent' | 'held';
  /** Whether money has gone; of what is held, only if its settlement is not open ({@link spentIn}). */
  readonly spent: Spent;
  /** True when `resume` has something left to do; see also {@link isUnfinished}. */
  readonly unfinished: boolean;
  /**
   * What the payment takes of every budget: `reserved`, the price and the fee cap, whatever its age; `spent`, what was
   * paid, for as long as the budget's window reaches; `given-back`, at most a fee, as soon as nobody can contradict that.
   */
  readonly budget: 'reserved' | 'spent' | 'given-back';
  /** How it stands, in the words of {@link WalletOutcome}: what people and programs are told. */
  readonly outcome: WalletOutcome;
}

/**
 * The whole machine. There is no way back from `paid` to anything that could pay again, unless the money moves only on
 * presentation and the method's word is that it never did and never will.
 */
export const stateTable: Readonly<Record<JournalState, StateRule>> = {
  // Written before anything is sent: limits checked, challenge and reference reserved.
  planned: {
    next: ['paying', 'not-paid'],
    nextOpen: [],
    payload: 'absent',
    spent: 'no',
    unfinished: true,
    budget: 'reserved',
    outcome: 'not-sent',
  },
  // The node may have been asked. From here on only the node knows.
  paying: {
    next: ['paid', 'not-paid', 'payment-unknown'],
    nextOpen: [],
    payload: 'absent',
    spent: 'maybe',
    unfinished: true,
    budget: 'reserved',
    outcome: 'unknown',
  },
  'payment-unknown': {
    next: ['paid', 'not-paid', 'payment-unknown'],
    nextOpen: [],
    payload: 'absent',
    spent: 'maybe',
    unfinished: true,
    budget: 'reserved',
    outcome: 'unknown',
  },
  // `planned`: the same invoice may be tried again after a certain failure. `paid`: the node corrected itself.
  'not-paid': {
    next: ['planned', 'paid'],
    nextOpen: [],
    payload: 'absent',
    spent: 'no',
    unfinished: false,
    budget: 'given-back',
    outcome: 'not-sent',
  },
  // The proof is on disk before the seller sees it.
  paid: {
    next: ['presented'],
    nextOpen: ['not-paid'],
    payload: 'held',
    spent: 'yes',
    unfinished: true,
    budget: 'spent',
    outcome: 'credit',
  },
  presented: {
    next: ['presented', 'delivered', 'refused', 'failed', 'answer-unknown'],
    nextOpen: ['not-paid'],
    payload: 'held',
    spent: 'yes',
    unfinished: true,
    budget: 'spent',
    outcome: 'unknown',
  },
  delivered: {
    next: [],
    nextOpen: [],
    payload: 'absent',
    spent: 'yes',
    unfinished: false,
    budget: 'spent',
    outcome: 'delivered',
  },
  // Three kinds of credit: the seller said no, the seller broke, the answer was lost.
  refused: {
    next: ['presented'],
    nextOpen: ['not-paid'],
    payload: 'held',
    spent: 'yes',
    unfinished: true,
    budget: 'spent',
    outcome: 'refused',
  },
  failed: {
    next: ['presented'],
    nextOpen: ['not-paid'],
    payload: 'held',
    spent: 'yes',
    unfinished: true,
    budget: 'spent',
    outcome: 'credit',
  },
  'answer-unknown': {
    next: ['presented'],
    nextOpen: ['not-paid'],
    payload: 'held',
    spent: 'yes',
    unfinished: true,
    budget: 'spent',
    outcome: 'unknown',
  },
};

/** Every state, in the order of a life. */
// `Object.keys` loses the key type; the table's own type proves that these are all states.
export const journalStates = Object.keys(stateTable) as readonly JournalState[];

/** True when `text` names a state. */
export function isJournalState(text: string): text is JournalState {
  return Object.hasOwn(stateTable, text);
}

/** True when the table allows the step. */
export function mayFollow(from: JournalState, to: JournalState, settlement?: Settlement): boolean {
  const { next, nextOpen } = stateTable[from];
  return next.includes(to) || (settlement === 'open' && nextOpen.includes(to));
}

/** Whether the money of a payment has gone. */
export function spentIn({ state, settlement, fee }: Standing): Spent {
  const { payload, spent } = stateTable[state];
  if (spent === 'no') return fee === undefined ? 'no' : 'fee';
  return settlement === 'open' && payload === 'held' ? 'maybe' : spent;
}

/** True while only the method can say whether the money of a signed payment has moved. */
export function isOpen(entry: { readonly state: JournalState; readonly settlement?: Settlement }): boolean {
  return entry.settlement === 'open' && stateTable[entry.state].payload === 'held';
}

/** What of an entry decides how it stands. */
export interface Standing {
  readonly state: JournalState;
  readonly settlement?: Settlement;
  /** Absent for what was paid by hand: there is nobody to present the proof to. */
  readonly request?: unknown;
  /** Of what was not paid: what it cost all the same. */
  readonly fee?: unknown;
}

/** True for what was paid by hand, for certain: the proof itself is what was bought, and it is here. */
export function isProof(entry: Standing): boolean {
  return entry.state === 'paid' && entry.request === undefined && !isOpen(entry);
}

/** How a payment stands. What was signed and may still be carried out is not known, whatever the seller said. */
export function outcomeIn(entry: Standing): WalletOutcome {
  if (isProof(entry)) return 'delivered';
  return isOpen(entry) ? 'unknown' : stateTable[entry.state].outcome;
}

/** True for a credit: the money has gone for certain, and the proof is here to be presented again. */
export function isCredit(entry: Standing): boolean {
  return stateTable[entry.state].payload === 'held' && spentIn(entry) === 'yes' && !isProof(entry);
}

/** True when `resume` has something left to do. */
export function isUnfinished(entry: Standing): boolean {
  return stateTable[entry.state].unfinished && !isProof(entry);
}
