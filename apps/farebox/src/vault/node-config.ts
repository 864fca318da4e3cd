import { createHash } from 'node:crypto';
import type { LightningNode, NodeInfo } from '@farebox/lightning';
import type { NodeConfig, NodeKind } from '@farebox/lightning/nodes';
import type { VaultNode } from '@farebox/wallet/vault';
import { CliError, usageError } from '../cli-error.js';
import { exitCodes } from '../exit-codes.js';
import type { Home } from '../home.js';
import { certificateFile } from './certificate-file.js';

/** What the credential of each kind of node is called in farebox.yaml. */
export const nodeSecretNames: Readonly<Record<NodeKind, string>> = {
  lnd: 'macaroon',
  cln: 'rune',
  phoenixd: 'password',
  nwc: 'connection',
  lnbits: 'key',
  eclair: 'password',
  btcpay: 'key',
};

/** Networks on which a challenge can be paid (draft-lightning-charge-00). */
export const payableNetworks = ['mainnet', 'signet', 'regtest'] as const;
/** One of {@link payableNetworks}. */
export type PayableNetwork = (typeof payableNetworks)[number];

/** The network as one that can be paid on; undefined for `testnet` and what is none. */
export function payableNetwork(text: string): PayableNetwork | undefined {
  return payableNetworks.find((network) => network === text);
}

/** Under this name the adapter is told the credential. No variable of that name is read or set. */
const secretName = 'FAREBOX_NODE_SECRET';

/** What an adapter is opened with. */
export type OpenableNode = Pick<VaultNode, 'kind' | 'settings' | 'secret' | 'certificates'>;

/** Connects to a node of the vault. Throws {@link CliError} `node_config_invalid` and the adapter's own codes. */
export async function openVaultNode(home: Home, node: OpenableNode): Promise<LightningNode> {
  const { openNode } = await import('@farebox/lightning/nodes');
  const { NodeError } = await import('@farebox/lightning');
  const config = await readConfig(home, node);
  try {
    return await openNode(config, { environment: { [secretName]: node.secret } });
  } catch (cause) {
    if (!(cause instanceof NodeError)) throw cause;
    throw nodeFailure(cause.code, cause.message, cause);
  }
}

/** A node failed; its own sentence, which holds no secret. */
export function nodeFailure(code: string, message: string, cause: unknown): CliError {
  const exitCode = code === 'node_unreachable' ? exitCodes.network : exitCodes.failed;
  return new CliError(code, message, { cause, exitCode });
}

async function readConfig(home: Home, node: OpenableNode): Promise<NodeConfig> {
  const { nodeKinds, parseNodeConfig } = await import('@farebox/lightning/nodes');
  const kind = nodeKinds.find((known) => known === node.kind);
  if (kind === undefined) throw usageError(`A node is one of ${nodeKinds.join(', ')}.`);
  const { certificates } = node;
  const trust = certificates && { tls_cert_file: await certificateFile(home, certificates) };
  const config = parseNodeConfig({
    ...node.settings,
    ...trust,
    kind,
    [`${nodeSecretNames[kind]}_env`]: secretName,
  });
  if (config.ok) return config.value;
  throw new CliError('node_config_invalid', config.detail.replaceAll('lightning.node.', ''), {
    exitCode: exitCodes.usage,
    retry: 'never',
  });
}

/** What a node says of itself when it is asked. Throws {@link CliError} when it does not answer as it should. */
export async function askNode(node: LightningNode): Promise<NodeInfo> {
  const { NodeError } = await import('@farebox/lightning');
  try {
    return await node.info();
  } catch (cause) {
    if (!(cause instanceof NodeError)) throw cause;
    throw nodeFailure(cause.code, cause.message, cause);
  }
}

/**
 * Who a node is, for the record of payers. Its key, where it has told one and all its credentials see the same payments;
 * else where it is and what it is reached with: another wallet of the same service has other payments.
 */
export function payerOf(node: OpenableNode, nodeId: string | undefined): string {
  const shared = node.kind !== 'nwc' && node.kind !== 'lnbits';
  if (shared && nodeId !== undefined) return `${node.kind}:${nodeId}`;
  const named = JSON.stringify([
    node.kind,
    node.settings.url ?? '',
    node.settings.store_id ?? '',
    node.secret,
  ]);
  return `${node.kind}:${createHash('sha256').update(named).digest('hex').slice(0, 32)}`;
}

/** Why a node must not pay without its owner's word: it cannot bound what a payment costs in fees. */
export function uncappedReason(node: Pick<LightningNode, 'capabilities'>, kind: string): string | undefined {
  if (node.capabilities.feeCap) return undefined;
  return `A node of the kind ${kind} does not let a payment's fee be bounded, so that --max-fee would be no limit`;
}

/** The network of a node that is to pay. Throws {@link CliError} for one on which no challenge can be paid. */
export function requirePayableNetwork(network: string): PayableNetwork {
  const payable = payableNetwork(network);
  if (payable) return payable;
  throw new CliError(
    'network_unpayable',
    `Nothing is paid on ${network}; a node is on mainnet, signet or regtest.`,
    {
      exitCode: exitCodes.policy,
      retry: 'never',
    },
  );
}
