import type { VaultErrorCode } from '@farebox/wallet/vault';
import { CliError } from '../cli-error.js';
import { exitCodes } from '../exit-codes.js';

/** What was given on the command line is wrong, rather than what was found on the disk. */
const usageCodes: ReadonlySet<VaultErrorCode> = new Set([
  'passphrase_unfit',
  'phrase_malformed',
  'account_missing',
  'account_exists',
  'account_name_malformed',
]);

/** Runs what uses the vault; its errors become those of the command, in their own words. */
export async function inVault<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const { VaultError } = await import('@farebox/wallet/vault');
    if (!(cause instanceof VaultError)) throw cause;
    const { code, message, retry } = cause;
    const exitCode = usageCodes.has(code) ? exitCodes.usage : exitCodes.failed;
    throw new CliError(code, message, { cause, retry, exitCode });
  }
}
