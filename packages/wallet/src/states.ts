/**
 * The life of one payment in the journal, as data. Every write and every read is checked against this table.
 *
 * The two uncertain states are kept apart because they are resolved differently: `payment-unknown` by asking the
 * node (never by paying again), `answer-unknown` by presenting the same credential again.
 */

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

/** What holds in a state. */
export interface StateRule {
  /** The states that may follow. */
  readonly next: readonly JournalState[];
  /** Whether the proof of payment is in the row: `held` until the resource has been delivered, then `absent`. */
  readonly payload: 'absent' | 'held';
  /** Whether money has gone. */
  readonly spent: 'no' | 'maybe' | 'yes';
  /** True when `resume` has something left to do. */
  readonly unfinished: boolean;
}

/** The whole machine. There is no way back from `paid` to anything that could pay again. */
export const stateTable: Readonly<Record<JournalState, StateRule>> = {
  // Written before anything is sent: limits checked, challenge and reference reserved.
  planned: { next: ['paying', 'not-paid'], payload: 'absent', spent: 'no', unfinished: true },
  // The node may have been asked. From here on only the node knows.
  paying: {
    next: ['paid', 'not-paid', 'payment-unknown'],
    payload: 'absent',
    spent: 'maybe',
    unfinished: true,
  },
  'payment-unknown': {
    next: ['paid', 'not-paid', 'payment-unknown'],
    payload: 'absent',
    spent: 'maybe',
    unfinished: true,
  },
  // `planned`: the same invoice may be tried again after a certain failure. `paid`: the node corrected itself.
  'not-paid': { next: ['planned', 'paid'], payload: 'absent', spent: 'no', unfinished: false },
  // The proof is on disk before the seller sees it.
  paid: { next: ['presented'], payload: 'held', spent: 'yes', unfinished: true },
  presented: {
    next: ['presented', 'delivered', 'refused', 'failed', 'answer-unknown'],
    payload: 'held',
    spent: 'yes',
    unfinished: true,
  },
  delivered: { next: [], payload: 'absent', spent: 'yes', unfinished: false },
  // Three kinds of credit: the seller said no, the seller broke, the answer was lost.
  refused: { next: ['presented'], payload: 'held', spent: 'yes', unfinished: true },
  failed: { next: ['presented'], payload: 'held', spent: 'yes', unfinished: true },
  'answer-unknown': { next: ['presented'], payload: 'held', spent: 'yes', unfinished: true },
};

/** Every state, in the order of a life. */
// `Object.keys` loses the key type; the table's own type proves that these are all states.
export const journalStates = Object.keys(stateTable) as readonly JournalState[];

/** True when `text` names a state. */
export function isJournalState(text: string): text is JournalState {
  return Object.hasOwn(stateTable, text);
}

/** True when the table allows the step. */
export function mayFollow(from: JournalState, to: JournalState): boolean {
  return stateTable[from].next.includes(to);
}
