import { type Command, InvalidArgumentError } from 'commander';

/** Options that say whose money it is, and what opens the vault. */
export interface VaultOptions {
  readonly account?: string;
  readonly passphraseFd?: number;
  readonly passphraseFile?: string;
}

/** Adds them. */
export function withVaultOptions(command: Command): Command {
  return withPassphraseOptions(
    command.option(
      '-a, --account <account>',
      'the account of the vault, by name or number (default: 0)',
      parseAccount,
    ),
  );
}

/** Adds what opens the vault. */
export function withPassphraseOptions(command: Command): Command {
  return command
    .option('--passphrase-fd <number>', 'read the passphrase from this descriptor', parseDescriptor)
    .option(
      '--passphrase-file <path>',
      'read the passphrase from this file (default: $FAREBOX_PASSPHRASE, or a prompt)',
    );
}

/** Reads a name or a number. Whether there is such an account, the vault knows. */
export function parseAccount(text: string): string {
  if (/^(?:0|[1-9][0-9]{0,3}|[a-z][a-z0-9-]{0,31})$/.test(text)) return text;
  throw new InvalidArgumentError('An account is a number, or a name of a-z, 0-9 and -.');
}

/** Reads the number of a descriptor. */
export function parseDescriptor(text: string): number {
  if (/^[0-9]{1,4}$/.test(text) && text !== '1' && text !== '2') return Number(text);
  throw new InvalidArgumentError('A descriptor is the number of an open file, such as 3; 0 is stdin.');
}
