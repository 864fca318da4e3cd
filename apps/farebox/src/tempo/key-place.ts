import type { VaultAccount } from '@farebox/wallet/vault';
import { CliError } from '../cli-error.js';
import type { Home } from '../home.js';
import { inVault } from '../vault/in-vault.js';
import { type AccountAccess, openAccount } from '../vault/open-account.js';
import type { VaultOptions } from '../vault/options.js';
import { requirePassphrase } from '../vault/passphrase.js';
import { createKeyFile, readKeyFile, type TempoKey, updateKeyFile } from './key-file.js';

/** Where the Tempo key is kept: in an account of the vault or, where there is no vault, in a file of its own. */
export interface TempoKeyPlace {
  /** For people: `the vault, account main`. */
  readonly described: string;
  /** Undefined when there is none. Throws {@link CliError} when it cannot be read. */
  read(): Promise<TempoKey | undefined>;
  /** Keeps a new key. Throws {@link CliError} `key_exists`: a key is money and is never written over. */
  create(key: TempoKey): Promise<void>;
  /** Replaces the key by the same with more beside it. */
  update(key: TempoKey): Promise<void>;
}

/** The place of the account that was asked for. Throws {@link CliError} when the vault cannot be opened. */
export async function openKeyPlace(home: Home, options: VaultOptions): Promise<TempoKeyPlace> {
  return tempoKeyPlace(home, await openAccount(home, options, { needed: true }), options);
}

/** The place of an account that was opened. */
export function tempoKeyPlace(home: Home, access: AccountAccess, options: VaultOptions): TempoKeyPlace {
  if (access.kind === 'open') return vaultPlace(home, access.account, options);
  if (access.kind === 'locked') return lockedPlace;
  return {
    described: home.tempoKey,
    read: () => readKeyFile(home),
    create: (key) => createKeyFile(home, key),
    update: (key) => updateKeyFile(home, key),
  };
}

const refuse = () => Promise.reject(new CliError('vault_locked', 'The vault is locked.'));

/** A preview does without the key. */
const lockedPlace: TempoKeyPlace = {
  described: 'the vault',
  read: async () => undefined,
  create: refuse,
  update: refuse,
};

function vaultPlace(home: Home, account: VaultAccount, options: VaultOptions): TempoKeyPlace {
  const write = async (key: TempoKey, check: (present: VaultAccount) => void) => {
    const passphrase = await requirePassphrase(options);
    const { updateVault, withChangedAccount } = await import('@farebox/wallet/vault');
    await inVault(() =>
      updateVault({ path: home.vault, passphrase }, (document) =>
        withChangedAccount(document, account.index, (present) => {
          // Looked at again: another process may have been faster.
          check(present);
          return { ...present, tempo: { ...key } };
        }),
      ),
    );
  };
  return {
    described: `the vault, account ${account.name}`,
    read: async () => account.tempo,
    create: (key) =>
      write(key, ({ tempo }) => {
        if (tempo !== undefined) throw keyExists(account.name);
      }),
    update: (key) =>
      write(key, ({ tempo }) => {
        if (tempo?.privateKey !== key.privateKey) {
          throw new CliError(
            'key_changed',
            'Another process changed the Tempo key of this account; try again.',
          );
        }
      }),
  };
}

function keyExists(name: string): CliError {
  const message = `The account ${name} has a Tempo key, and it is never written over; make another account for this one: farebox wallet accounts add <name> --no-tempo`;
  return new CliError('key_exists', message, { retry: 'never' });
}
