import { HDKey } from '@scure/bip32';
import { generateMnemonic, mnemonicToSeedSync, validateMnemonic } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { VaultError } from './vault-error.js';

/** Entropy of a new phrase: twelve words. */
const phraseEntropyBits = 128;

/** Twelve new words of BIP-39. Secret: whoever has them has every key that is derived from them. */
export function newPhrase(): string {
  return generateMnemonic(wordlist, phraseEntropyBits);
}

/**
 * A phrase as it was typed, in its one normal form: 12, 15, 18, 21 or 24 words of the English list whose checksum is
 * right.
 *
 * @throws {VaultError} `phrase_malformed`; the words are not repeated
 */
export function readPhrase(text: string): string {
  const words = text.normalize('NFKD').trim().toLowerCase().split(/\s+/);
  const unknown = words.findIndex((word) => !wordlist.includes(word));
  if (words.length % 3 !== 0 || words.length < 12 || words.length > 24) {
    throw malformed('It has 12, 15, 18, 21 or 24 words');
  }
  if (unknown >= 0) throw malformed(`Word ${unknown + 1} is not on the English list of BIP-39`);
  const phrase = words.join(' ');
  if (!validateMnemonic(phrase, wordlist))
    throw malformed('Its checksum is wrong: a word is wrong or misplaced');
  return phrase;
}

function malformed(why: string): VaultError {
  return new VaultError('phrase_malformed', `This is no BIP-39 phrase. ${why}.`);
}

/** The path of an account's Tempo key (BIP-44, coin type 60): the one that Ethereum wallets use. */
export function tempoKeyPath(index: number): string {
  return `m/44'/60'/0'/0/${index}`;
}

/** The Tempo keys of a phrase, by number: secp256k1, 32 bytes in hex with 0x. Secret. */
export function tempoKeysOf(phrase: string): (index: number) => `0x${string}` {
  // Stretching the phrase is the slow part, and the same for all of them.
  const parent = HDKey.fromMasterSeed(mnemonicToSeedSync(phrase)).derive("m/44'/60'/0'/0");
  return (index) => {
    const { privateKey } = parent.deriveChild(index);
    if (privateKey === null) throw new Error('A derived key has no private half.');
    return `0x${Buffer.from(privateKey).toString('hex')}`;
  };
}
