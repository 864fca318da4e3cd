import { hash, randomBytes } from 'node:crypto';

/** What keys begin with unless the configuration says otherwise: people and secret scanners recognise them by it. */
export const keyPrefixDefault = 'fb_live_';
/** Random characters of a key: 187 bits. */
export const secretCharsRandom = 32;
/** Random characters that are shown later on, so that people can tell keys apart: 23 bits of the 187. */
export const shownCharsRandom = 4;
/** How a prefix may look. */
export const PREFIX_PATTERN = /^[A-Za-z][A-Za-z0-9_-]{0,31}$/;

const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const keyPattern = /^[A-Za-z][A-Za-z0-9_-]{0,31}[1-9A-HJ-NP-Za-km-z]{32}$/;
/** Bytes from here on would make some characters likelier than others. */
const byteLimit = 256 - (256 % alphabet.length);

function randomText(chars: number): string {
  let text = '';
  while (text.length < chars) {
    for (const byte of randomBytes(2 * chars)) {
      if (byte < byteLimit && text.length < chars) text += alphabet[byte % alphabet.length];
    }
  }
  return text;
}

/** Draws a key: the prefix and {@link secretCharsRandom} characters of base58. It is shown once and kept nowhere. */
export function drawSecret(prefix: string): string {
  return prefix + randomText(secretCharsRandom);
}

/** Draws the name of a key, which opens nothing: `key_` and 12 characters. */
export function drawKeyId(): string {
  return `key_${randomText(12)}`;
}

/** The beginning of a key, by which people recognise it. */
export function shownPart(secret: string): string {
  return secret.slice(0, secret.length - secretCharsRandom + shownCharsRandom);
}

/** False for what can be no key, whatever its prefix: such a text is refused without asking the store. */
export function isKeyShaped(text: string): boolean {
  return keyPattern.test(text);
}

/**
 * What is kept of a key. A plain SHA-256, because 187 random bits cannot be guessed: a slow hash protects what people
 * choose, and here it would only let strangers make the gateway work.
 */
export function hashSecret(secret: string): string {
  return hash('sha256', secret, 'hex');
}
