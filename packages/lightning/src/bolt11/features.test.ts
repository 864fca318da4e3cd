import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkFeatures, readFeatures, writeFeatures } from './features.js';

describe('feature bits', () => {
  it('are numbered from the least significant bit of the last word', () => {
    // BOLT 11, "sgq": b100000100000000
    expect(readFeatures(Uint8Array.of(16, 8, 0), 0, 3)).toEqual([8, 14]);
    expect(writeFeatures([8, 14])).toEqual(Uint8Array.of(16, 8, 0));
    expect(writeFeatures([])).toEqual(new Uint8Array());
  });

  it('are read as they were written, in as few words as hold them', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(300), { maxLength: 30 }), (bits) => {
        const words = writeFeatures(bits);
        expect(readFeatures(words, 0, words.length)).toEqual([...bits].sort((a, b) => a - b));
        expect(words[0]).not.toBe(0);
      }),
    );
  });

  it.each([
    ['none', []],
    ['every one that BOLT 9 assigns to invoices, required', [8, 14, 16, 24, 36, 48]],
    ['unknown odd ones', [8, 14, 99, 101, 149]],
    ['multi-part, optional', [9, 15, 17]],
    ['both bits of a pair', [8, 9, 14, 15]],
  ])('allow payment: %s', (_, bits) => expect(checkFeatures(bits)).toEqual({ ok: true, value: true }));

  it.each([
    ['an unknown even one', [8, 14, 100], 'feature_unknown'],
    ['one that BOLT 9 assigns, but not to invoices', [8, 12, 14], 'feature_unknown'],
    ['bit 0', [0], 'feature_unknown'],
    ['multi-part without payment secret', [8, 17], 'feature_dependency'],
    ['required multi-part without payment secret', [8, 16], 'feature_dependency'],
  ])('forbid payment: %s', (_, bits, code) => expect(checkFeatures(bits)).toMatchObject({ ok: false, code }));
});
