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
