import { describe, expect, it } from 'vitest';
import { ACCOUNT_OF_STATE, MOVEMENTS, movementNumber } from './books.js';
import {
  CLAIM_STATES,
  type ClaimState,
  decide,
  impossible,
  PLACES,
  placeOf,
  stateNumber,
  stateOfNumber,
  TRANSITIONS,
  type Verb,
} from './transitions.js';

const verbs = Object.keys(TRANSITIONS).filter((verb): verb is Verb => verb in TRANSITIONS);
const holds = ['mine', 'theirs', 'orphaned'] as const;

/** Every change of state that the table can make. */
function changes(): { verb: Verb; from: ClaimState | undefined; to: ClaimState }[] {
  return verbs.flatMap((verb) =>
    [undefined, ...CLAIM_STATES].flatMap((from) =>
      holds.flatMap((hold) => {
        const move = TRANSITIONS[verb][from === undefined ? 'absent' : placeOf(from, hold)];
        return move.move === 'go' ? [{ verb, from, to: move.to }] : [];
      }),
    ),
  );
}

describe('transitions', () => {
  it('a refunded claim never moves again, and an expired one is only refunded', () => {
    for (const verb of verbs) {
      expect(TRANSITIONS[verb].refunded.move, verb).not.toBe('go');
      if (verb !== 'refund') expect(TRANSITIONS[verb].expired.move, verb).not.toBe('go');
    }
  });

  it('one that is used up moves only by refund', () => {
    for (const verb of verbs) {
      if (verb !== 'refund') expect(TRANSITIONS[verb].answered.move, verb).not.toBe('go');
    }
  });

  it('an answer whose time is over ends by itself only where nobody works on it', () => {
    const lapsing = PLACES.filter((place) => TRANSITIONS.lapse[place].move === 'go');
    expect(lapsing).toEqual(['delivered-orphaned', 'cut']);
  });

  it('nothing leads from delivered, cut or answered back to a credit or to a claim', () => {
    const paidOut = ['delivered', 'cut', 'answered', 'refunded'];
    for (const { verb, from, to } of changes()) {
      if (from !== undefined && ['delivered', 'cut', 'answered'].includes(from))
        expect(paidOut, verb).toContain(to);
    }
  });

  it('what another living holder works on, nobody moves', () => {
    for (const verb of verbs) {
      expect(TRANSITIONS[verb]['claimed-theirs'].move, verb).not.toBe('go');
      expect(TRANSITIONS[verb]['delivered-theirs'].move, verb).not.toBe('go');
    }
  });

  it('a claim whose upstream was asked goes on only by its holder, by a person, or by asking again with the key', () => {
    for (const { verb, from } of changes()) {
      if (from === 'unknown')
        expect(['reclaim', 'resolve-released', 'resolve-delivered', 'refund']).toContain(verb);
    }
  });

  it('whatever the table allows can be', () => {
    for (const verb of verbs) {
      for (const state of [undefined, ...CLAIM_STATES]) {
        for (const hold of holds) {
          const credit = state === 'released' || state === 'expired';
          const shape = state && { state, attempts: credit ? 1 : 0, redeliveries: 0 };
          const decision = decide(verb, shape, { hold, redeliveriesMax: 3 });
          if (decision.move === 'go') expect(impossible(decision.next)).toBeUndefined();
        }
      }
    }
  });

  it('an answer that its upstream broke off is an attempt and no redelivery', () => {
    const again = { state: 'delivered', attempts: 0, redeliveries: 2 } as const;
    const cut = (byUpstream: boolean) => decide('cut', again, { hold: 'mine', byUpstream });
    expect(cut(false)).toEqual({ move: 'go', next: { state: 'cut', attempts: 0, redeliveries: 2 } });
    expect(cut(true)).toEqual({ move: 'go', next: { state: 'cut', attempts: 1, redeliveries: 1 } });
  });

  it.each([
    ['a credit never released', { state: 'released', attempts: 0, redeliveries: 0 }],
    ['an expired credit never released', { state: 'expired', attempts: 0, redeliveries: 0 }],
    ['delivered again before delivery', { state: 'claimed', attempts: 0, redeliveries: 1 }],
    ['a credit delivered again', { state: 'released', attempts: 1, redeliveries: 1 }],
    ['fewer than no attempts', { state: 'delivered', attempts: -1, redeliveries: 0 }],
    ['half a redelivery', { state: 'delivered', attempts: 0, redeliveries: 0.5 }],
  ] as const)('%s is impossible', (_, shape) => {
    expect(impossible(shape)).toBeTypeOf('string');
  });

  it('numbers on disk are what they were', () => {
    expect(CLAIM_STATES.map(stateNumber)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(CLAIM_STATES.map((_, at) => stateOfNumber(at + 1))).toEqual([...CLAIM_STATES]);
    expect(CLAIM_STATES.slice(0, 5)).toEqual(['claimed', 'released', 'delivered', 'answered', 'expired']);
    expect([0, 9, -1, 1.5].map(stateOfNumber)).toEqual([undefined, undefined, undefined, undefined]);
    expect(PLACES).toHaveLength(13);
  });
});

describe('the books', () => {
  it('know every movement that the table can make, and no other', () => {
    const made = new Set(changes().map(({ from, to }) => movementNumber(from, to)));
    made.delete(0);
    expect([...made].sort()).toEqual(MOVEMENTS.map((_, at) => at + 1));
  });

  it('refuse what the table never does', () => {
    expect(() => movementNumber('delivered', 'released')).toThrow(RangeError);
    expect(() => movementNumber(undefined, 'expired')).toThrow(RangeError);
  });

  it('move nothing while a claim stays on one side', () => {
    expect(movementNumber('claimed', 'unknown')).toBe(0);
    expect(movementNumber('delivered', 'answered')).toBe(0);
    expect(movementNumber('answered', 'delivered')).toBe(0);
    expect(ACCOUNT_OF_STATE.cut).toBe('revenue');
  });
});
