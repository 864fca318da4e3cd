import type { NodeInfo } from '@farebox/lightning';
import type { NodeKind } from '@farebox/lightning/nodes';
import type { VaultNode } from '@farebox/wallet/vault';
import { type Command, Option } from 'commander';
import { CliError, usageError } from '../cli-error.js';
import { exitCodes } from '../exit-codes.js';
import { findHome, type Home } from '../home.js';
import { createOutput, table } from '../output.js';
import { inVault } from '../vault/in-vault.js';
import {
  askNode,
  nodeSecretNames,
  openVaultNode,
  payerOf,
  requirePayableNetwork,
  uncappedReason,
} from '../vault/node-config.js';
import { type NodeSecretOptions, readCertificates, readNodeSecret } from '../vault/node-secret.js';
import { hasVault } from '../vault/open-account.js';
import { parseDescriptor, type VaultOptions, withVaultOptions } from '../vault/options.js';
import { requirePassphrase } from '../vault/passphrase.js';
import { noVault } from './wallet-accounts.js';

interface Options extends VaultOptions, NodeSecretOptions {
  readonly url?: string;
  readonly network?: string;
  readonly tlsCertFile?: string;
  readonly tlsFingerprint?: string;
  readonly plainHttp?: boolean;
  readonly storeId?: string;
  readonly allowUncappedFees?: boolean;
  readonly offline?: boolean;
  readonly json?: boolean;
}

const kinds = Object.keys(nodeSecretNames).join(', ');

/** Adds `farebox wallet node set`. */
export function registerNodeSet(node: Command): void {
  const command = node
    .command('set')
    .description('pay with this node: asks it who it is, and keeps it with its credential in the vault')
    .argument('<kind>', kinds)
    .option(
      '--url <url>',
      "where the node's interface is (default: where the daemon listens on this machine)",
    )
    .option('--macaroon-file <path>', 'lnd: the macaroon, binary or hex')
    .option('--rune-file <path>', 'cln: the rune')
    .option('--password-file <path>', 'phoenixd, eclair: the password')
    .option('--connection-file <path>', 'nwc: the connection text, nostr+walletconnect://…')
    .option('--key-file <path>', 'lnbits, btcpay: the key')
    .option('--secret-fd <number>', 'read the credential from this descriptor instead', parseDescriptor)
    .option('--tls-cert-file <path>', 'certificates that are trusted, PEM; they are kept in the vault')
    .option('--tls-fingerprint <sha256>', "the node's certificate and no other, SHA-256 in hex")
    .option('--plain-http', 'allow http to another machine, in a private network')
    .addOption(
      new Option('--network <name>', 'the network it must be on').choices(['mainnet', 'signet', 'regtest']),
    )
    .option('--store-id <id>', 'btcpay: the store')
    .option('--allow-uncapped-fees', 'pay although this kind of node does not let fees be bounded')
    .option('--offline', 'do not ask the node now; --network is needed then');
  withVaultOptions(command)
    .option('--json', 'one JSON object on stdout, errors as one on stderr')
    .addHelpText(
      'after',
      `
The credential is read from a file that only you can read, from a descriptor, from FAREBOX_CREDENTIAL or from a prompt;
never from the arguments. A node that is there is replaced. Invoices of another network than the node's are not paid.

Examples:
  farebox wallet node set lnd --url https://127.0.0.1:8080 --macaroon-file pay.macaroon --tls-cert-file tls.cert
  farebox wallet node set cln -a agent --rune-file rune.txt --tls-cert-file ca.pem
  farebox wallet node set nwc --connection-file connection.txt --allow-uncapped-fees`,
    )
    .action(run);
}

async function run(given: string, options: Options): Promise<void> {
  const output = createOutput({ json: options.json ?? false });
  const home = findHome();
  if (!hasVault(home)) throw noVault();
  const { nodeKinds } = await import('@farebox/lightning/nodes');
  const kind = nodeKinds.find((known) => known === given);
  if (kind === undefined) throw usageError(`A node is one of ${nodeKinds.join(', ')}.`);
  if (options.offline && options.network === undefined)
    throw usageError('With --offline, say the --network.');
  const passphrase = await requirePassphrase(options);
  const { findAccount, openVault, updateVault, withChangedAccount } = await import('@farebox/wallet/vault');
  // Looked at before the node is asked: a wrong passphrase or account is told first.
  const account = await inVault(async () =>
    findAccount((await openVault(home.vault, { passphrase })).document, options.account),
  );
  const node = await examine(home, kind, options);
  await inVault(() =>
    updateVault({ path: home.vault, passphrase }, (document) =>
      withChangedAccount(document, account.index, ({ tempo }) => ({ ...(tempo && { tempo }), node })),
    ),
  );
  const { network, settings, feesUncapped } = node;
  const url = typeof settings.url === 'string' ? settings.url : null;
  if (output.json) {
    const { index, name } = account;
    output.object({ ok: true, account: { index, name }, node: { kind, network, url, feesUncapped } });
    return;
  }
  output.text(
    table(
      [
        ['account', `${account.name} (${account.index})`],
        ['node', url === null ? kind : `${kind}, ${url}`],
        ['network', network],
        ['fees', feesUncapped ? 'not bounded by this node' : 'bounded by --max-fee'],
      ],
      output.color,
    ),
  );
}

/** Reads the options and asks the node. */
async function examine(home: Home, kind: NodeKind, options: Options): Promise<VaultNode> {
  const secret = await readNodeSecret(kind, options);
  const certificates =
    options.tlsCertFile === undefined ? undefined : await readCertificates(options.tlsCertFile);
  const settings = readSettings(options);
  const reached = { kind, settings, secret, ...(certificates !== undefined && { certificates }) };
  const node = await openVaultNode(home, reached);
  try {
    const info: Partial<NodeInfo> = options.offline ? {} : await askNode(node);
    const network = requirePayableNetwork(info.network ?? options.network ?? '');
    const reason = uncappedReason(node, kind);
    if (reason !== undefined && !options.allowUncappedFees) {
      throw new CliError('fees_uncapped', `${reason}. If that is right, add --allow-uncapped-fees.`, {
        exitCode: exitCodes.policy,
        retry: 'never',
      });
    }
    return { ...reached, network, payer: payerOf(reached, info.nodeId), feesUncapped: reason !== undefined };
  } finally {
    await node.close();
  }
}

function readSettings(options: Options): VaultNode['settings'] {
  const { url, network, tlsFingerprint, plainHttp, storeId } = options;
  return {
    ...(url !== undefined && { url }),
    ...(network !== undefined && { network }),
    ...(tlsFingerprint !== undefined && { tls_fingerprint: tlsFingerprint }),
    ...(plainHttp && { plain_http: true }),
    ...(storeId !== undefined && { store_id: storeId }),
  };
}
