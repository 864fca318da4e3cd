import { describe, expect, it } from 'vitest';
import {
  isCredit,
  isJournalState,
  isUnfinished,
  type JournalState,
  journalStates,
  mayFollow,
  outcomeIn,
  type Settlement,
  spentIn,
  stateTable,
} from './states.js';

/** Every state that can be reached from `from`. */
function reachable(from: JournalState, settlement?: Settlement): ReadonlySet<JournalState> {
  const found = new Set<JournalState>();
  const open: JournalState[] = [from];
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    for (const next of journalStates.filter((to) => mayFollow(state, to, settlement))) {
      if (!found.has(next)) open.push(next);
      found.add(next);
    }
  }
  return found;
}

const entryIn = (state: JournalState, settlement?: Settlement) => ({
  state,
  ...(settlement && { settlement }),
});

describe('the state table', () => {
  it.each([undefined, 'made'] as const)(
    'has no way from a payment that was made to one that could be made again (settlement: %s)',
    (settlement) => {
      for (const state of journalStates.filter((name) => spentIn(entryIn(name, settlement)) === 'yes')) {
        for (const next of reachable(state, settlement)) {
          expect(spentIn(entryIn(next, settlement)), `${state} → ${next}`).toBe('yes');
        }
      }
    },
  );

  it('lets what was signed end unpaid while its settlement is open, wherever it is held, and nowhere else', () => {
    const held = ['paid', 'presented', 'refused', 'failed', 'answer-unknown'];
    for (const state of journalStates) {
      expect(mayFollow(state, 'not-paid', 'open') && !mayFollow(state, 'not-paid'), state).toBe(
        held.includes(state),
      );
      expect(spentIn(entryIn(state, 'open')), state).toBe(
        held.includes(state) ? 'maybe' : stateTable[state].spent,
      );
      expect(mayFollow(state, 'not-paid', 'made'), state).toBe(mayFollow(state, 'not-paid'));
    }
    expect(reachable('delivered', 'open')).toEqual(new Set());
  });

  it('never asks the node twice: `paying` is entered from `planned` only', () => {
    const before = journalStates.filter((state) => mayFollow(state, 'paying'));
    expect(before).toEqual(['planned']);
  });

  it('plans again only what certainly was not paid', () => {
    expect(journalStates.filter((state) => mayFollow(state, 'planned'))).toEqual(['not-paid']);
  });

  it('reaches every state from `planned`, and `delivered` from every state', () => {
    expect(reachable('planned')).toEqual(new Set(journalStates));
    for (const state of journalStates.filter((name) => name !== 'delivered')) {
      expect(reachable(state).has('delivered'), state).toBe(true);
    }
  });

  it('holds the proof exactly while money has gone and nothing has been delivered', () => {
    for (const state of journalStates) {
      const needed = stateTable[state].spent === 'yes' && state !== 'delivered';
      expect(stateTable[state].payload, state).toBe(needed ? 'held' : 'absent');
    }
  });

  it('takes of a budget whatever has gone or may go, and nothing else', () => {
    for (const state of journalStates) {
      const { spent, budget } = stateTable[state];
      if (spent === 'maybe') expect(budget, state).toBe('reserved');
      if (spent === 'yes') expect(budget, state).toBe('spent');
    }
    // Nothing has gone in `planned`, but it is about to.
    expect([stateTable.planned.budget, stateTable['not-paid'].budget]).toEqual(['reserved', 'given-back']);
  });

  it('never says of money that may have gone that it was not sent', () => {
    for (const state of journalStates) {
      for (const settlement of [undefined, 'open', 'made'] as const) {
        const entry = { state, request: {}, ...(settlement && { settlement }) };
        const outcome = outcomeIn(entry);
        expect(outcome === 'not-sent', state).toBe(spentIn(entryIn(state, settlement)) === 'no');
        if (isCredit(entry)) expect(spentIn(entryIn(state, settlement)), state).toBe('yes');
        if (outcome === 'credit' || outcome === 'refused') expect(isCredit(entry), state).toBe(true);
      }
    }
  });

  it('says of what was not paid and cost a fee that a fee was spent, and of nothing else', () => {
    const fee = { amount: 1n, currency: 'cent' };
    for (const state of journalStates) {
      const { spent } = stateTable[state];
      expect(spentIn({ state, fee }), state).toBe(spent === 'no' ? 'fee' : spent);
    }
  });

  it('calls what was paid by hand delivered: the proof is what was bought, and nobody waits for it', () => {
    for (const settlement of [undefined, 'made'] as const) {
      const entry = { state: 'paid', ...(settlement && { settlement }) } as const;
      expect([outcomeIn(entry), isCredit(entry), isUnfinished(entry)]).toEqual(['delivered', false, false]);
    }
    const signed = { state: 'paid', settlement: 'open' } as const;
    expect([outcomeIn(signed), isCredit(signed), isUnfinished(signed)]).toEqual(['unknown', false, true]);
    const asked = { state: 'paying' } as const;
    expect([outcomeIn(asked), isUnfinished(asked)]).toEqual(['unknown', true]);
  });

  it('knows its own names and no inherited ones', () => {
    expect(isJournalState('paid')).toBe(true);
    expect(isJournalState('toString')).toBe(false);
  });
});
