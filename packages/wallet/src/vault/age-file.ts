import { Decrypter, Encrypter } from 'age-encryption';
import {
  passphraseRecipient,
  stanzaIdentity,
  unwrapWithPassphrase,
  workFactorMax,
  workFactorMin,
} from './age-passphrase.js';
import { VaultError } from './vault-error.js';

/** What opens one file: a passphrase, or the file's own key as an earlier opening found it. */
export type VaultOpener = { readonly passphrase: string } | { readonly fileKey: Uint8Array };

/** An opened file. */
export interface OpenedAge {
  readonly text: string;
  /** Secret: opens this very file and no other. */
  readonly fileKey: Uint8Array;
  /** Cost of a guess, as a power of two. Absent where the file was opened by its key. */
  readonly workFactor: number;
}

/** Fewest characters of a passphrase; five random words have more. */
export const passphraseCharsMin = 8;
/** Longest passphrase, bytes of UTF-8. */
export const passphraseBytesMax = 1_024;

/**
 * Refuses what is no passphrase to encrypt with: too short, too long, or of more than one line.
 *
 * @throws {VaultError} `passphrase_unfit`
 */
export function checkNewPassphrase(passphrase: string): void {
  if ([...passphrase].length < passphraseCharsMin) {
    const message = `A passphrase has at least ${passphraseCharsMin} characters; five random words are a good one.`;
    throw new VaultError('passphrase_unfit', message);
  }
  if (Buffer.byteLength(passphrase) > passphraseBytesMax || /[\0\r\n]/.test(passphrase)) {
    const message = `A passphrase is one line of at most ${passphraseBytesMax} bytes.`;
    throw new VaultError('passphrase_unfit', message);
  }
}

/** Encrypts a text as an age file that `age --decrypt` opens with the same passphrase. */
export async function encryptText(text: string, passphrase: string, workFactor: number): Promise<Uint8Array> {
  if (!Number.isInteger(workFactor) || workFactor < workFactorMin || workFactor > workFactorMax) {
    throw new RangeError(`The work factor is a whole number from ${workFactorMin} to ${workFactorMax}.`);
  }
  const encrypter = new Encrypter();
  encrypter.addRecipient(passphraseRecipient(passphrase, workFactor));
  return encrypter.encrypt(text);
}

/**
 * Opens an age file that {@link encryptText}, or `age --passphrase`, has made.
 *
 * @throws {VaultError} `vault_corrupt`, `vault_too_costly`, `passphrase_wrong`
 */
export async function decryptText(file: Uint8Array, opener: VaultOpener): Promise<OpenedAge> {
  let found: Uint8Array | undefined;
  let workFactor = workFactorMin;
  const decrypter = new Decrypter();
  decrypter.addIdentity(
    stanzaIdentity(async (stanza) => {
      workFactor = stanza.workFactor;
      found = 'fileKey' in opener ? opener.fileKey : await unwrapWithPassphrase(stanza, opener.passphrase);
      return found;
    }),
  );
  try {
    const bytes = await decrypter.decrypt(file);
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    if (found === undefined) throw new Error('Opened without a key.');
    return { text, fileKey: found, workFactor };
  } catch (cause) {
    if (cause instanceof VaultError) throw cause;
    // What the library says could repeat parts of the file, and helps nobody.
    const message =
      found === undefined
        ? 'The file is no vault in the age format, or its head is damaged; take a backup of it.'
        : 'The vault is damaged or cut short; take a backup of it.';
    throw new VaultError('vault_corrupt', message);
  }
}
