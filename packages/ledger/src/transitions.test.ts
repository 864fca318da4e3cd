import { describe, expect, it } from 'vitest';
import {
  decide,
  impossible,
  STANDINGS,
  standingNumber,
  standingOfNumber,
  TRANSITIONS,
} from './transitions.js';

describe('transitions', () => {
  it('a claim that is expired never moves again, and one that is used up only for whoever knows its key', () => {
    for (const [verb, row] of Object.entries(TRANSITIONS)) {
      expect(row.expired.move, verb).not.toBe('go');
      if (verb !== 'redeliver') expect(row.answered.move, verb).not.toBe('go');
    }
    const used = { standing: 'answered', attempts: 0, redeliveries: 0 } as const;
    expect(decide('redeliver', used, 3)).toEqual({ move: 'no' });
    expect(decide('redeliver', used, 0, true)).toEqual({ move: 'no' });
    const next = { standing: 'delivered', attempts: 0, redeliveries: 1 };
    expect(decide('redeliver', used, 3, true)).toEqual({ move: 'go', next });
  });

  it('nothing leads from delivered back to a credit or to a claim', () => {
    for (const { delivered } of Object.values(TRANSITIONS)) {
      if (delivered.move === 'go') expect(['delivered', 'answered']).toContain(delivered.to);
    }
  });

  it('whatever the table allows can be', () => {
    for (const verb of ['claim', 'deliver', 'settle', 'release', 'answered', 'redeliver'] as const) {
      for (const standing of [undefined, ...STANDINGS]) {
        const credit = standing === 'released' || standing === 'expired';
        const shape = standing && { standing, attempts: credit ? 1 : 0, redeliveries: 0 };
        const decision = decide(verb, shape, 3);
        if (decision.move === 'go') expect(impossible(decision.next)).toBeUndefined();
      }
    }
  });

  it.each([
    ['a credit never released', { standing: 'released', attempts: 0, redeliveries: 0 }],
    ['an expired credit never released', { standing: 'expired', attempts: 0, redeliveries: 0 }],
    ['delivered again before delivery', { standing: 'claimed', attempts: 0, redeliveries: 1 }],
    ['a credit delivered again', { standing: 'released', attempts: 1, redeliveries: 1 }],
    ['fewer than no attempts', { standing: 'delivered', attempts: -1, redeliveries: 0 }],
    ['half a redelivery', { standing: 'delivered', attempts: 0, redeliveries: 0.5 }],
  ] as const)('%s is impossible', (_, shape) => {
    expect(impossible(shape)).toBeTypeOf('string');
  });

  it('numbers on disk are what they were', () => {
    expect(STANDINGS.map(standingNumber)).toEqual([1, 2, 3, 4, 5]);
    expect([1, 2, 3, 4, 5].map(standingOfNumber)).toEqual([
      'claimed',
      'released',
      'delivered',
      'answered',
      'expired',
    ]);
    expect([0, 6, -1, 1.5].map(standingOfNumber)).toEqual([undefined, undefined, undefined, undefined]);
  });
});
