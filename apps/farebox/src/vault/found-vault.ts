import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { VaultDocument } from '@farebox/wallet/vault';
import { CliError } from '../cli-error.js';
import type { Home } from '../home.js';
import { type Output, table } from '../output.js';
import { readKeyFile, type TempoKey } from '../tempo/key-file.js';
import { inVault } from './in-vault.js';
import { hasVault } from './open-account.js';

/** What a new vault is made of. */
export interface FoundOptions {
  readonly home: Home;
  readonly passphrase: () => Promise<string>;
  readonly document: {
    /** Words as they were typed, or how to get them. */
    readonly phrase: string | (() => Promise<string>);
    readonly names: readonly string[];
    readonly withoutTempo: boolean;
  };
  /** The key of a file of its own becomes account 0's. Else such a file is refused: what is restored says which keys there are. */
  readonly takesKeyFile: boolean;
}

/** A vault that was just made. Secret. */
export interface FoundedVault {
  readonly document: VaultDocument;
  /** The key of the file that was there before there was a vault; it is account 0's now. */
  readonly migrated: TempoKey | undefined;
}

/**
 * Makes a vault from words. Nothing is asked of anybody where there is a vault already, or a key file that would not be
 * taken: then it throws {@link CliError} `vault_exists` or `key_exists`.
 */
export async function foundVault({
  home,
  passphrase,
  document: wanted,
  takesKeyFile,
}: FoundOptions): Promise<FoundedVault> {
  refuseSecond(home);
  if (!takesKeyFile) refuseKeyFile(home);
  const { createVault, readPhrase, withAccounts, withChangedAccount } = await import('@farebox/wallet/vault');
  return inVault(async () => {
    const { phrase, names, withoutTempo } = wanted;
    const words = readPhrase(typeof phrase === 'string' ? phrase : await phrase());
    let document = withAccounts({ phrase: words, accounts: [] }, { names, withoutTempo, nowMs: Date.now() });
    const migrated = await readKeyFile(home);
    if (migrated) {
      document = withChangedAccount(document, 0, (account) => ({ ...account, tempo: { ...migrated } }));
    }
    await createVault({ path: home.vault, passphrase: await passphrase(), document });
    return { document, migrated };
  });
}

/** Makes the vault from a copy, byte for byte, once its passphrase has opened it. A key file is refused as in {@link foundVault}. */
export async function restoreCopy(
  home: Home,
  from: string,
  passphrase: () => Promise<string>,
): Promise<FoundedVault> {
  refuseSecond(home);
  refuseKeyFile(home);
  const { placeVault, readPrivateFile, readSealed, vaultBytesMax } = await import('@farebox/wallet/vault');
  return inVault(async () => {
    const bytes = await readPrivateFile(from, vaultBytesMax, { rights: 'any' });
    if (bytes === undefined) {
      throw new CliError('backup_missing', 'There is no such copy; check the path.', { retry: 'never' });
    }
    const document = await readSealed(bytes, { passphrase: await passphrase() });
    await placeVault(home.vault, bytes);
    return { document, migrated: undefined };
  });
}

function refuseSecond(home: Home): void {
  if (!hasVault(home)) return;
  const message = `There is a vault already (${home.vault}), and it is never written over; use it, or set FAREBOX_HOME to have another.`;
  throw new CliError('vault_exists', message, { retry: 'never' });
}

function refuseKeyFile(home: Home): void {
  if (!existsSync(home.tempoKey)) return;
  const message = `There is a Tempo key in a file of its own (${home.tempoKey}), which nothing would use beside the vault. Move the file away and restore; its key can then be put into an account of its own: farebox wallet accounts add <name> --no-tempo, farebox wallet tempo create --account <name> --from-stdin`;
  throw new CliError('key_exists', message, { retry: 'never' });
}

/** Removes the open key file, now that the vault with its key is on disk; the order matters: a key is money. */
export async function takeOver(home: Home, { migrated }: FoundedVault): Promise<void> {
  if (migrated) await rm(home.tempoKey, { force: true });
}

/** Says what was made. */
export function viewFounded(home: Home, founded: FoundedVault, output: Output, showPhrase: boolean): void {
  const { document, migrated } = founded;
  const { accounts, phrase } = document;
  if (output.json) {
    output.object({
      ok: true,
      vault: home.vault,
      accounts: accounts.map(({ index, name }) => ({ index, name })),
      migrated: migrated !== undefined,
      ...(showPhrase && { phrase }),
    });
    return;
  }
  const { bold, dim } = output.color;
  const names = accounts.map(({ index, name }) => `${name} (${index})`).slice(0, 5);
  output.text(
    table(
      [
        ['vault', home.vault],
        ['accounts', accounts.length > 5 ? `${names.join(', ')} …` : names.join(', ')],
        ['phrase', showPhrase ? bold(phrase) : undefined],
      ],
      output.color,
    ),
  );
  if (migrated) {
    output.text(`The Tempo key of ${home.tempoKey} is in the vault now, in account 0, and the file is gone.`);
  }
  if (!showPhrase) {
    output.text(
      dim('Write its words down where only you can read them: farebox wallet backup --show-phrase'),
    );
  }
}
