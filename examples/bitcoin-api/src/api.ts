import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { balanceOf, utxosOf } from './address.js';
import { namedBlock, tipBlock, tipHeight } from './blocks.js';
import { estimateFees, mempoolFees } from './fees.js';
import { openapi } from './openapi.js';
import { readAddress, readBlockName, readHeight, readPage, readTxid } from './parameters.js';
import { type ConfiguredPrice, priceOf } from './price.js';
import { ProblemError, type ProblemStatus, problemMediaType, problemOf } from './problem.js';
import { createRpcClient, type RpcClient, RpcFailure, type RpcOptions } from './rpc-client.js';
import { passV1, passV2, type RpcReply } from './rpc-passthrough.js';
import { namedTransaction } from './transactions.js';
import { createUnspentScanner } from './unspent-scan.js';

const requestBytesMax = 64 * 1024;
const retryAfterSeconds = '5';

/** What the API is made of: one Bitcoin node and one price. */
export interface BitcoinApiOptions {
  /** Bitcoin Core's JSON-RPC, or a devnet's `<url>/bitcoin` (user `farebox`, its token as the password). */
  rpc: RpcOptions;
  /** What the price endpoint answers. */
  price: ConfiguredPrice;
}

/**
 * Makes a small read-only Bitcoin API in the shape of Xverse's Bitcoin module, backed by one Bitcoin Core JSON-RPC.
 * Its endpoints are listed in {@link openapi}. It knows nothing of payment: a gateway in front of it sells it.
 *
 * @throws TypeError or RangeError when an option is malformed
 * @example
 * ```ts
 * import { createBitcoinApi } from '@farebox/example-bitcoin-api';
 *
 * const api = createBitcoinApi({
 *   rpc: { url: 'http://127.0.0.1:8332', cookieFile: '/home/satoshi/.bitcoin/.cookie' },
 *   price: { currency: 'USD', rate: 100_000 },
 * });
 * const answer = await api.request('/v1/bitcoin/blocks/tip');
 * ```
 */
export function createBitcoinApi(options: BitcoinApiOptions): Hono {
  const rpc = createRpcClient(options.rpc);
  const price = priceOf(options.price);
  const api = new Hono();
  api.onError(answerError);
  api.notFound((context) =>
    problemAnswer(context, 404, 'There is no such endpoint; /openapi.json lists them all.'),
  );
  api.get('/healthz', async (context) => context.json({ status: 'ok', height: await tipHeight(rpc) }));
  api.get('/openapi.json', (context) => context.json(openapi));
  api.get('/v1/bitcoin/price', (context) => context.json(price));
  addBlocks(api, rpc);
  addAddresses(api, rpc);
  addFees(api, rpc);
  addRpc(api, rpc);
  api.get('/v1/bitcoin/transactions/:txid', async (context) =>
    context.json(await namedTransaction(rpc, readTxid(context.req.param('txid')))),
  );
  return api;
}

function addBlocks(api: Hono, rpc: RpcClient): void {
  for (const path of ['/v1/bitcoin/blocks/tip', '/v1/block/current']) {
    api.get(path, async (context) => context.json({ block: await tipBlock(rpc) }));
  }
  api.get('/v1/bitcoin/blocks/:block', async (context) =>
    context.json({ block: await namedBlock(rpc, readBlockName(context.req.param('block'))) }),
  );
  api.get('/v1/block/height/:height', async (context) =>
    context.json({ block: await namedBlock(rpc, { height: readHeight(context.req.param('height')) }) }),
  );
}

function addAddresses(api: Hono, rpc: RpcClient): void {
  const scanner = createUnspentScanner(rpc);
  api.get('/v1/bitcoin/address/:address/balance', async (context) =>
    context.json(await balanceOf(rpc, scanner, readAddress(context.req.param('address')))),
  );
  api.get('/v1/bitcoin/address/:address/utxo', async (context) => {
    const address = readAddress(context.req.param('address'));
    const page = readPage(context.req.query('offset'), context.req.query('limit'));
    return context.json(await utxosOf(rpc, scanner, address, page));
  });
}

function addFees(api: Hono, rpc: RpcClient): void {
  for (const path of ['/v1/bitcoin/fees/estimate', '/v1/bitcoin/mempool/fee-estimates']) {
    api.get(path, async (context) => context.json(await estimateFees(rpc)));
  }
  api.get('/v1/bitcoin/fees/mempool', async (context) => context.json(await mempoolFees(rpc)));
}

function addRpc(api: Hono, rpc: RpcClient): void {
  const limit = bodyLimit({
    maxSize: requestBytesMax,
    onError: (context) =>
      problemAnswer(context, 413, `A request body may have up to ${requestBytesMax} bytes.`),
  });
  api.post('/v1/bitcoin/rpc', limit, async (context) =>
    rpcAnswer(context, await passV1(rpc, await context.req.text())),
  );
  api.post('/v2/bitcoin/rpc', limit, async (context) =>
    rpcAnswer(context, await passV2(rpc, await context.req.text())),
  );
}

function rpcAnswer(context: Context, reply: RpcReply): Response {
  if (reply.status === 204) return context.body(null, 204);
  return context.body(reply.body, reply.status, { 'content-type': 'application/json' });
}

function answerError(error: Error, context: Context): Response {
  if (error instanceof ProblemError) return problemAnswer(context, error.status, error.message);
  if (error instanceof RpcFailure) return problemAnswer(context, statusOf(error), error.message);
  return problemAnswer(context, 500, 'This API failed; try again later.');
}

function statusOf(failure: RpcFailure): ProblemStatus {
  if (failure.code === 'node-timeout') return 504;
  return failure.code === 'node-busy' ? 503 : 502;
}

function problemAnswer(context: Context, status: ProblemStatus, detail: string): Response {
  if (status === 503) context.header('retry-after', retryAfterSeconds);
  return context.body(JSON.stringify(problemOf(status, detail)), status, {
    'content-type': problemMediaType,
  });
}
