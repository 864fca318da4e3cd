import type { Command } from 'commander';
import { findHome } from '../home.js';
import { createOutput } from '../output.js';
import { foundVault, takeOver, viewFounded } from '../vault/found-vault.js';
import { parseDescriptor } from '../vault/options.js';
import { newPassphrase } from '../vault/passphrase.js';

interface Options {
  readonly name: string;
  readonly tempo: boolean;
  readonly showPhrase?: boolean;
  readonly passphraseFd?: number;
  readonly passphraseFile?: string;
  readonly json?: boolean;
}

/** How a passphrase can be given to a command that makes a vault. */
export const howToGivePassphrase = 'in FAREBOX_PASSPHRASE, with --passphrase-fd or with --passphrase-file';

/** Adds `farebox wallet create`. */
export function registerWalletCreate(wallet: Command): void {
  wallet
    .command('create')
    .description('make the vault: one encrypted file for the keys and node credentials that pay')
    .option('--name <name>', 'the name of the first account', 'main')
    .option('--no-tempo', 'no Tempo key for it; one can be put in with farebox wallet tempo create')
    .option('--show-phrase', 'print the twelve words from which its keys can be restored')
    .option('--passphrase-fd <number>', 'read the passphrase from this descriptor', parseDescriptor)
    .option(
      '--passphrase-file <path>',
      'read the passphrase from this file (default: $FAREBOX_PASSPHRASE, or a prompt)',
    )
    .option('--json', 'one JSON object on stdout, errors as one on stderr')
    .addHelpText(
      'after',
      `
The vault is $FAREBOX_HOME/vault.age, which the program age opens too. There is one, and it is never written over. A
Tempo key that is in a file of its own is taken into the vault.

Examples:
  farebox wallet create
  FAREBOX_PASSPHRASE=… farebox wallet create --json            for agents, in a container
  farebox wallet create --show-phrase --passphrase-fd 3 3< passphrase.txt`,
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  const output = createOutput({ json: options.json ?? false });
  const home = findHome();
  const { newPhrase } = await import('@farebox/wallet/vault');
  const found = await foundVault({
    home,
    passphrase: () =>
      newPassphrase(
        { variable: 'FAREBOX_PASSPHRASE', fd: options.passphraseFd, file: options.passphraseFile },
        `${howToGivePassphrase}.`,
      ),
    document: { phrase: newPhrase(), names: [options.name], withoutTempo: !options.tempo },
    takesKeyFile: true,
  });
  await takeOver(home, found);
  viewFounded(home, found, output, options.showPhrase === true);
}
