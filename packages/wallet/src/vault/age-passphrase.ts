import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';
import { type Identity, type Recipient, Stanza } from 'age-encryption';
import { VaultError } from './vault-error.js';

/**
 * The passphrase stanza of the age format (C2SP age v1, "The scrypt recipient type"), with Node's own scrypt: half the
 * time of one in JavaScript, and off the main thread.
 */

/**
 * Cost of guessing one passphrase, as the power of two that scrypt is given (r = 8, p = 1): 128 MiB of memory and some
 * 0.2 to 0.4 s. The `age` program takes twice that; a wallet is opened by every command.
 */
export const workFactorDefault = 17;
/** Dearest file that is opened: what the `age` program writes, 256 MiB. A hostile file could ask for any amount. */
export const workFactorMax = 18;
/** Cheapest one that is written, for tests. */
export const workFactorMin = 1;

const saltLabel = 'age-encryption.org/v1/scrypt';
const saltBytes = 16;
const fileKeyBytes = 16;
const tagBytes = 16;
/** The key is used once, so the specification fixes the nonce. */
const nonce = Buffer.alloc(12);
/** What Node's scrypt may take beyond its own 128 · N · r bytes. */
const memorySlackBytes = 1_048_576;
const blockBytes = 1_024;

const base64 = /^[A-Za-z0-9+/]{22}$/;

/** Wraps the file key with a passphrase. */
export function passphraseRecipient(passphrase: string, workFactor: number): Recipient {
  return {
    async wrapFileKey(fileKey) {
      const salt = randomBytes(saltBytes);
      const cipher = createCipheriv(
        'chacha20-poly1305',
        await deriveKey(passphrase, salt, workFactor),
        nonce,
        {
          authTagLength: tagBytes,
        },
      );
      const body = Buffer.concat([cipher.update(fileKey), cipher.final(), cipher.getAuthTag()]);
      return [new Stanza(['scrypt', unpadded(salt), String(workFactor)], Uint8Array.from(body))];
    },
  };
}

/** What a file says before it is opened. */
export interface PassphraseStanza {
  readonly salt: Buffer;
  readonly workFactor: number;
  readonly body: Uint8Array;
}

/**
 * Reads the one stanza that a file with a passphrase has.
 *
 * @throws {VaultError} `vault_corrupt` for any other; `vault_too_costly`, before anything is computed
 */
export function readPassphraseStanza(stanzas: readonly Stanza[]): PassphraseStanza {
  const [stanza] = stanzas;
  const [type, salt = '', factor = '', ...more] = stanza?.args ?? [];
  if (stanza === undefined || stanzas.length !== 1 || type !== 'scrypt') {
    throw new VaultError('vault_corrupt', 'The file is not encrypted with a passphrase, so it is no vault.');
  }
  const malformed = more.length > 0 || !base64.test(salt) || stanza.body.length !== fileKeyBytes + tagBytes;
  if (malformed || !/^[1-9][0-9]{0,3}$/.test(factor)) {
    throw new VaultError('vault_corrupt', 'The head of the vault is damaged; take a backup of it.');
  }
  const workFactor = Number(factor);
  if (workFactor > workFactorMax) {
    throw new VaultError(
      'vault_too_costly',
      `The file asks for scrypt of 2^${factor}, more than the 2^${workFactorMax} that is computed; no vault of Farebox does. Take a backup of it.`,
    );
  }
  return { salt: Buffer.from(salt, 'base64'), workFactor, body: stanza.body };
}

/** Unwraps the file key with a passphrase. Throws {@link VaultError} `passphrase_wrong`. */
export async function unwrapWithPassphrase(
  { salt, workFactor, body }: PassphraseStanza,
  passphrase: string,
): Promise<Uint8Array> {
  const key = await deriveKey(passphrase, salt, workFactor);
  const decipher = createDecipheriv('chacha20-poly1305', key, nonce, { authTagLength: tagBytes });
  decipher.setAuthTag(body.subarray(fileKeyBytes));
  try {
    const fileKey = Buffer.concat([decipher.update(body.subarray(0, fileKeyBytes)), decipher.final()]);
    return Uint8Array.from(fileKey);
  } catch {
    // The error of the cipher says nothing more.
    throw new VaultError('passphrase_wrong', 'The passphrase does not open the vault; check it.');
  }
}

/** An identity for one file, which hands out what `unwrap` makes of its stanza. */
export function stanzaIdentity(unwrap: (stanza: PassphraseStanza) => Promise<Uint8Array>): Identity {
  return { unwrapFileKey: (stanzas) => unwrap(readPassphraseStanza(stanzas)) };
}

function deriveKey(passphrase: string, salt: Buffer, workFactor: number): Promise<Buffer> {
  const N = 2 ** workFactor;
  const maxmem = blockBytes * N + memorySlackBytes;
  const labelled = Buffer.concat([Buffer.from(saltLabel), salt]);
  return new Promise((resolve, reject) => {
    scrypt(passphrase, labelled, 32, { N, r: 8, p: 1, maxmem }, (error, key) => {
      if (error === null) resolve(key);
      else {
        const message = `There is not enough memory to open the vault: ${Math.ceil(maxmem / blockBytes / blockBytes)} MiB are needed.`;
        reject(new VaultError('vault_unavailable', message, { cause: error }));
      }
    });
  });
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
