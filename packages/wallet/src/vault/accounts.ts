import { accountsMax, checkAccountName } from './account-name.js';
import type { VaultAccount, VaultDocument, VaultTempoKey } from './document.js';
import { tempoKeyPath, tempoKeysOf } from './phrase.js';
import { VaultError } from './vault-error.js';

/** How the accounts of a new vault are called: `main`, then `account-1` and so on. */
export function defaultAccountName(index: number): string {
  return index === 0 ? 'main' : `account-${index}`;
}

/** What new accounts are made of. */
export interface NewAccounts {
  readonly names: readonly string[];
  /** Without a Tempo key: one is to be put in. */
  readonly withoutTempo?: boolean | undefined;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
}

/**
 * A document with more accounts. Each has the next number, and the Tempo key that the phrase gives that number.
 *
 * @throws {VaultError} `account_name_malformed`, `account_exists`, `accounts_full`
 */
export function withAccounts(document: VaultDocument, wanted: NewAccounts): VaultDocument {
  const { phrase } = document;
  const { names, withoutTempo, nowMs: createdMs } = wanted;
  const accounts = [...document.accounts];
  const keyOf = withoutTempo ? undefined : tempoKeysOf(phrase);
  const taken = new Set(accounts.map(({ name }) => name));
  for (const name of names) {
    checkAccountName(name);
    if (taken.has(name)) {
      throw new VaultError(
        'account_exists',
        'There is an account of that name already; choose another name.',
      );
    }
    taken.add(name);
    const index = (accounts.at(-1)?.index ?? -1) + 1;
    if (index >= accountsMax) throw tooMany();
    const tempo: VaultTempoKey | undefined = keyOf && {
      keyType: 'secp256k1',
      privateKey: keyOf(index),
      path: tempoKeyPath(index),
    };
    accounts.push({ index, name, createdMs, ...(tempo && { tempo }) });
  }
  return { phrase, accounts };
}

function tooMany(): VaultError {
  const message = `A vault has at most ${accountsMax} accounts; make another one with FAREBOX_HOME.`;
  return new VaultError('accounts_full', message);
}

/** A document in which one account is another. Its number and name stay. */
export function withChangedAccount(
  document: VaultDocument,
  index: number,
  change: (account: VaultAccount) => Omit<VaultAccount, 'index' | 'name' | 'createdMs'>,
): VaultDocument {
  const accounts = document.accounts.map((account) => {
    if (account.index !== index) return account;
    const { tempo, node } = change(account);
    const { name, createdMs } = account;
    return { index, name, createdMs, ...(tempo && { tempo }), ...(node && { node }) };
  });
  return { ...document, accounts };
}
