import { NodeError, type PayingNode } from '@farebox/lightning';
import { type LndNode, openLnd } from '../adapters.js';
import { answerMs, impatientMs, type NodeWorld, type Payee } from '../conformance.js';
import { payMacaroonOperations } from '../lnd-macaroon.js';
import { payMs, until } from '../steps.js';
import { layWire } from '../wire.js';
import { serveChain } from './chain-server.js';
import { type EmbeddedNode, type Network, startNetwork } from './inside-devnet.js';
import { startLnd } from './lnd-process.js';
import { connectOverTcp } from './peer.js';

/** The channel between the devnet's wallet and LND, satoshis; half of it is LND's. */
const channelSat = 10_000_000n;

/** LND wants up to six confirmations for a channel. */
const confirmations = 6;

/** What the devnet's wallet takes when it forwards: rust-lightning's default. */
const forwardingFeeMsat = 1_000n;

/** The world of a real LND, and the macaroons that it has made itself. */
export interface RealLndWorld extends NodeWorld {
  /** Opens the adapter with one of LND's own macaroons; the caller closes it. */
  openOwn(name: 'admin' | 'invoice' | 'readonly'): Promise<LndNode>;
}

/**
 * A real LND with a channel to the devnet's wallet, on the devnet's chain: `LND ── wallet ── merchant`. LND's
 * invoices are paid by the wallet directly, and LND pays the merchant through the wallet, which takes a fee.
 */
export async function realLndWorld(binary: string): Promise<RealLndWorld> {
  const closing: (() => Promise<unknown> | unknown)[] = [];
  const dispose = async () => {
    for (const close of closing.splice(0).reverse()) await close();
  };
  try {
    const network = await startNetwork({
      router: false,
      log: () => {},
      now: Date.now,
      onFatal: (error) => {
        throw error;
      },
    });
    closing.push(() => network.close());
    const chain = await serveChain(network);
    closing.push(() => chain.close());
    const lnd = await startLnd(binary, chain.port);
    closing.push(() => lnd.stop());
    const wire = await layWire({ port: lnd.restPort });
    closing.push(() => wire.close());
    const open = (macaroon: Uint8Array, waitMs = answerMs) =>
      openLnd({
        url: `https://127.0.0.1:${wire.port}`,
        tls: { certificates: lnd.certificate },
        macaroon,
        network: 'regtest',
        answerMs: waitMs,
      });
    const selling = await lnd.macaroon('invoice');
    const paying = await until(
      () => lnd.bake(payMacaroonOperations).catch(() => undefined),
      (baked) => baked !== undefined,
    );
    if (paying === undefined) throw new Error('LND baked no macaroon.');
    const wallet = open(paying);
    const seller = open(selling);
    // Each with the other's macaroon, which allows nothing that it does.
    const intruder = { seller: open(paying), wallet: open(selling) };
    closing.push(() =>
      Promise.all([wallet, seller, intruder.seller, intruder.wallet].map((node) => node.close())),
    );
    const { nodeId = '' } = await wallet.info();
    const peer = await connectOverTcp(network.node('wallet'), nodeId, lnd.peerPort);
    closing.push(() => peer.close());
    await openChannelTo(network, nodeId);
    await firstPayment(network, wallet);
    return {
      kind: 'lnd',
      network: 'regtest',
      seller,
      wallet,
      payer: inProcess(network.node('wallet')),
      payee: inProcess(network.node('merchant')),
      routeFeeMsat: forwardingFeeMsat,
      lateFeeKnown: true,
      faults: {
        wires: [wire],
        intruder,
        secrets: [paying.toString('hex'), selling.toString('hex')],
        impatient: () => {
          const node = open(selling, impatientMs);
          closing.push(() => node.close());
          return node;
        },
      },
      reconnect: () => ({ seller: open(selling), wallet: open(paying) }),
      openOwn: async (name) => open(await lnd.macaroon(name)),
      dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

async function openChannelTo(network: Network, nodeId: string): Promise<void> {
  const { core } = network.node('wallet');
  const node = network.node('wallet');
  await until(() => node.isConnectedTo(nodeId), Boolean);
  const before = node.usableChannels();
  const { manager } = core.parts;
  const half = (channelSat / 2n) * 1_000n;
  const created = manager.create_channel(Buffer.from(nodeId, 'hex'), channelSat, half, 2n, null, null);
  if (!created.is_ok()) throw new Error('The channel to LND could not be created.');
  core.kick();
  await until(
    () => network.chain.mempool.size,
    (size) => size > 0,
  );
  network.mine(confirmations);
  await until(
    () => node.usableChannels(),
    (channels) => channels > before,
  );
}

/** LND's router learns of a new channel a moment after its peer may use it. */
async function firstPayment(network: Network, wallet: PayingNode): Promise<void> {
  const request = { amountMsat: 1_000n, description: 'the first', expirySeconds: 600 };
  await until(
    async () => {
      const { invoice } = await network.node('merchant').createInvoice(request);
      return wallet.payInvoice({ invoice, maxFeeMsat: forwardingFeeMsat, timeoutMs: payMs });
    },
    (state) => state.status === 'succeeded',
  );
}

/** A node of the devnet that lives in this thread, as the suite's counterpart. */
function inProcess(node: EmbeddedNode): Payee & NodeWorld['payer'] {
  return {
    capabilities: { msat: true, feeCap: true, cancel: true, track: true, hold: true },
    info: async () => node.info(),
    createInvoice: (request) => node.createInvoice(request),
    lookupInvoice: async (hash) => node.lookupInvoice(hash),
    holdInvoice: (request) => node.holdInvoice(request),
    settleHold: (preimage) => node.settleHold(preimage),
    cancelHold: (hash) => node.cancelInvoice(hash),
    payInvoice: (request) => node.payInvoice(request),
    trackPayment: async (hash) => node.trackPayment(hash),
    balance: () => node.balance(),
    close: () => Promise.reject(new NodeError('node_refused', 'It ends with its network.')),
  };
}
