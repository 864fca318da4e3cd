import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBase64url, decodeBase64urlText, encodeBase64url, isBase64url } from './base64url.js';
import { decodePortable, encodePortable } from './base64url-portable.js';
import { anyString, fuzzRuns, mutated, text } from './testing/arbitrary.js';
import { base64urlVectors } from './vectors/rfc.js';

const bytesMax = 4096;

describe('base64url, RFC 4648 §5', () => {
  it.each(base64urlVectors)('%j is %j', (plain, encoded) => {
    expect(encodeBase64url(plain)).toBe(encoded);
    expect(decodeBase64urlText(encoded, bytesMax)).toBe(plain);
  });

  it('uses the characters of the URL-safe alphabet', () => {
    expect(encodeBase64url('>>>???')).toBe('Pj4-Pz8_');
    expect(encodeBase64url(new Uint8Array([0xfb, 0xff, 0xfe]))).toBe('-__-');
  });

  it('encodes only the bytes of the view it is given', () => {
    expect(encodeBase64url(new Uint8Array([1, 2, 3, 4]).subarray(1, 3))).toBe('AgM');
  });

  it.each(['Zg==', 'Zm8='])('accepts right padding: %s', (padded) => {
    expect(decodeBase64urlText(padded, bytesMax)).toMatch(/^fo?$/);
  });

  it.each([
    ['wrong padding', 'Zg='],
    ['padding only', '===='],
    ['too much padding', 'Zm9v===='],
    ['padding after a full group', 'Zm9v='],
    ['padding inside', 'Zg==Zg=='],
    ['an impossible length', 'Zm9vY'],
    ['one character', 'Z'],
    ['the other alphabet', 'Pj4+'],
    ['the other alphabet, slash', 'Pz8/'],
    ['a blank', 'Zm 9v'],
    ['a line break', 'Zm9v\n'],
    ['a character beyond ASCII', 'Zm9\u0176'],
    ['a full-width letter', 'Zm9\uff21'],
    ['spare bits of two characters', 'Zh'],
    ['spare bits of three characters', 'Zm9'],
  ])('refuses %s', (_, encoded) => {
    expect(decodeBase64url(encoded, bytesMax)).toBeUndefined();
    // Text and bytes are decoded in different ways.
    expect(decodeBase64urlText(encoded, bytesMax)).toBeUndefined();
  });

  it.each([
    'Zm9\u0176',
    '\u0141\u0141\u0141\u0141',
    'Zm9\u00f6',
    'Zm9!',
    'Zm9vY!',
    'Zm9vY\u0141',
    'Zm9v!',
    'Zm 9',
    'Zg==',
  ])('does not take %j for its alphabet', (text) => {
    expect(isBase64url(text)).toBe(false);
  });

  it('gives each sequence of bytes exactly one text', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const accepted = [...alphabet].flatMap((a) => [...alphabet].map((b) => a + b));
    expect(accepted.filter((pair) => decodeBase64url(pair, 1) !== undefined)).toHaveLength(256);
  });

  it('bounds the bytes', () => {
    const encoded = encodeBase64url(new Uint8Array(100));
    expect(decodeBase64url(encoded, 100)).toHaveLength(100);
    expect(decodeBase64url(encoded, 99)).toBeUndefined();
    expect(decodeBase64url('A'.repeat(10_000_000), 99)).toBeUndefined();
    expect(decodeBase64url('', 0)).toHaveLength(0);
    expect(decodeBase64url('AA', 0)).toBeUndefined();
  });

  it.each([
    ['a lone 0xFF', [0xff]],
    ['an overlong form', [0xc0, 0xaf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['a cut sequence', [0xe2, 0x82]],
    ['beyond U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
  ])('refuses invalid UTF-8: %s', (_, bytes) => {
    const encoded = encodeBase64url(new Uint8Array(bytes));
    expect(decodeBase64url(encoded, 8)).toEqual(Buffer.from(bytes));
    expect(decodeBase64urlText(encoded, 8)).toBeUndefined();
  });

  it('keeps a replacement character and a byte order mark that are really there', () => {
    for (const kept of ['\ufffd', '\ufeffx', 'a\ufffdb\ufeff']) {
      expect(decodeBase64urlText(encodeBase64url(kept), 32)).toBe(kept);
    }
  });

  it('knows its alphabet', () => {
    expect(isBase64url('AZaz09-_')).toBe(true);
    for (const not of ['a=', 'a+', 'a/', 'a ', 'é']) expect(isBase64url(not)).toBe(false);
  });
});

describe('a longer text, which is looked at by decoding it', () => {
  const long = encodeBase64url('x'.repeat(300));

  it('is refused for any character that is none of its alphabet, wherever it stands', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const codes = [...Array(0x300).keys(), 0x2028, 0xd800, 0xdc00, 0xfeff, 0xff21, 0xffff];
    const others = codes.map((code) => String.fromCharCode(code)).filter((unit) => !alphabet.includes(unit));
    for (const other of others) {
      for (const at of [0, 1, 201, long.length - 1]) {
        const spoilt = [
          long.slice(0, at) + other + long.slice(at + 1),
          long.slice(0, at) + other + long.slice(at),
        ];
        for (const not of spoilt) {
          expect(isBase64url(not)).toBe(false);
          // At the end, the right number of these is padding.
          if (other !== '=') expect(decodeBase64urlText(not, bytesMax)).toBeUndefined();
        }
      }
    }
    expect(isBase64url(long)).toBe(true);
    expect(isBase64url(long.slice(1))).toBe(true);
    expect(isBase64url(`${long}A`)).toBe(true); // of the alphabet, though no bytes have this text
    expect(decodeBase64urlText(`${long}A`, bytesMax)).toBeUndefined();
  });

  it('is decoded the same whatever was looked at, decoded or encoded before', () => {
    const texts = ['é'.repeat(100), 'b'.repeat(301), 'c'.repeat(299), '', 'short'];
    const wires = [
      ...texts.map(encodeBase64url),
      `${long.slice(1)}!`,
      `${long}B`,
      encodeBase64url(new Uint8Array(200).fill(255)),
    ];
    const steps: ((wire: string) => unknown)[] = [
      (wire) => isBase64url(wire),
      (wire) => decodeBase64urlText(wire, bytesMax),
      (wire) => decodeBase64urlText(wire, 10),
      (wire) => encodeBase64url(wire),
    ];
    const expected = new Map(wires.map((wire) => [wire, judge(wire)]));
    const use = fc.tuple(fc.constantFrom(...wires), fc.constantFrom(...steps));
    fc.assert(
      fc.property(
        fc.array(use, { minLength: 1, maxLength: 4 }),
        fc.constantFrom(...wires),
        (before, wire) => {
          for (const [other, step] of before) step(other);
          expect(decodeBase64urlText(wire, bytesMax)).toBe(expected.get(wire));
        },
      ),
      fuzzRuns,
    );
  });

  /** By a way of its own. */
  function judge(wire: string): string | undefined {
    const bytes = Buffer.from(wire, 'base64url');
    const plain = bytes.toString('utf8');
    return bytes.toString('base64url') === wire && Buffer.from(plain).equals(bytes) ? plain : undefined;
  }
});

describe('base64url, properties', () => {
  it('bytes come back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const encoded = encodeBase64url(bytes);
        expect(new Uint8Array(decodeBase64url(encoded, 300) ?? [])).toEqual(bytes);
      }),
      fuzzRuns,
    );
  });

  it('well-formed text comes back', () => {
    fc.assert(
      fc.property(text, (plain) => {
        expect(decodeBase64urlText(encodeBase64url(plain), bytesMax)).toBe(plain);
      }),
      fuzzRuns,
    );
  });

  it('the portable way gives what Buffer gives', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const encoded = Buffer.from(bytes).toString('base64url');
        expect(encodePortable(bytes)).toBe(encoded);
        expect(decodePortable(encoded)).toEqual(bytes);
      }),
      fuzzRuns,
    );
  });

  it('what is accepted encodes to itself, without its padding', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          anyString,
          mutated(text.map(encodeBase64url)),
          fc.string({ unit: fc.constantFrom('A', 'w', '=', '_') }),
        ),
        (input) => {
          const bytes = decodeBase64url(input, bytesMax);
          if (bytes !== undefined) expect(encodeBase64url(bytes)).toBe(input.replace(/=+$/, ''));
        },
      ),
      fuzzRuns,
    );
  });
});
