import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Dated, mergedEntries } from './merge-entries.js';

interface Named extends Dated {
  readonly opens: boolean;
  readonly place: number;
}

const named = (opens: boolean, entries: readonly Dated[]): Named[] =>
  entries.map((entry, place) => ({ ...entry, opens, place }));

async function* streamOf<T>(items: readonly T[]): AsyncGenerator<T, void, undefined> {
  yield* items;
}

async function merged(openings: readonly Dated[], later: readonly Dated[]): Promise<Named[]> {
  const all: Named[] = [];
  for await (const entry of mergedEntries(streamOf(named(true, openings)), streamOf(named(false, later))))
    all.push(entry);
  return all;
}

const places = (entries: readonly Named[], opens: boolean): number[] =>
  entries.filter((entry) => entry.opens === opens).map(({ place }) => place);

describe('mergedEntries', () => {
  it('goes by time', async () => {
    const openings = [1, 2, 3, 4].map((seq) => ({ seq, atMs: seq * 10 }));
    const later = [
      { seq: 1, atMs: 15 },
      { seq: 2, atMs: 35 },
      { seq: 1, atMs: 99 },
    ];
    expect((await merged(openings, later)).map(({ atMs }) => atMs)).toEqual([10, 15, 20, 30, 35, 40, 99]);
  });

  it('reorders neither, loses nothing, and lets no claim move before it opens, whatever the clocks say', async () => {
    const times = fc.array(fc.nat(50), { maxLength: 30 });
    const entries = fc.array(fc.record({ seq: fc.integer({ min: 1, max: 30 }), atMs: fc.nat(50) }), {
      maxLength: 30,
    });
    await fc.assert(
      fc.asyncProperty(times, entries, async (created, later) => {
        const openings = created.map((atMs, at) => ({ seq: at + 1, atMs }));
        const all = await merged(openings, later);
        expect(places(all, true)).toEqual(openings.map((_, at) => at));
        expect(places(all, false)).toEqual(later.map((_, at) => at));
        all.forEach((entry, at) => {
          const opening = all.findIndex(({ opens, seq }) => opens && seq === entry.seq);
          if (!entry.opens && opening >= 0) expect(opening).toBeLessThan(at);
        });
      }),
    );
  });

  it('ends both when it is no longer read', async () => {
    const ended: string[] = [];
    async function* endless(name: string): AsyncGenerator<Dated, void, undefined> {
      try {
        for (let n = 1; ; n++) yield { seq: n, atMs: n };
      } finally {
        ended.push(name);
      }
    }
    for await (const entry of mergedEntries(endless('openings'), endless('later')))
      if (entry.atMs === 5) break;
    expect(ended.sort()).toEqual(['later', 'openings']);
  });
});
