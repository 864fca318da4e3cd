import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IdSet, RecentIds, recentIdsMax } from './id-tables.js';

const idOf = (n: number) => createHash('sha256').update(String(n)).digest('base64url');

describe('IdSet', () => {
  it('is a set, whatever goes in and out', () => {
    const actions = fc.array(fc.tuple(fc.boolean(), fc.nat(400)), { maxLength: 2_000 });
    fc.assert(
      fc.property(actions, (steps) => {
        const [set, model] = [new IdSet(), new Set<string>()];
        for (const [add, n] of steps) {
          const id = idOf(n);
          if (add) expect(set.add(id)).toBe(!model.has(id));
          else set.delete(id);
          if (add) model.add(id);
          else model.delete(id);
          expect(set.size).toBe(model.size);
        }
        for (const id of model) expect(set.add(id)).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  it('keeps apart ids that begin alike', () => {
    const set = new IdSet();
    const ids = Array.from({ length: 300 }, (_, n) => `AAAAA${idOf(n).slice(5)}`);
    for (const id of ids) expect(set.add(id)).toBe(true);
    for (const id of ids.slice(0, 150)) set.delete(id);
    for (const id of ids.slice(150)) expect(set.add(id)).toBe(false);
    for (const id of ids.slice(0, 150)) expect(set.add(id)).toBe(true);
  });
});

describe('RecentIds', () => {
  it('remembers what was just put in, and never what was not', () => {
    const recent = new RecentIds();
    for (let n = 0; n < 200_000; n++) {
      const id = idOf(n);
      expect(recent.has(id)).toBe(false);
      recent.add(id);
      expect(recent.has(id)).toBe(true);
    }
  });

  it('does not know the id of zeros before it was put in', () => {
    expect(new RecentIds().has('A'.repeat(43))).toBe(false);
  });

  it('forgets the older of two that share a place', () => {
    const recent = new RecentIds();
    const ids = Array.from({ length: recentIdsMax / 64 }, (_, n) => `AAAAA${idOf(n).slice(5)}`);
    for (const id of ids) recent.add(id);
    expect(ids.filter((id) => recent.has(id))).toEqual(ids.slice(-1));
  });
});
