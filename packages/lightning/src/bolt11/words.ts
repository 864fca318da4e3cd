/** Five-bit words and what stands in them: bytes, hex and numbers. */

const fieldBytesMax = 640;
const scratch = Buffer.alloc(fieldBytesMax);

/** Writes the whole bytes of `words[start..end)` to `target` and returns how many; left-over bits are dropped. */
function fill(target: Uint8Array, words: Uint8Array, start: number, end: number): number {
  let bits = 0;
  let held = 0;
  let count = 0;
  for (let i = start; i < end; i++) {
    held = ((held << 5) | (words[i] ?? 0)) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      target[count++] = held >> bits;
    }
  }
  return count;
}

/** The whole bytes in `words[start..end)`. */
export function wordsToBytes(words: Uint8Array, start: number, end: number): Buffer {
  const bytes = Buffer.alloc(((end - start) * 5) >> 3);
  fill(bytes, words, start, end);
  return bytes;
}

/** As {@link wordsToBytes}, in lowercase hex; for one tagged field (at most 1,023 words). */
export function wordsToHex(words: Uint8Array, start: number, end: number): string {
  const count = fill(scratch, words, start, end);
  return scratch.toString('hex', 0, count);
}

/** The bytes that are signed: as {@link wordsToBytes}, but padded with 0 bits to a byte. */
export function wordsToPaddedBytes(words: Uint8Array, start: number, end: number): Buffer {
  const bits = (end - start) * 5;
  const bytes = Buffer.alloc((bits + 7) >> 3);
  const whole = fill(bytes, words, start, end);
  const rest = bits & 7;
  // One or two words reach into the last byte; what is left of them moves to its top.
  if (rest !== 0) {
    const held = ((words[end - 2] ?? 0) << 5) | (words[end - 1] ?? 0);
    bytes[whole] = (held << (8 - rest)) & 0xff;
  }
  return bytes;
}

/** Big-endian number in `words[start..end)`; exact up to ten words. */
export function wordsToNumber(words: Uint8Array, start: number, end: number): number {
  let number = 0;
  for (let i = start; i < end; i++) number = number * 32 + (words[i] ?? 0);
  return number;
}

/** Bytes as five-bit words, padded with 0 bits. */
export function bytesToWords(bytes: Uint8Array): Uint8Array {
  const words = new Uint8Array(Math.ceil((bytes.length * 8) / 5));
  let bits = 0;
  let held = 0;
  let count = 0;
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      words[count++] = (held >> bits) & 31;
    }
  }
  if (bits > 0) words[count] = (held << (5 - bits)) & 31;
  return words;
}

/** A number in as few words as hold it; 0 takes one. */
export function numberToWords(number: number): Uint8Array {
  const words: number[] = [];
  let rest = number;
  do {
    words.unshift(rest % 32);
    rest = Math.floor(rest / 32);
  } while (rest > 0);
  return Uint8Array.from(words);
}
