import { type Command, InvalidArgumentError } from 'commander';
import { CliError } from '../cli-error.js';
import { findHome } from '../home.js';
import { createOutput } from '../output.js';
import { inVault } from '../vault/in-vault.js';
import { hasVault, sessionPath } from '../vault/open-account.js';
import { type VaultOptions, withPassphraseOptions } from '../vault/options.js';
import { requirePassphrase } from '../vault/passphrase.js';
import { noVault } from './wallet-accounts.js';
import { parseSeconds } from './wallet-options.js';

interface Options extends VaultOptions {
  readonly for: number;
  readonly json?: boolean;
}

const unlockedSecondsDefault = 3_600;
const unlockedSecondsMax = 12 * 3_600;

/** Adds `farebox wallet unlock` and `farebox wallet lock`. */
export function registerWalletLock(wallet: Command): void {
  withPassphraseOptions(
    wallet.command('unlock').description('let commands of this user pay without the passphrase, for a while'),
  )
    .option(
      '--for <time>',
      'how long, such as 30m; at most 12h (default: 1h)',
      parseLife,
      unlockedSecondsDefault,
    )
    .option('--json', 'one JSON object on stdout, errors as one on stderr')
    .addHelpText(
      'after',
      `
What is kept is the key of the vault's file as it is now, in a file that only this user can read, in $XDG_RUNTIME_DIR: a
folder in memory, which is gone when the machine stops. Where there is no such folder, nothing is kept and the passphrase
comes with each command. Any change of the vault, and farebox wallet lock, end it.

Examples:
  farebox wallet unlock
  farebox wallet unlock --for 8h --passphrase-fd 3 3< passphrase.txt`,
    )
    .action(unlock);
  wallet
    .command('lock')
    .description('forget what farebox wallet unlock keeps')
    .option('--json', 'one JSON object on stdout, errors as one on stderr')
    .addHelpText('after', '\nExamples:\n  farebox wallet lock')
    .action(lock);
}

function parseLife(text: string): number {
  const seconds = parseSeconds(text);
  if (seconds <= unlockedSecondsMax) return seconds;
  throw new InvalidArgumentError('A vault stays unlocked for 12h at most.');
}

async function unlock(options: Options): Promise<void> {
  const output = createOutput({ json: options.json ?? false });
  const home = findHome();
  if (!hasVault(home)) throw noVault();
  const path = await sessionPath(home);
  if (path === undefined) {
    const message =
      'There is no XDG_RUNTIME_DIR, so nothing can be kept in memory; give the passphrase with each command.';
    throw new CliError('session_unavailable', message, { retry: 'never' });
  }
  const passphrase = await requirePassphrase(options);
  const { openVault, readVaultFile, writeSession } = await import('@farebox/wallet/vault');
  const fromMs = Date.now();
  const untilMs = fromMs + options.for * 1_000;
  await inVault(async () => {
    const file = await readVaultFile(home.vault);
    const { fileKey } = await openVault(home.vault, { passphrase });
    // Of another version, changed in between, the key opens nothing: then the passphrase is asked for again.
    await writeSession(path, file, { fileKey, fromMs, untilMs });
  });
  const until = new Date(untilMs).toISOString();
  if (output.json) output.object({ ok: true, unlocked: true, until, session: path });
  else output.text(`Unlocked until ${until}, by ${path}. To end it: farebox wallet lock`);
}

async function lock(options: { readonly json?: boolean }): Promise<void> {
  const output = createOutput({ json: options.json ?? false });
  const path = await sessionPath(findHome());
  const { removeSession } = await import('@farebox/wallet/vault');
  const removed = path !== undefined && (await inVault(() => removeSession(path)));
  const variable = process.env.FAREBOX_PASSPHRASE !== undefined;
  if (output.json) {
    output.object({ ok: true, unlocked: false, removed, passphraseInEnvironment: variable });
    return;
  }
  output.text(removed ? 'Locked.' : 'Locked; nothing was unlocked.');
  if (variable) output.remark('FAREBOX_PASSPHRASE is set here, and opens the vault as before; unset it.');
}
