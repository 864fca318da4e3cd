import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyIndex } from './key-index.js';

function proposed(index: KeyIndex, print: number): number[] {
  const seqs: number[] = [];
  for (let seq = index.first(print); seq !== 0; seq = index.next()) seqs.push(seq);
  return seqs.sort((a, b) => a - b);
}

// Few prints, crowded in few slots and at the ends of tables, so that searches wrap around and cross.
const prints = fc.oneof(fc.constantFrom(0, 1, 63, 64, 127, 0xff_ffff, 0xffff_ffff), fc.nat(300));
const steps = fc.array(fc.tuple(fc.constantFrom('add', 'remove'), prints), { maxLength: 400 });

describe('KeyIndex', () => {
  it('proposes exactly what a plain map holds', () => {
    fc.assert(
      fc.property(steps, (taken) => {
        const index = new KeyIndex();
        const map = new Map<number, number[]>();
        taken.forEach(([what, print], at) => {
          const held = map.get(print) ?? [];
          if (what === 'add') {
            index.add(print, at + 1);
            map.set(print, [...held, at + 1]);
          } else {
            const last = held.at(-1);
            if (last === undefined) return;
            index.remove(print, last);
            map.set(print, held.slice(0, -1));
          }
        });
        for (const [print, held] of map) expect(proposed(index, print)).toEqual(held);
      }),
      { numRuns: 300 },
    );
  });

  it('keeps 200,000 keys through its growth', () => {
    const index = new KeyIndex();
    // An odd multiplier walks all of 32 bits without meeting itself.
    const printAt = (at: number): number => Math.imul(at, 2_654_435_761) >>> 0;
    for (let at = 1; at <= 200_000; at++) index.add(printAt(at), at);
    for (let at = 1; at <= 200_000; at++) {
      if (index.first(printAt(at)) !== at) throw new Error(`lost ${at}`);
    }
    expect(proposed(index, printAt(200_001))).toEqual([]);
  });

  it('does not fill up with what is taken back', () => {
    const index = new KeyIndex();
    index.add(7, 1);
    for (let at = 0; at < 100_000; at++) {
      index.add(at % 64, 2);
      index.remove(at % 64, 2);
    }
    expect(proposed(index, 7)).toEqual([1]);
    expect(proposed(index, 8)).toEqual([]);
  });

  it('loaded at once, holds the same, and names those that look alike', () => {
    const listed = fc.array(fc.tuple(prints, fc.nat(2)), { maxLength: 300 });
    fc.assert(
      fc.property(fc.array(listed, { maxLength: 4 }), fc.boolean(), (lists, numbered) => {
        let next = 1;
        const held: { print: number; extra: number; seq: number }[] = [];
        const loaded = lists.map((list) => {
          const first = next;
          // Every other one has left, where they are numbered one by one.
          const stride = numbered ? 2 : 1;
          const seqs = list.map((_, at) => first + at * stride);
          next += list.length * stride;
          list.forEach(([print, extra], at) => {
            held.push({ print, extra, seq: seqs[at] ?? 0 });
          });
          return {
            prints: Uint32Array.from(list, ([print]) => print),
            extras: Uint8Array.from(list, ([, extra]) => extra),
            seqs: numbered ? Uint32Array.from(seqs) : undefined,
            first,
          };
        });
        const index = new KeyIndex();
        const alike: string[] = [];
        index.load(loaded, (one, other) => alike.push([one, other].sort((a, b) => a - b).join(' ')));
        const twins = held.flatMap((one, at) =>
          held
            .slice(at + 1)
            .filter(({ print, extra }) => print === one.print && extra === one.extra)
            .map((other) => `${one.seq} ${other.seq}`),
        );
        expect(alike.sort()).toEqual(twins.sort());
        for (const { print } of held) {
          const seqs = held.filter((each) => each.print === print).map(({ seq }) => seq);
          expect(proposed(index, print)).toEqual(seqs.sort((a, b) => a - b));
        }
        // And it goes on growing from there.
        for (let at = 0; at < 200; at++) index.add(1_000_000 + at, 100_000 + at);
        for (let at = 0; at < 200; at++) expect(index.first(1_000_000 + at)).toBe(100_000 + at);
      }),
      { numRuns: 100 },
    );
  });
});
