import { resolve } from 'node:path';
import { type InvoiceNode, lightningSeller } from '@farebox/lightning';
import type { SellerMethod } from '@farebox/protocol';
import type { PayingTerms } from '../sell/desk.js';
import { type RegistrarConfig, RegistrarConfigError } from './load.js';
import { firstLine } from './places.js';

/** Tempo's main network. */
const mainChainId = 4217;

/** The ways of being paid. */
export interface OpenedMethods {
  readonly methods: readonly SellerMethod[];
  readonly paying: PayingTerms;
  close(): Promise<void>;
}

/**
 * Opens the ways of being paid that are configured. Only what is configured is loaded.
 *
 * @throws RegistrarConfigError; it never holds a key, a token, or a URL that may hold one
 */
export async function openMethods(config: RegistrarConfig): Promise<OpenedMethods> {
  const tempo = await openTempo(config);
  const node = await openNode(config).catch((error: unknown) => {
    tempo?.close();
    throw error;
  });
  const methods = [tempo?.method, node && lightningSeller(node)].filter((each) => each !== undefined);
  const paying = {
    tempo: tempo?.terms,
    lightning: node !== undefined,
    usdMicrosPerGem: config.usdMicrosPerGem,
  };
  return {
    ...{ methods, paying },
    async close() {
      tempo?.close();
      await node?.node.close();
    },
  };
}

async function openTempo({ input, directory }: RegistrarConfig) {
  if (input.tempo === undefined) return undefined;
  const { rpc, rpc_file: rpcFile, chain, tokens } = input.tempo;
  const named = rpc ?? (rpcFile === undefined ? undefined : await firstLine(resolve(directory, rpcFile)));
  const place =
    named === undefined ? await devnetChain(chain) : { url: named, chainId: chain ?? mainChainId };
  const { createTempoSeller, httpRpc } = await import('@farebox/tempo');
  const client = httpRpc({ url: place.url });
  const sold = Object.entries(tokens).map(([name, { address, recipient }]) => ({
    ...{ name, recipient, address: address.toLowerCase() },
  }));
  try {
    const byAddress = Object.fromEntries(sold.map(({ address, recipient }) => [address, { recipient }]));
    const method = createTempoSeller({ rpc: client, chainId: place.chainId, tokens: byAddress });
    return { method, terms: { chainId: place.chainId, tokens: sold }, close: () => client.close() };
  } catch (cause) {
    client.close();
    if (!(cause instanceof TypeError)) throw cause;
    throw new RegistrarConfigError(`Tempo cannot be used as configured: ${cause.message}.`, { cause });
  }
}

async function devnetChain(chainId: number | undefined) {
  const { fareboxHome, readDevnetFile } = await import('@farebox/devnet');
  const home = fareboxHome();
  const found = await readDevnetFile(home).catch(() => undefined);
  if (found?.tempo === undefined)
    throw new RegistrarConfigError(
      `tempo names no node, and no devnet with a Tempo chain was found in ${home}. Start one with: farebox devnet --tempo. Or name a node: tempo.rpc`,
    );
  return { url: found.tempo.url, chainId: chainId ?? found.tempo.chainId };
}

async function openNode({ input, directory }: RegistrarConfig) {
  if (input.lightning === undefined) return undefined;
  const { node } = input.lightning;
  if (node.kind === 'devnet') return { node: await devnetNode(), network: 'regtest' as const };
  const { parseNodeConfig, openNode: connect } = await import('@farebox/lightning/nodes');
  const paths = Object.entries(node).map(([key, value]) => [
    key,
    key.endsWith('_file') && typeof value === 'string' ? resolve(directory, value) : value,
  ]);
  const parsed = parseNodeConfig(Object.fromEntries(paths));
  if (!parsed.ok) throw new RegistrarConfigError(`lightning.node is not complete: ${parsed.detail}`);
  const opened: InvoiceNode = await connect(parsed.value);
  const { network } = await opened.info();
  if (network === 'testnet') {
    await opened.close();
    throw new RegistrarConfigError('The lightning charge knows no testnet; use signet or regtest.');
  }
  return { node: opened, network };
}

async function devnetNode(): Promise<InvoiceNode> {
  const { connectDevnet, fareboxHome, readDevnetFile } = await import('@farebox/devnet');
  const home = fareboxHome();
  const found = await readDevnetFile(home).catch(() => undefined);
  if (found === undefined)
    throw new RegistrarConfigError(`No devnet was found in ${home}. Start one with: farebox devnet --tempo`);
  return connectDevnet({ ...found, role: 'merchant' });
}
