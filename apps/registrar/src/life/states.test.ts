import { describe, expect, it } from 'vitest';
import { domainStateAt, expiringMs, graceMs, yearsLater } from './domain-life.js';
import { inFlightMsMax, lockRights, lockStateAt, lockStates } from './lock-life.js';
import { orderStates, orderStep, orderSteps, orderVerbs } from './order-life.js';

/** Every state that can be reached from one. */
function reached<State extends string>(
  from: State,
  steps: readonly (readonly [State, string, State])[],
): Set<State> {
  const seen = new Set([from]);
  for (const state of seen) for (const [before, , after] of steps) if (before === state) seen.add(after);
  return seen;
}

describe('a name’s life', () => {
  it('walks with the clock', () => {
    const end = Date.UTC(2027, 3, 23);
    const walk = [end - expiringMs - 1, end - expiringMs, end, end + graceMs - 1, end + graceMs];
    const states = walk.map((nowMs) => domainStateAt(end, nowMs));
    expect(states).toEqual(['registered', 'expiring', 'grace', 'grace', 'released']);
    // As captured: expires 2027-04-23, grace to 2027-06-02.
    expect(new Date(end + graceMs).toISOString()).toBe('2027-06-02T00:00:00.000Z');
  });

  it('counts years by the calendar', () => {
    const later = (day: string, years: number) =>
      new Date(yearsLater(Date.parse(day), years)).toISOString().slice(0, 10);
    expect(later('2026-11-21', 1)).toBe('2027-11-21');
    expect(later('2028-02-29', 1)).toBe('2029-02-28');
    expect(later('2028-02-29', 4)).toBe('2032-02-29');
    expect(later('2026-12-31', 10)).toBe('2036-12-31');
  });
});

describe('the table of an order’s life', () => {
  it('reaches every state from pending, and says one thing for each step', () => {
    expect(reached('pending', orderSteps)).toEqual(new Set(orderStates));
    const keys = orderSteps.map(([state, verb]) => `${state} ${verb}`);
    expect(new Set(keys).size).toBe(keys.length);
    expect(new Set(orderSteps.map(([, verb]) => verb))).toEqual(new Set(orderVerbs));
  });

  it('never leaves an outcome', () => {
    for (const state of ['done', 'failed'] as const)
      expect(reached(state, orderSteps)).toEqual(new Set([state]));
    expect(orderStep('done', 'fail')).toBeUndefined();
    expect(orderStep('failed', 'finish')).toBeUndefined();
  });

  it('can bring to an end whatever was paid', () => {
    for (const state of ['pending', 'executing', 'unknown', 'lapsed'] as const) {
      expect(orderStep(state, 'finish')).toBe('done');
      expect(orderStep(state, 'fail')).toBe('failed');
    }
  });
});

describe('a lock', () => {
  it('is held until its time, and in flight for as long as a credential may be at work', () => {
    const lock = { untilMs: 1_000, inFlightMs: undefined };
    expect(lockStateAt(undefined, 0)).toBe('free');
    expect(lockStateAt(lock, 999)).toBe('held');
    expect(lockStateAt(lock, 1_000)).toBe('free');
    const flying = { untilMs: 1_000, inFlightMs: 900 };
    expect(lockStateAt(flying, 5_000)).toBe('in-flight');
    expect(lockStateAt(flying, 900 + inFlightMsMax)).toBe('free');
  });

  it('is reset by its holder, by anyone when it is over, and by nobody in flight', () => {
    const may = lockStates.map((state) => [
      state,
      lockRights[state].holder.reset,
      lockRights[state].other.reset,
    ]);
    expect(may).toEqual([
      ['free', true, true],
      ['held', true, false],
      ['in-flight', false, false],
    ]);
    for (const state of lockStates)
      for (const who of ['holder', 'other'] as const)
        expect(lockRights[state][who].lock).toBe(lockRights[state][who].reset);
  });
});
