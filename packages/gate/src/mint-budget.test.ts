import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMintBudget, type Grant, type MintBudget } from './mint-budget.js';

const t0 = 1_790_000_000_000;

function grants(budget: MintBudget, client: string | undefined, times: number, nowMs: number): number {
  let granted = 0;
  for (let i = 0; i < times; i++) if (budget.take(client, nowMs).ok) granted++;
  return granted;
}

function refusalOf(grant: Grant): { by: 'client' | 'global'; waitMs: number } {
  if (grant.ok) throw new Error('It was granted.');
  return grant;
}

const wide = { perSecond: 1_000, burst: 1_000 };

describe('a mint budget', () => {
  it('grants a burst, then so many a second', () => {
    const budget = createMintBudget({ client: { perSecond: 3, burst: 10 }, global: wide });
    expect(grants(budget, 'a', 50, t0)).toBe(10);
    expect(grants(budget, 'a', 50, t0 + 1_000)).toBe(3);
    expect(grants(budget, 'a', 50, t0 + 3_000)).toBe(6);
    expect(grants(budget, 'a', 50, t0 + 3_600_000)).toBe(10);
  });

  it('says when to ask again, and is right about it', () => {
    const budget = createMintBudget({ client: { perSecond: 0.5, burst: 1 }, global: wide });
    expect(budget.take('a', t0).ok).toBe(true);
    const { by, waitMs } = refusalOf(budget.take('a', t0 + 500));
    expect(by).toBe('client');
    expect(waitMs).toBeCloseTo(1_500, 0);
    expect(budget.take('a', t0 + 500 + Math.ceil(waitMs)).ok).toBe(true);
  });

  it('lets one client’s flood take nothing from the others', () => {
    const limits = { client: { perSecond: 1, burst: 5 }, global: { perSecond: 10, burst: 20 } };
    const budget = createMintBudget(limits);
    expect(grants(budget, 'flood', 10_000, t0)).toBe(5);
    expect(grants(budget, 'b', 10, t0)).toBe(5);
    expect(grants(budget, 'c', 10, t0)).toBe(5);
  });

  it('holds all of them to the global limit, which a client over its own limit does not touch', () => {
    const limits = { client: { perSecond: 1, burst: 5 }, global: { perSecond: 10, burst: 20 } };
    const budget = createMintBudget(limits);
    let granted = 0;
    for (let i = 0; i < 1_000; i++) granted += grants(budget, `client ${i}`, 5, t0);
    expect(granted).toBe(20);
    expect(refusalOf(budget.take('late', t0)).by).toBe('global');
    // Whoever is refused by the global limit has not spent their own.
    expect(grants(budget, 'late', 5, t0 + 1_000)).toBe(5);
  });

  // With these limits, ten clients at their own ask for all that there is.
  it.each([12, 100])(
    'is not used up by %i clients who ask without end, for those who come new or pay',
    (count) => {
      const limits = { client: { perSecond: 10, burst: 100 }, global: { perSecond: 100, burst: 500 } };
      const budget = createMintBudget(limits);
      let granted = 0;
      for (let ms = 0; ms < 30_000; ms += 20) {
        for (let i = 0; i < count; i++) if (budget.take(`flood ${i}`, t0 + ms).ok) granted++;
        if (ms % 100 !== 0) continue;
        expect(budget.take(`newcomer ${ms}`, t0 + ms)).toEqual({ ok: true });
        expect(budget.take('buyer', t0 + ms)).toEqual({ ok: true });
        budget.giveBack('buyer', t0 + ms);
      }
      // And what the others leave is not withheld.
      expect(granted).toBeGreaterThan(2_000);
      expect(granted).toBeLessThan(3_500);
    },
  );

  it('leaves nothing unused for want of newcomers, but for the share that is theirs', () => {
    const limits = { client: { perSecond: 10, burst: 100 }, global: { perSecond: 10, burst: 40 } };
    const budget = createMintBudget(limits);
    expect(grants(budget, 'a', 100, t0)).toBe(30);
    expect(grants(budget, 'a', 100, t0 + 1_000)).toBe(10);
    expect(grants(budget, 'b', 100, t0 + 1_000)).toBe(1);
    const { by, waitMs } = refusalOf(budget.take('b', t0 + 1_000));
    expect(by).toBe('global');
    expect(budget.take('b', t0 + 1_000 + Math.ceil(waitMs)).ok).toBe(true);
    // Quiet again after a while, and within the share.
    expect(grants(budget, 'c', 100, t0 + 1_200)).toBe(1);
    expect(grants(budget, 'a', 100, t0 + 11_500)).toBe(30);
  });

  it('gives back what was paid: a client that pays goes on without a limit', () => {
    const limits = { client: { perSecond: 0.001, burst: 2 }, global: { perSecond: 0.001, burst: 3 } };
    const budget = createMintBudget(limits);
    for (let i = 0; i < 1_000; i++) {
      expect(budget.take('a', t0).ok).toBe(true);
      budget.giveBack('a', t0);
    }
    expect(grants(budget, 'a', 10, t0)).toBe(2);
  });

  it('never holds more than a burst, however much is given back', () => {
    const limits = { client: { perSecond: 0.001, burst: 2 }, global: { perSecond: 0.001, burst: 3 } };
    const budget = createMintBudget(limits);
    for (let i = 0; i < 100; i++) budget.giveBack('a', t0);
    expect(grants(budget, 'a', 10, t0)).toBe(2);
    expect(grants(budget, 'b', 10, t0)).toBe(1);
  });

  it('counts those who are nobody in particular against the global limit only', () => {
    const limits = { client: { perSecond: 1, burst: 1 }, global: { perSecond: 1, burst: 7 } };
    expect(grants(createMintBudget(limits), undefined, 50, t0)).toBe(7);
  });

  it('does not lock anybody out when the clock is set back', () => {
    const budget = createMintBudget({
      client: { perSecond: 1, burst: 3 },
      global: { perSecond: 1, burst: 3 },
    });
    expect(grants(budget, 'a', 5, t0)).toBe(3);
    const backMs = t0 - 86_400_000;
    expect(refusalOf(budget.take('a', backMs)).waitMs).toBeLessThan(3_001);
    expect(budget.take('a', backMs + 4_000).ok).toBe(true);
  });

  it('remembers no more clients than it is told to, and forgets those who have been quiet', () => {
    const limits = {
      client: { perSecond: 1, burst: 5 },
      global: { perSecond: 1e6, burst: 1e6 },
      clientsMax: 100,
    };
    const budget = createMintBudget(limits);
    for (let i = 0; i < 10_000; i++) budget.take(`client ${i}`, t0);
    expect(budget.clients).toBe(100);
    for (let i = 0; i < 100; i++) budget.take('other', t0 + 60_000 + i * 1_000);
    expect(budget.clients).toBe(1);
  });

  it('keeps a client that goes on asking when others come and go', () => {
    const limits = {
      client: { perSecond: 0.001, burst: 1 },
      global: { perSecond: 1e6, burst: 1e6 },
      clientsMax: 10,
    };
    const budget = createMintBudget(limits);
    expect(budget.take('flood', t0).ok).toBe(true);
    for (let i = 0; i < 1_000; i++) {
      budget.take(`client ${i}`, t0 + i);
      expect(budget.take('flood', t0 + i).ok).toBe(false);
    }
  });

  it('grants within any time no more than its burst and what came to it since, for any hands and any clock', () => {
    const step = fc.record({
      client: fc.constantFrom('a', 'b', 'c'),
      afterMs: fc.integer({ min: 0, max: 700 }),
    });
    const rate = fc.record({
      perSecond: fc.integer({ min: 1, max: 20 }),
      burst: fc.integer({ min: 1, max: 10 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), rate, rate, (steps, client, global) => {
        const budget = createMintBudget({ client, global });
        let nowMs = t0;
        const taken = new Map<string, number>();
        let all = 0;
        for (const one of steps) {
          nowMs += one.afterMs;
          if (!budget.take(one.client, nowMs).ok) continue;
          all++;
          taken.set(one.client, (taken.get(one.client) ?? 0) + 1);
          const sinceMs = nowMs - t0;
          expect(all).toBeLessThanOrEqual(global.burst + (global.perSecond * sinceMs) / 1_000 + 0.01);
          const ofClient = client.burst + (client.perSecond * sinceMs) / 1_000 + 0.01;
          for (const count of taken.values()) expect(count).toBeLessThanOrEqual(ofClient);
        }
      }),
    );
  });

  it.each([
    { perSecond: 0, burst: 1 },
    { perSecond: 1, burst: 0 },
    { perSecond: Number.NaN, burst: 1 },
    { perSecond: 1, burst: Number.NaN },
  ])('refuses %j, which would never grant anything', (rate) => {
    expect(() => createMintBudget({ client: rate, global: wide })).toThrow(TypeError);
    expect(() => createMintBudget({ client: wide, global: rate })).toThrow(TypeError);
  });
});
