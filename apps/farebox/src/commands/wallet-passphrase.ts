import type { Command } from 'commander';
import { findHome } from '../home.js';
import { createOutput } from '../output.js';
import { inVault } from '../vault/in-vault.js';
import { hasVault } from '../vault/open-account.js';
import { parseDescriptor, type VaultOptions, withPassphraseOptions } from '../vault/options.js';
import { newPassphrase, requirePassphrase } from '../vault/passphrase.js';
import { noVault } from './wallet-accounts.js';

interface Options extends VaultOptions {
  readonly newPassphraseFd?: number;
  readonly newPassphraseFile?: string;
  readonly json?: boolean;
}

/** Adds `farebox wallet passphrase`. */
export function registerWalletPassphrase(wallet: Command): void {
  withPassphraseOptions(wallet.command('passphrase').description('give the vault another passphrase'))
    .option('--new-passphrase-fd <number>', 'read the new one from this descriptor', parseDescriptor)
    .option(
      '--new-passphrase-file <path>',
      'read the new one from this file (default: $FAREBOX_NEW_PASSPHRASE, or a prompt)',
    )
    .option('--json', 'one JSON object on stdout, errors as one on stderr')
    .addHelpText(
      'after',
      `
Copies that were made before still open with the old one. Where the old one may be known to others, make new keys and
node credentials as well.

Examples:
  farebox wallet passphrase
  farebox wallet passphrase --passphrase-file old.txt --new-passphrase-file new.txt`,
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  const output = createOutput({ json: options.json ?? false });
  const home = findHome();
  if (!hasVault(home)) throw noVault();
  const passphrase = await requirePassphrase(options);
  const { newPassphraseFd: fd, newPassphraseFile: file } = options;
  const { changePassphrase } = await import('@farebox/wallet/vault');
  const next = await newPassphrase(
    { variable: 'FAREBOX_NEW_PASSPHRASE', fd, file },
    'in FAREBOX_NEW_PASSPHRASE, with --new-passphrase-fd or with --new-passphrase-file.',
  );
  await inVault(() => changePassphrase({ path: home.vault, passphrase }, next));
  if (output.json) output.object({ ok: true, vault: home.vault });
  else output.text('The vault has the new passphrase.');
}
