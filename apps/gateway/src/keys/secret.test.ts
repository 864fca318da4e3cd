import { describe, expect, it } from 'vitest';
import { drawSecret, hashSecret, isKeyShaped, keyPrefixDefault, shownPart } from './secret.js';

describe('a drawn key', () => {
  it('is its prefix and 32 characters of base58, never the same twice', () => {
    const drawn = Array.from({ length: 500 }, () => drawSecret(keyPrefixDefault));
    for (const secret of drawn) {
      expect(secret).toMatch(/^fb_live_[1-9A-HJ-NP-Za-km-z]{32}$/);
      expect(isKeyShaped(secret)).toBe(true);
    }
    expect(new Set(drawn).size).toBe(500);
  });

  it('uses every character of the alphabet about as often', () => {
    const counts = new Map<string, number>();
    for (let i = 0; i < 2_000; i++)
      for (const character of drawSecret('k').slice(1))
        counts.set(character, (counts.get(character) ?? 0) + 1);
    // 64,000 characters of 58: 1,103 each, give or take 33; ten times that is no chance.
    expect(counts.size).toBe(58);
    for (const count of counts.values()) expect(Math.abs(count - 1_103)).toBeLessThan(330);
  });

  it('shows its prefix and four characters', () => {
    const secret = drawSecret('acme_');
    expect(shownPart(secret)).toBe(secret.slice(0, 9));
  });

  it('is kept as a SHA-256', () => {
    expect(hashSecret('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });
});

it.each([
  '',
  'fb_live_',
  'x'.repeat(10_000),
  `fb_live_${'0'.repeat(32)}`,
  'a, b',
  `fb_live_${'l'.repeat(32)}`,
  '\u0000',
])('%j can be no key', (text) => {
  expect(isKeyShaped(text)).toBe(false);
});
