import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withAccounts } from '../accounts.js';
import type { VaultDocument } from '../document.js';
import { createVault } from '../vault.js';

/** A phrase whose keys everybody knows. */
export const knownPhrase = 'test test test test test test test test test test test junk';
/** The passphrase of every vault of a test. */
export const knownPassphrase = 'correct horse battery staple';
/** Cheap to open: what is tested is not scrypt. */
export const cheapWorkFactor = 4;

/** A folder of mode 0700. The caller removes it. */
export function newFolder(): string {
  return mkdtempSync(join(tmpdir(), 'farebox-vault-'));
}

/** What is in a new vault of these accounts. */
export function newDocument(...names: string[]): VaultDocument {
  const empty = { phrase: knownPhrase, accounts: [] };
  return withAccounts(empty, { names: names.length === 0 ? ['main'] : names, nowMs: 1_700_000_000_000 });
}

/** Makes a vault that opens with {@link knownPassphrase}; its path. */
export async function newVault(folder: string, document = newDocument()): Promise<string> {
  const path = join(folder, 'vault.age');
  await createVault({ path, passphrase: knownPassphrase, document, workFactor: cheapWorkFactor });
  return path;
}
