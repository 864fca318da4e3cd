import { bech32 } from '@scure/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBech32, encodeBech32, invoiceCharsMax } from './bech32.js';

describe('decodeBech32, by the vectors of BIP 173', () => {
  it.each([
    'A12UEL5L',
    'a12uel5l',
    'an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs',
    'abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw',
    '11qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqc8247j',
    'split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w',
    '?1ezyfcl',
  ])('takes %s', (text) => {
    const decoded = decodeBech32(text);
    if (!decoded.ok) throw new Error(decoded.detail);
    expect(encodeBech32(decoded.value.prefix, decoded.value.words)).toBe(text.toLowerCase());
  });

  it.each([
    ['\u00201nwldj5', 'prefix_malformed'],
    ['\u007f1axkwrx', 'prefix_malformed'],
    ['\u00801eym55h', 'prefix_malformed'],
    [
      'an84characterslonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1569pvx',
      'prefix_malformed',
    ],
    ['pzry9x0s0muk', 'separator_missing'],
    ['1pzry9x0s0muk', 'prefix_malformed'],
    ['x1b4n0q5v', 'character_invalid'],
    ['li1dgmt3', 'too_short'],
    ['de1lg7wt\u00ff', 'character_invalid'],
    ['A1G7SGD8', 'checksum_wrong'],
    ['10a06t8', 'prefix_malformed'],
    ['1qzzfhee', 'prefix_malformed'],
    ['a12UEL5L', 'mixed_case'],
    ['', 'separator_missing'],
  ])('refuses %j with %s', (text, code) => {
    expect(decodeBech32(text)).toMatchObject({ ok: false, code });
  });

  it('refuses a string that is too long before it reads it', () => {
    expect(decodeBech32(`ln1${'q'.repeat(invoiceCharsMax)}`)).toMatchObject({ ok: false, code: 'too_long' });
  });
});

describe('bech32 beside @scure/base', () => {
  const prefixes = fc.string({
    unit: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz0123456789!?~-'),
    minLength: 1,
    maxLength: 83,
  });
  const words = fc.uint8Array({ min: 0, max: 31, maxLength: 600 });

  it('writes the same text, and reads it back in both cases', () => {
    fc.assert(
      fc.property(prefixes, words, (prefix, data) => {
        const text = encodeBech32(prefix, data);
        expect(text).toBe(bech32.encode(prefix, data, false));
        for (const written of [text, text.toUpperCase()]) {
          expect(decodeBech32(written)).toEqual({ ok: true, value: { prefix, words: data } });
        }
      }),
    );
  });

  it('takes and refuses the same texts', () => {
    const near = fc
      .tuple(prefixes, words, fc.nat(), fc.string({ minLength: 0, maxLength: 2 }))
      .map(([prefix, data, at, change]) => {
        const text = encodeBech32(prefix, data);
        const position = at % text.length;
        return text.slice(0, position) + change + text.slice(position + 1);
      });
    fc.assert(
      fc.property(fc.oneof(near, fc.string({ unit: 'binary' })), (text) => {
        const oracle = bech32.decodeUnsafe(text, false);
        const ours = decodeBech32(text);
        // The oracle has no limit of 83 characters for the prefix.
        if (!ours.ok && ours.code === 'prefix_malformed' && text.lastIndexOf('1') > 83) return;
        expect(ours.ok ? [ours.value.prefix, [...ours.value.words]] : undefined).toEqual(
          oracle === undefined ? undefined : [oracle.prefix, [...oracle.words]],
        );
      }),
    );
  });
});
