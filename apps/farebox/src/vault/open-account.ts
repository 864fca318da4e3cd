import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import type { VaultAccount, VaultDocument, VaultOpener } from '@farebox/wallet/vault';
import { usageError } from '../cli-error.js';
import type { Home } from '../home.js';
import { inVault } from './in-vault.js';
import type { VaultOptions } from './options.js';
import { givenPassphrase, locked } from './passphrase.js';
import { canPrompt, promptSecret } from './secret-input.js';

/** What is known of the account that pays. */
export type AccountAccess =
  /** There is no vault: the devnet's node and the Tempo key file pay. */
  | { readonly kind: 'no-vault' }
  /** There is one, and nothing was given that opens it. */
  | { readonly kind: 'locked' }
  | { readonly kind: 'open'; readonly account: VaultAccount };

/** How much is needed. */
export interface OpenAccountOptions {
  /** False for a preview: it does without the vault when nothing opens it. */
  readonly needed: boolean;
}

/** True when this home has a vault, or what stands in its place. */
export function hasVault(home: Home): boolean {
  return lstatSync(home.vault, { throwIfNoEntry: false }) !== undefined;
}

/**
 * Opens the account that was asked for.
 *
 * @throws {CliError} `vault_locked` when the vault is needed and nothing opens it, and the vault's own codes
 */
export async function openAccount(
  home: Home,
  options: VaultOptions,
  { needed }: OpenAccountOptions,
): Promise<AccountAccess> {
  if (!hasVault(home)) {
    if (options.account === undefined || options.account === '0') return { kind: 'no-vault' };
    throw usageError('There is no vault, and so only the account 0; make one with: farebox wallet create');
  }
  const document = await openDocument(home, options, needed);
  if (document === undefined) return { kind: 'locked' };
  const { findAccount } = await import('@farebox/wallet/vault');
  return { kind: 'open', account: await inVault(async () => findAccount(document, options.account)) };
}

/**
 * Opens the vault for reading, by what was given, by the session, or by asking; undefined when it is not needed and
 * nothing opens it.
 */
export async function openDocument(
  home: Home,
  options: VaultOptions,
  needed = true,
): Promise<VaultDocument | undefined> {
  const given = await givenPassphrase(options);
  const { openVault } = await import('@farebox/wallet/vault');
  return inVault(async () => {
    const opener = given === undefined ? await otherOpener(home, needed) : { passphrase: given };
    return opener && (await openVault(home.vault, opener)).document;
  });
}

async function otherOpener(home: Home, needed: boolean): Promise<VaultOpener | undefined> {
  const { readSession, readVaultFile } = await import('@farebox/wallet/vault');
  const path = await sessionPath(home);
  const session = path && (await readSession(path, await readVaultFile(home.vault), Date.now()));
  if (session) return { fileKey: session.fileKey };
  if (!needed) return undefined;
  if (!canPrompt()) throw locked();
  return { passphrase: await promptSecret('Passphrase of the vault') };
}

/** Tells one session of this home's vault from another, and from none: `none` as soon as it has ended. */
export async function sessionMark(home: Home): Promise<string> {
  if (!hasVault(home)) return 'none';
  const { readSession, readVaultFile } = await import('@farebox/wallet/vault');
  const path = await sessionPath(home);
  if (path === undefined) return 'none';
  try {
    const session = await readSession(path, await readVaultFile(home.vault), Date.now());
    return session ? `${session.fromMs} ${session.untilMs}` : 'none';
  } catch {
    // What cannot be read opens nothing; whoever needs it is told why.
    return 'none';
  }
}

/** Where the session of this home's vault is; undefined where there is no folder in memory. */
export async function sessionPath({ sessions, vault }: Home): Promise<string | undefined> {
  if (sessions === undefined) return undefined;
  const { sessionName } = await import('@farebox/wallet/vault');
  return join(sessions, sessionName(vault));
}
