import { dirname } from 'node:path';
import {
  checkNewPassphrase,
  decryptText,
  encryptText,
  type OpenedAge,
  type VaultOpener,
} from './age-file.js';
import { workFactorDefault } from './age-passphrase.js';
import { parseDocument, serializeDocument, type VaultDocument } from './document.js';
import { withFileLock } from './file-lock.js';
import { preparePrivateFolder, readPrivateFile, removeDrafts, writePrivateFile } from './private-file.js';
import { VaultError } from './vault-error.js';

/** Largest vault, bytes. A thousand accounts, each with a node and its certificates, fit. */
export const vaultBytesMax = 8 * 1_024 * 1_024;

/** An opened vault. Secret. */
export interface OpenedVault {
  readonly document: VaultDocument;
  /** Opens this very version of the file, and no later one. */
  readonly fileKey: Uint8Array;
}

/** Where a vault is, and what opens it. */
export interface VaultAccess {
  readonly path: string;
  readonly passphrase: string;
}

/** How to make one. */
export interface NewVault extends VaultAccess {
  readonly document: VaultDocument;
  /** Cost of guessing a passphrase, as a power of two; {@link workFactorDefault} when left out. */
  readonly workFactor?: number;
}

/**
 * Makes a vault: one file in the age format, mode 0600, in a folder of mode 0700. Of two that are made at once, one wins.
 *
 * @throws {VaultError} `vault_exists`, `passphrase_unfit` and the codes of a file that cannot be written
 *
 * @example
 * ```ts
 * import { createVault, newPhrase, openVault, withAccounts } from '@farebox/wallet/vault';
 *
 * export async function firstVault(path: string, passphrase: string): Promise<string> {
 *   const empty = { phrase: newPhrase(), accounts: [] };
 *   const document = withAccounts(empty, { names: ['main'], nowMs: Date.now() });
 *   await createVault({ path, passphrase, document });
 *   const opened = await openVault(path, { passphrase });
 *   return opened.document.accounts[0]?.name ?? '';
 * }
 * ```
 */
export async function createVault({ path, passphrase, document, workFactor }: NewVault): Promise<void> {
  checkNewPassphrase(passphrase);
  const bytes = await seal(document, passphrase, workFactor ?? workFactorDefault);
  await placeVault(path, bytes);
}

/** Puts the bytes of a vault where there is none, as {@link createVault} does; that they open is for the caller to know. */
export async function placeVault(path: string, bytes: Uint8Array): Promise<void> {
  await preparePrivateFolder(dirname(path));
  await withFileLock(lockOf(path), async () => {
    if (await writePrivateFile(path, bytes, { replace: false })) return;
    const message = `There is a vault already (${path}), and it is never written over; use it, or set FAREBOX_HOME to have another.`;
    throw new VaultError('vault_exists', message);
  });
}

/**
 * Opens a vault for reading. Takes no lock: the file is only ever replaced whole.
 *
 * @throws {VaultError} `vault_missing`, `passphrase_wrong`, `vault_corrupt`, `vault_foreign` and the codes of a file that
 * must not be used
 */
export async function openVault(path: string, opener: VaultOpener): Promise<OpenedVault> {
  const { document, fileKey } = await unseal(await readVaultFile(path), opener);
  return { document, fileKey };
}

/** The file as it is, encrypted. Throws {@link VaultError} `vault_missing` and the codes of {@link openVault}. */
export async function readVaultFile(path: string): Promise<Uint8Array> {
  const bytes = await readPrivateFile(path, vaultBytesMax);
  if (bytes) return bytes;
  throw new VaultError('vault_missing', 'There is no vault here; make one with: farebox wallet create');
}

/** Reads a document out of the bytes of a vault: a backup that is about to be used. Codes as {@link openVault}. */
export async function readSealed(bytes: Uint8Array, opener: VaultOpener): Promise<VaultDocument> {
  return (await unseal(bytes, opener)).document;
}

/**
 * Changes a vault: reads it, changes it and replaces it, while no other process does. The file keeps the cost that it was
 * made with. Resolves with what is now on disk.
 */
export async function updateVault(
  { path, passphrase }: VaultAccess,
  change: (document: VaultDocument) => VaultDocument,
): Promise<VaultDocument> {
  return rewrite({ path, passphrase }, (opened) => ({
    document: change(opened.document),
    passphrase,
    workFactor: opened.workFactor,
  }));
}

/** Encrypts a vault with another passphrase. Older copies of the file still open with the old one. */
export async function changePassphrase(access: VaultAccess, newPassphrase: string): Promise<void> {
  checkNewPassphrase(newPassphrase);
  await rewrite(access, ({ document, workFactor }) => ({ document, workFactor, passphrase: newPassphrase }));
}

interface Unsealed extends OpenedVault {
  readonly workFactor: number;
}

async function rewrite(
  { path, passphrase }: VaultAccess,
  next: (opened: Unsealed) => Required<Omit<NewVault, 'path'>>,
): Promise<VaultDocument> {
  // Looked at before the lock file is made: where there is no vault, nothing is left behind.
  await readVaultFile(path);
  return withFileLock(lockOf(path), async () => {
    const opened = await unseal(await readVaultFile(path), { passphrase });
    const wanted = next(opened);
    const bytes = await seal(wanted.document, wanted.passphrase, wanted.workFactor);
    await removeDrafts(path);
    await writePrivateFile(path, bytes, { replace: true });
    return wanted.document;
  });
}

async function seal(document: VaultDocument, passphrase: string, workFactor: number): Promise<Uint8Array> {
  const text = serializeDocument(document);
  // What could not be read again is not written.
  if (!parseDocument(text).ok) throw new Error('The vault would not be readable.');
  const bytes = await encryptText(text, passphrase, workFactor);
  if (bytes.length <= vaultBytesMax) return bytes;
  throw new VaultError(
    'vault_too_large',
    `The vault would be larger than ${vaultBytesMax} bytes; use a second one.`,
  );
}

async function unseal(bytes: Uint8Array, opener: VaultOpener): Promise<Unsealed> {
  const { text, fileKey, workFactor }: OpenedAge = await decryptText(bytes, opener);
  const read = parseDocument(text);
  if (read.ok) return { document: read.value, fileKey, workFactor };
  throw new VaultError(read.code === 'vault_foreign' ? 'vault_foreign' : 'vault_corrupt', `${read.detail}.`);
}

function lockOf(path: string): string {
  return `${path}.lock`;
}
