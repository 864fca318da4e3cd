import { parentPort, workerData } from 'node:worker_threads';
import { NodeError } from '@farebox/lightning';
import { bitcoinRpc } from './chain/rpc.js';
import { BitcoinRpcError } from './chain/rpc-error.js';
import type { Call, CallMessage, WireError, WorkerMessage, WorkerStart } from './messages.js';
import { type Network, startNetwork } from './network.js';

// Entry of the worker thread that holds the chain and the nodes. Signatures of real payments take milliseconds
// each and would stall an HTTP server's event loop.

const blocksAtOnceMax = 1_000;

if (parentPort === null) throw new Error('This file is the worker thread of a devnet: use startDevnet().');
const port = parentPort;
const post = (message: WorkerMessage) => port.postMessage(message);

// rust-lightning's panics come through console.log. Stdout belongs to the program that uses the devnet.
console.log = (...words: unknown[]) => post({ kind: 'log', line: words.join(' ') });

// workerData is what startDevnet() passes, of this very type.
const start = workerData as WorkerStart;
let clockOffsetMs = start.nowMs - Date.now();

const onFatal = (cause: unknown) => {
  post({
    kind: 'failed',
    message: `The devnet cannot go on: ${cause instanceof Error ? cause.message : 'panic'}`,
  });
  setImmediate(() => process.exit(1));
};

try {
  const network = await startNetwork({
    directory: start.directory,
    router: start.router,
    log: (line) => post({ kind: 'log', line }),
    now: () => Date.now() + clockOffsetMs,
    onFatal,
  });
  port.on('message', (message: CallMessage) => {
    clockOffsetMs = message.nowMs - Date.now();
    answer(network, message);
  });
  post({ kind: 'ready', roles: network.roles });
} catch (error) {
  onFatal(error);
}

async function answer(network: Network, message: CallMessage): Promise<void> {
  const { id, call } = message;
  try {
    const value = await perform(network, message.role, call);
    post({ kind: 'result', id, value });
  } catch (error) {
    post({ kind: 'error', id, error: wireError(error) });
  }
  if (call.verb === 'close') process.exit(0);
}

function perform(network: Network, role: CallMessage['role'], call: Call): unknown {
  switch (call.verb) {
    case 'info':
      return network.node(role).info();
    case 'createInvoice':
      return network.node(role).createInvoice(call.argument);
    case 'holdInvoice':
      return network.node(role).holdInvoice(call.argument);
    case 'settleHold':
      return network.node(role).settleHold(call.argument);
    case 'lookupInvoice':
      return network.node(role).lookupInvoice(call.argument);
    case 'listSettled':
      return network.node(role).listSettled(call.argument);
    case 'cancelInvoice':
      return network.node(role).cancelInvoice(call.argument);
    case 'payInvoice':
      return network.node(role).payInvoice(call.argument);
    case 'trackPayment':
      return network.node(role).trackPayment(call.argument);
    case 'balance':
      return network.node(role).balance();
    case 'bitcoinRpc':
      return bitcoinRpc(network.chain, call.argument.method, call.argument.params);
    case 'mine':
      return mine(network, call.argument);
    case 'close':
      return network.close();
  }
}

async function mine(network: Network, blocks: number): Promise<{ height: number; hash: string }> {
  if (!Number.isInteger(blocks) || blocks < 1 || blocks > blocksAtOnceMax) {
    throw new NodeError('node_refused', `Mine from 1 to ${blocksAtOnceMax} blocks at a time.`);
  }
  network.mine(blocks);
  await network.activity.settled(1_000);
  return { height: network.chain.height, hash: network.chain.tip.hash };
}

function wireError(error: unknown): WireError {
  if (error instanceof NodeError) return { kind: 'node', code: error.code, message: error.message };
  if (error instanceof BitcoinRpcError) return { kind: 'bitcoin', code: error.code, message: error.message };
  return { kind: 'other', message: error instanceof Error ? error.message : 'The devnet failed.' };
}
