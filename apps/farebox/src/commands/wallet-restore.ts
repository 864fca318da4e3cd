import { type Command, InvalidArgumentError } from 'commander';
import { CliError, usageError } from '../cli-error.js';
import { findHome } from '../home.js';
import { createOutput } from '../output.js';
import { foundVault, restoreCopy, takeOver, viewFounded } from '../vault/found-vault.js';
import { parseDescriptor } from '../vault/options.js';
import { newPassphrase, requirePassphrase } from '../vault/passphrase.js';
import { canPrompt, promptSecret, readSecretLine } from '../vault/secret-input.js';
import { howToGivePassphrase } from './wallet-create.js';

interface Options {
  readonly from?: string;
  readonly accounts: number;
  readonly phraseFd?: number;
  readonly phraseFile?: string;
  readonly passphraseFd?: number;
  readonly passphraseFile?: string;
  readonly json?: boolean;
}

/** Most accounts that are made at once. */
const accountsRestoredMax = 1_000;

/** Adds `farebox wallet restore`. */
export function registerWalletRestore(wallet: Command): void {
  wallet
    .command('restore')
    .description(
      'make the vault again: from its twelve words, or from a copy that farebox wallet backup made',
    )
    .option('--from <path>', 'from this copy, with its passphrase; everything that was in it comes back')
    .option('--accounts <count>', 'from words: so many accounts', parseCount, 1)
    .option('--phrase-fd <number>', 'read the words from this descriptor', parseDescriptor)
    .option('--phrase-file <path>', 'read the words from this file (default: $FAREBOX_PHRASE, or a prompt)')
    .option('--passphrase-fd <number>', 'read the passphrase from this descriptor', parseDescriptor)
    .option(
      '--passphrase-file <path>',
      'read the passphrase from this file (default: $FAREBOX_PASSPHRASE, or a prompt)',
    )
    .option('--json', 'one JSON object on stdout, errors as one on stderr')
    .addHelpText(
      'after',
      `
From words come the Tempo keys that were made from them: account N has the key of m/44'/60'/0'/0/N. Node credentials,
access keys and imported keys are in no words; they come back from a copy of the vault.

Examples:
  farebox wallet restore --from vault-copy.age
  FAREBOX_PHRASE='…' FAREBOX_PASSPHRASE=… farebox wallet restore --accounts 3 --json`,
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  const output = createOutput({ json: options.json ?? false });
  const home = findHome();
  const { passphraseFd, passphraseFile, phraseFd, phraseFile } = options;
  if (options.from !== undefined) {
    if (phraseFd !== undefined || phraseFile !== undefined)
      throw usageError('Give a copy or the words, not both.');
    const found = await restoreCopy(home, options.from, () => requirePassphrase(options));
    await takeOver(home, found);
    return viewFounded(home, found, output, false);
  }
  const { defaultAccountName } = await import('@farebox/wallet/vault');
  const found = await foundVault({
    home,
    passphrase: () =>
      newPassphrase(
        { variable: 'FAREBOX_PASSPHRASE', fd: passphraseFd, file: passphraseFile },
        `${howToGivePassphrase}.`,
      ),
    document: {
      phrase: () => readWords(phraseFd, phraseFile),
      names: Array.from({ length: options.accounts }, (_, index) => defaultAccountName(index)),
      withoutTempo: false,
    },
    takesKeyFile: false,
  });
  await takeOver(home, found);
  viewFounded(home, found, output, false);
}

async function readWords(fd: number | undefined, file: string | undefined): Promise<string> {
  const given = await readSecretLine({ what: 'phrase', variable: 'FAREBOX_PHRASE', fd, file });
  if (given !== undefined) return given;
  if (canPrompt()) return promptSecret('The words of the vault');
  const message =
    'The words are needed; give them in FAREBOX_PHRASE, with --phrase-fd or with --phrase-file.';
  throw new CliError('phrase_missing', message, { retry: 'never' });
}

function parseCount(text: string): number {
  const count = Number(text);
  if (/^[1-9][0-9]{0,3}$/.test(text) && count <= accountsRestoredMax) return count;
  throw new InvalidArgumentError(`A number of accounts is from 1 to ${accountsRestoredMax}.`);
}
