import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Entry } from '../books.js';
import { all } from '../testing/under-test.js';
import { mergedEntries } from './merge-entries.js';

function entry(seq: number, atMs: number, debit: Entry['debit']): Entry {
  const amount = { amount: 1n, currency: 'sat' };
  return { seq, atMs, debit, credit: 'revenue', method: 'lightning', route: 'GET /', amount };
}

async function* streamOf(entries: readonly Entry[]): AsyncGenerator<Entry> {
  yield* entries;
}

// Openings of claims 1, 2, … and later entries of any of them; the clock may go back now and then.
const times = fc.array(fc.nat(30), { maxLength: 12 });
const laters = fc.array(fc.tuple(fc.nat(30), fc.nat(11)), { maxLength: 20 });

describe('mergedEntries', () => {
  it('keeps both orders, loses nothing, and never puts an entry before its claim came into being', async () => {
    await fc.assert(
      fc.asyncProperty(times, laters, async (openedMs, moved) => {
        const openings = openedMs.map((atMs, at) => entry(at + 1, atMs, 'received'));
        const later = moved.flatMap(([atMs, at]) =>
          at < openings.length ? [entry(at + 1, atMs, 'owed')] : [],
        );
        const merged = await all(mergedEntries(streamOf(openings), streamOf(later)));
        expect(merged.filter(({ debit }) => debit === 'received')).toEqual(openings);
        expect(merged.filter(({ debit }) => debit === 'owed')).toEqual(later);
        merged.forEach(({ seq, debit }, at) => {
          if (debit === 'owed') expect(merged.slice(0, at).some((each) => each.seq === seq)).toBe(true);
        });
      }),
    );
  });

  it('is in the order of time where the clock went forward', async () => {
    const openings = [10, 20, 30, 40].map((atMs, at) => entry(at + 1, atMs, 'received'));
    const later = [entry(1, 15, 'owed'), entry(3, 30, 'owed'), entry(1, 35, 'revenue'), entry(2, 90, 'owed')];
    const merged = await all(mergedEntries(streamOf(openings), streamOf(later)));
    expect(merged.map(({ atMs }) => atMs)).toEqual([10, 15, 20, 30, 30, 35, 40, 90]);
  });
});
