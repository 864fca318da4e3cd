import type { Command } from 'commander';
import { findHome } from '../home.js';
import { createOutput } from '../output.js';
import { inVault } from '../vault/in-vault.js';
import { hasVault, openDocument } from '../vault/open-account.js';
import { type VaultOptions, withVaultOptions } from '../vault/options.js';
import { requirePassphrase } from '../vault/passphrase.js';
import { noVault, viewNode } from './wallet-accounts.js';
import { registerNodeSet } from './wallet-node-set.js';

interface Options extends VaultOptions {
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** Adds `farebox wallet node` and its commands. */
export function registerWalletNode(wallet: Command): void {
  const node = wallet
    .command('node')
    .description('the Lightning node that pays for an account')
    .addHelpText(
      'after',
      `
How to make a credential that may pay and do nothing else is told for each kind of node in docs/nodes.md; farebox doctor
node examines one.

Examples:
  farebox wallet node set lnd --url https://127.0.0.1:8080 --macaroon-file pay.macaroon --tls-cert-file tls.cert
  farebox wallet node show
  farebox wallet node remove --yes`,
    );
  registerNodeSet(node);
  withVaultOptions(node.command('show').description('which node an account has; asks nobody'))
    .option('--json', 'one JSON object on stdout, errors as one on stderr')
    .addHelpText('after', '\nExamples:\n  farebox wallet node show -a agent')
    .action(show);
  withVaultOptions(node.command('remove').description('take the node out of an account, with its credential'))
    .option('-y, --yes', 'do it')
    .option('--json', 'one JSON object on stdout, errors as one on stderr')
    .addHelpText(
      'after',
      `
Payments of this node whose outcome is not known yet can then not be found out; finish them first: farebox pay resume --all

Examples:
  farebox wallet node remove -a agent --yes`,
    )
    .action(remove);
}

async function show(options: Options): Promise<void> {
  const output = createOutput({ json: options.json ?? false });
  const home = findHome();
  if (!hasVault(home)) throw noVault();
  const document = await openDocument(home, options);
  const { findAccount } = await import('@farebox/wallet/vault');
  if (document === undefined) throw noVault();
  const account = await inVault(async () => findAccount(document, options.account));
  const { name, index } = account;
  const lightning = viewNode(account.node);
  const uncapped = account.node?.feesUncapped ?? false;
  if (output.json) {
    output.object({
      ok: true,
      account: { index, name },
      node: lightning && { ...lightning, feesUncapped: uncapped },
    });
  } else if (lightning === null) {
    output.text(`The account ${name} has no Lightning node; the devnet pays while it runs.`);
  } else {
    output.text(
      `${lightning.kind} on ${lightning.network}${lightning.url === null ? '' : `, ${lightning.url}`}${uncapped ? ', fees not bounded' : ''}`,
    );
  }
}

async function remove(options: Options): Promise<void> {
  const output = createOutput({ json: options.json ?? false });
  const home = findHome();
  if (!hasVault(home)) throw noVault();
  const { findAccount, openVault, updateVault, withChangedAccount } = await import('@farebox/wallet/vault');
  const passphrase = await requirePassphrase(options);
  const { name, index } = await inVault(async () => {
    if (!options.yes) {
      return findAccount((await openVault(home.vault, { passphrase })).document, options.account);
    }
    const document = await updateVault({ path: home.vault, passphrase }, (before) =>
      withChangedAccount(before, findAccount(before, options.account).index, ({ tempo }) => ({
        ...(tempo && { tempo }),
      })),
    );
    return findAccount(document, options.account);
  });
  if (output.json) output.object({ ok: true, done: options.yes === true, account: { index, name } });
  else if (options.yes) output.text(`The account ${name} has no Lightning node any more.`);
  else output.text(`Nothing was done. To take the node out of the account ${name}, add --yes.`);
}
