import { resolve } from 'node:path';
import type { Command } from 'commander';
import { CliError, usageError } from '../cli-error.js';
import { findHome } from '../home.js';
import { createOutput } from '../output.js';
import { inVault } from '../vault/in-vault.js';
import { hasVault } from '../vault/open-account.js';
import { type VaultOptions, withPassphraseOptions } from '../vault/options.js';
import { requirePassphrase } from '../vault/passphrase.js';
import { noVault } from './wallet-accounts.js';

interface Options extends VaultOptions {
  readonly showPhrase?: boolean;
  readonly json?: boolean;
}

/** Adds `farebox wallet backup`. */
export function registerWalletBackup(wallet: Command): void {
  withPassphraseOptions(
    wallet
      .command('backup')
      .description('copy the vault, encrypted as it is, after making sure that it opens')
      .argument('[path]', 'where the copy goes; a file that is there is not written over'),
  )
    .option('--show-phrase', 'print the twelve words from which the derived keys can be restored')
    .option('--json', 'one JSON object on stdout, errors as one on stderr')
    .addHelpText(
      'after',
      `
The copy opens with the passphrase that the vault has today. The words bring back the keys that were derived from them, and
nothing else: node credentials, access keys and imported keys are in the copy alone.

Examples:
  farebox wallet backup /media/usb/vault-copy.age
  farebox wallet backup --show-phrase`,
    )
    .action(run);
}

async function run(path: string | undefined, options: Options): Promise<void> {
  if (path === undefined && !options.showPhrase)
    throw usageError('Say where the copy goes, or give --show-phrase.');
  const output = createOutput({ json: options.json ?? false });
  const home = findHome();
  if (!hasVault(home)) throw noVault();
  const passphrase = await requirePassphrase(options);
  const { readSealed, readVaultFile, writePrivateFile } = await import('@farebox/wallet/vault');
  const copy = path === undefined ? undefined : resolve(path);
  const document = await inVault(async () => {
    const bytes = await readVaultFile(home.vault);
    // A copy of a file that nobody can open would be worse than none.
    const opened = await readSealed(bytes, { passphrase });
    if (copy !== undefined && !(await writePrivateFile(copy, bytes, { replace: false }))) {
      throw new CliError('backup_exists', 'There is a file of that name already; choose another name.', {
        retry: 'never',
      });
    }
    return opened;
  });
  const { phrase, accounts } = document;
  if (output.json) {
    const shown = options.showPhrase ? { phrase } : {};
    output.object({ ok: true, copy: copy ?? null, accounts: accounts.length, ...shown });
    return;
  }
  if (copy !== undefined) output.text(`Copied to ${copy}, with ${accounts.length} account(s).`);
  if (options.showPhrase) output.text(phrase);
}
