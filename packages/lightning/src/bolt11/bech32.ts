import { type Result, refuse } from '@farebox/protocol';

/** Characters of the longest invoice that is read: the most that any QR code can hold. */
export const invoiceCharsMax = 7_089;

/** Characters of the human-readable part (BIP 173). */
export const prefixCharsMax = 83;

const checksumWords = 6;
const alphabet = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const lowerCase = 0x20;
const upperCase = 0x40;
const bothCases = lowerCase | upperCase;
const notInAlphabet = 0x80;

/** By character code: the word's value in five bits, and above it the case of the character. */
const words = new Uint8Array(128).fill(notInAlphabet);
for (let value = 0; value < alphabet.length; value++) {
  const lower = alphabet.charCodeAt(value);
  const upper = alphabet.toUpperCase().charCodeAt(value);
  words[lower] = value | (lower === upper ? 0 : lowerCase);
  if (lower !== upper) words[upper] = value | upperCase;
}

/** By the five bits that leave the register: what has to be added to it (the generator of BIP 173, folded). */
const generator = new Int32Array(32);
for (let top = 0; top < 32; top++) {
  const terms = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
  for (const [bit, term] of terms.entries())
    if ((top >> bit) & 1) generator[top] = (generator[top] ?? 0) ^ term;
}

function step(register: number, word: number): number {
  return ((register & 0x1ffffff) << 5) ^ word ^ (generator[register >>> 25] ?? 0);
}

function prefixRegister(prefix: string): number {
  let register = 1;
  for (let i = 0; i < prefix.length; i++) register = step(register, prefix.charCodeAt(i) >> 5);
  register = step(register, 0);
  for (let i = 0; i < prefix.length; i++) register = step(register, prefix.charCodeAt(i) & 31);
  return register;
}

/** A bech32 string in its two parts; the checksum has been checked and is left out. */
export interface Bech32 {
  /** Human-readable part, lowercase. */
  readonly prefix: string;
  /** Five-bit words, 0 to 31 each. */
  readonly words: Uint8Array;
}

/**
 * Reads bech32 (BIP 173, without its limit of 90 characters, as BOLT 11 asks). All lowercase or all uppercase.
 *
 * Codes: `too_long`, `too_short`, `separator_missing`, `prefix_malformed`, `character_invalid`, `mixed_case`,
 * `checksum_wrong`.
 *
 * @example
 * ```ts
 * import { decodeBech32 } from '@farebox/lightning';
 * const read = decodeBech32('A12UEL5L');
 * if (read.ok) console.log(read.value.prefix); // a
 * ```
 */
export function decodeBech32(text: string): Result<Bech32> {
  if (text.length > invoiceCharsMax) return refuse('too_long', `More than ${invoiceCharsMax} characters`);
  const separator = text.lastIndexOf('1');
  if (separator < 0) return refuse('separator_missing', 'There is no "1" between prefix and data');
  if (separator === 0 || separator > prefixCharsMax) {
    return refuse('prefix_malformed', `The prefix must have 1 to ${prefixCharsMax} characters`);
  }
  const count = text.length - separator - 1;
  if (count < checksumWords) return refuse('too_short', 'The data part is shorter than its checksum');

  let seen = 0;
  for (let i = 0; i < separator; i++) {
    const code = text.charCodeAt(i);
    if (code < 33 || code > 126) return refuse('prefix_malformed', 'The prefix has an unprintable character');
    if (code >= 97 && code <= 122) seen |= lowerCase;
    else if (code >= 65 && code <= 90) seen |= upperCase;
  }
  const given = text.slice(0, separator);
  const prefix = (seen & upperCase) === 0 ? given : given.toLowerCase();

  const data = new Uint8Array(count);
  let register = prefixRegister(prefix);
  for (let i = 0; i < count; i++) {
    const code = text.charCodeAt(separator + 1 + i);
    const entry = code < 128 ? (words[code] ?? notInAlphabet) : notInAlphabet;
    if (entry === notInAlphabet) {
      return refuse('character_invalid', `Character ${separator + 2 + i} is not in the bech32 alphabet`);
    }
    seen |= entry;
    const word = entry & 31;
    data[i] = word;
    register = step(register, word);
  }
  if ((seen & bothCases) === bothCases) return refuse('mixed_case', 'Upper and lower case are mixed');
  if (register !== 1)
    return refuse('checksum_wrong', 'The checksum does not match: a character was changed or lost');
  return { ok: true, value: { prefix, words: data.subarray(0, count - checksumWords) } };
}

/**
 * Writes bech32 in lowercase. The prefix must be lowercase printable ASCII, the words 0 to 31; anything else is a
 * fault of the caller and gives a string that {@link decodeBech32} refuses.
 *
 * @example
 * ```ts
 * import { encodeBech32 } from '@farebox/lightning';
 * console.log(encodeBech32('a', new Uint8Array())); // a12uel5l
 * ```
 */
export function encodeBech32(prefix: string, data: Uint8Array): string {
  let register = prefixRegister(prefix);
  let text = `${prefix}1`;
  for (const word of data) {
    register = step(register, word & 31);
    text += alphabet.charAt(word & 31);
  }
  for (let i = 0; i < checksumWords; i++) register = step(register, 0);
  register ^= 1;
  for (let i = 0; i < checksumWords; i++) text += alphabet.charAt((register >>> (5 * (5 - i))) & 31);
  return text;
}
