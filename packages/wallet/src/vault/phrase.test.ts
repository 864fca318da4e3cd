import { describe, expect, it } from 'vitest';
import { newPhrase, readPhrase, tempoKeyPath, tempoKeysOf } from './phrase.js';
import { VaultError } from './vault-error.js';

const known = 'test test test test test test test test test test test junk';

describe('a phrase', () => {
  // The accounts that every Ethereum tool derives from this phrase.
  it.each([
    [0, '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'],
    [1, '0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d'],
    [9, '0x2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6'],
  ])('gives account %i the key that other wallets give it', (index, key) => {
    expect(tempoKeysOf(known)(index)).toBe(key);
    expect(tempoKeyPath(index)).toBe(`m/44'/60'/0'/0/${index}`);
  });

  it('that is new has twelve words and can be read', () => {
    const phrases = Array.from({ length: 8 }, newPhrase);
    expect(new Set(phrases).size).toBe(8);
    for (const phrase of phrases) {
      expect(phrase.split(' ')).toHaveLength(12);
      expect(readPhrase(phrase)).toBe(phrase);
    }
  });

  it('is read as people type it', () => {
    expect(readPhrase(`  ${known.toUpperCase().replaceAll(' ', '\n\t ')} \n`)).toBe(known);
  });

  it.each([
    ['too few words', 'test test test'],
    ['eleven of twelve', known.split(' ').slice(1).join(' ')],
    ['a word that is none', known.replace('junk', 'hunter2')],
    ['a wrong checksum', known.replace('junk', 'test')],
    ['nothing', ''],
    ['a very long text', 'test '.repeat(5_000)],
  ])('with %s is refused, and not repeated', (_what, text) => {
    try {
      readPhrase(text);
    } catch (error) {
      if (!(error instanceof VaultError)) throw error;
      expect(error.code).toBe('phrase_malformed');
      expect(error.message).not.toMatch(/hunter2|junk|test/);
      return;
    }
    throw new Error('It was taken.');
  });
});
