import { existsSync } from 'node:fs';
import type { VaultAccount, VaultNode } from '@farebox/wallet/vault';
import type { Command } from 'commander';
import { CliError } from '../cli-error.js';
import { findHome, type Home } from '../home.js';
import { createOutput, type Output } from '../output.js';
import { accountOf } from '../tempo/account.js';
import { inVault } from '../vault/in-vault.js';
import { hasVault, openDocument } from '../vault/open-account.js';
import { type VaultOptions, withPassphraseOptions } from '../vault/options.js';
import { requirePassphrase } from '../vault/passphrase.js';

interface Options extends VaultOptions {
  readonly json?: boolean;
  readonly tempo?: boolean;
}

/** Adds `farebox wallet accounts`. */
export function registerWalletAccounts(wallet: Command): void {
  const accounts = withPassphraseOptions(
    wallet.command('accounts').description('the accounts of the vault, without their secrets'),
  )
    .option('--json', 'one JSON object on stdout, errors as one on stderr')
    .addHelpText(
      'after',
      `
An account is named by its name or by its number, which stays its own: -a agent, -a 1. What it owns alone is its keys
and its node: policy, budgets and journal are the wallet's, whichever account pays.

Examples:
  farebox wallet accounts
  farebox wallet accounts add agent
  farebox pay request https://api.example.com/v1/price -a agent --yes`,
    )
    .action(list);
  withPassphraseOptions(
    accounts
      .command('add')
      .description('one more account')
      .argument('<name>', 'a-z, 0-9 and -, beginning with a letter'),
  )
    .option('--no-tempo', 'no Tempo key for it; one can be put in with farebox wallet tempo create')
    .option('--json', 'one JSON object on stdout, errors as one on stderr')
    .addHelpText(
      'after',
      `
Its Tempo key is derived from the vault's words: account N has the key of m/44'/60'/0'/0/N.

Examples:
  farebox wallet accounts add agent
  farebox wallet accounts add research --no-tempo`,
    )
    .action(add);
}

/** What is shown of an account: no secret. */
export interface AccountView {
  readonly index: number;
  readonly name: string;
  readonly lightning: { readonly kind: string; readonly network: string; readonly url: string | null } | null;
  readonly tempo: {
    readonly address: string;
    /** The access key that signs for it; null where it is the account's own key. */
    readonly accessKey: string | null;
    /** Where the phrase has it; null for a key that only a copy of the vault brings back. */
    readonly path: string | null;
  } | null;
}

/** Views an account. */
export async function viewAccount({ index, name, node, tempo }: VaultAccount): Promise<AccountView> {
  const account = tempo && (await accountOf(tempo));
  return {
    index,
    name,
    lightning: viewNode(node),
    tempo: account
      ? {
          address: account.address,
          accessKey: account.accessKey?.address ?? null,
          path: tempo?.path ?? null,
        }
      : null,
  };
}

/** Views a node, without its credential. */
export function viewNode(node: VaultNode | undefined): AccountView['lightning'] {
  if (node === undefined) return null;
  const { kind, network, settings } = node;
  return { kind, network, url: typeof settings.url === 'string' ? settings.url : null };
}

async function list(_arguments: unknown, command: Command): Promise<void> {
  // Options that stand behind the word `accounts` are the group's own.
  const options = command.opts<Options>();
  const output = createOutput({ json: options.json ?? false });
  const home = findHome();
  if (!hasVault(home)) throw noVault();
  const document = await openDocument(home, options);
  const views = await Promise.all((document?.accounts ?? []).map(viewAccount));
  show(home, views, output);
}

async function add(name: string, _options: Options, command: Command): Promise<void> {
  const options = command.optsWithGlobals<Options>();
  const output = createOutput({ json: options.json ?? false });
  const home = findHome();
  if (!hasVault(home)) throw noVault();
  const { checkAccountName, updateVault, withAccounts } = await import('@farebox/wallet/vault');
  const document = await inVault(async () => {
    checkAccountName(name);
    const passphrase = await requirePassphrase(options);
    return updateVault({ path: home.vault, passphrase }, (before) =>
      withAccounts(before, { names: [name], withoutTempo: options.tempo === false, nowMs: Date.now() }),
    );
  });
  const account = document.accounts.find((one) => one.name === name);
  if (account === undefined) throw new Error('The account is not there.');
  const view = await viewAccount(account);
  if (output.json) output.object({ ok: true, account: view });
  else output.text(line(view, output));
}

/** There is no vault. */
export function noVault(): CliError {
  return new CliError('vault_missing', 'There is no vault here; make one with: farebox wallet create', {
    retry: 'never',
  });
}

function show(home: Home, accounts: readonly AccountView[], output: Output): void {
  const leftOver = existsSync(home.tempoKey);
  if (output.json) {
    output.object({ ok: true, vault: home.vault, accounts, keyFile: leftOver ? home.tempoKey : null });
    return;
  }
  for (const account of accounts) output.text(line(account, output));
  if (leftOver) {
    output.remark(`${home.tempoKey} is not used while there is a vault; move it away.`);
  }
}

function line({ index, name, lightning, tempo }: AccountView, { color }: Output): string {
  const node = lightning ? `${lightning.kind} on ${lightning.network}` : 'no Lightning node';
  const key = tempo ? `Tempo ${tempo.address}` : 'no Tempo key';
  return `  ${String(index).padStart(3)}  ${color.bold(name.padEnd(12))}  ${node}, ${key}`;
}
