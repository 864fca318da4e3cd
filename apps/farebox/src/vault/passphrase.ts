import { CliError } from '../cli-error.js';
import type { VaultOptions } from './options.js';
import { canPrompt, promptSecret, readSecretLine } from './secret-input.js';

const howToGive =
  'give its passphrase in FAREBOX_PASSPHRASE, with --passphrase-fd or with --passphrase-file, or unlock it for a while with: farebox wallet unlock';

/** The passphrase that was given without asking anybody; undefined when none was. */
export function givenPassphrase(options: VaultOptions): Promise<string | undefined> {
  const { passphraseFd: fd, passphraseFile: file } = options;
  return readSecretLine({ what: 'passphrase', variable: 'FAREBOX_PASSPHRASE', fd, file });
}

/** The passphrase of a vault that is there. Throws {@link CliError} `vault_locked` where there is none and nobody to ask. */
export async function requirePassphrase(options: VaultOptions): Promise<string> {
  const given = await givenPassphrase(options);
  if (given !== undefined) return given;
  if (canPrompt()) return promptSecret('Passphrase of the vault');
  throw locked();
}

/** The vault is there and nothing opens it. */
export function locked(): CliError {
  return new CliError('vault_locked', `The vault is locked; ${howToGive}`, { retry: 'never' });
}

/** Where a new passphrase comes from. */
export interface NewPassphrasePlaces {
  readonly variable: string;
  readonly fd?: number | undefined;
  readonly file?: string | undefined;
}

/**
 * A new passphrase: given, or asked for twice. Throws {@link CliError} `passphrase_missing` where there is none and nobody
 * to ask.
 */
export async function newPassphrase(places: NewPassphrasePlaces, how: string): Promise<string> {
  const given = await readSecretLine({ what: 'passphrase', ...places });
  if (given !== undefined) return given;
  if (!canPrompt()) {
    throw new CliError('passphrase_missing', `A passphrase is needed; give it ${how}`, { retry: 'never' });
  }
  const first = await promptSecret('A passphrase for the vault, at least 8 characters');
  const second = await promptSecret('The same once more');
  if (first === second) return first;
  throw new CliError('passphrase_differs', 'The two are not the same; nothing was written.');
}
