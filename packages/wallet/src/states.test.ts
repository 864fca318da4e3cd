import { describe, expect, it } from 'vitest';
import { isJournalState, type JournalState, journalStates, mayFollow, stateTable } from './states.js';

/** Every state that can be reached from `from`. */
function reachable(from: JournalState): ReadonlySet<JournalState> {
  const found = new Set<JournalState>();
  const open: JournalState[] = [from];
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    for (const next of stateTable[state].next) {
      if (!found.has(next)) open.push(next);
      found.add(next);
    }
  }
  return found;
}

describe('the state table', () => {
  it('has no way from a payment that was made to one that could be made again', () => {
    for (const state of journalStates.filter((name) => stateTable[name].spent === 'yes')) {
      for (const next of reachable(state)) expect(stateTable[next].spent, `${state} → ${next}`).toBe('yes');
    }
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

  it('knows its own names and no inherited ones', () => {
    expect(isJournalState('paid')).toBe(true);
    expect(isJournalState('toString')).toBe(false);
  });
});
