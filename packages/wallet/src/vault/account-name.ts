import type { VaultAccount, VaultDocument } from './document.js';
import { VaultError } from './vault-error.js';

/** Most accounts of one vault. */
export const accountsMax = 1_000;
/** Longest name of an account. */
export const accountNameCharsMax = 32;

/** Begins with a letter, so that no name can be taken for a number. */
const nameForm = /^[a-z][a-z0-9-]*$/;

/** True for a name that an account may have. */
export function isAccountName(text: string): boolean {
  return text.length <= accountNameCharsMax && nameForm.test(text);
}

/** True for a number that an account may have. */
export function isAccountIndex(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < accountsMax;
}

/** Throws {@link VaultError} `account_name_malformed` for what no account may be called. */
export function checkAccountName(text: string): void {
  if (isAccountName(text)) return;
  const message = `A name of an account begins with a letter and has at most ${accountNameCharsMax} of a-z, 0-9 and -.`;
  throw new VaultError('account_name_malformed', message);
}

/**
 * The account that was asked for: by name, by number, or the first one.
 *
 * @throws {VaultError} `account_missing`; what was asked for is not repeated, it could be anything
 */
export function findAccount(document: VaultDocument, asked: string | undefined): VaultAccount {
  const { accounts } = document;
  const found =
    asked === undefined
      ? accounts[0]
      : accounts.find(({ name, index }) => name === asked || String(index) === asked);
  if (found) return found;
  throw new VaultError(
    'account_missing',
    'The vault has no such account; list them with: farebox wallet accounts',
  );
}
