import { isJsonObject, type JsonObject, type JsonValue } from '@farebox/protocol';
import { type Facade, serveFacade } from '../facade.js';
import { bitcoinRpc, type Network } from './inside-devnet.js';

/**
 * The devnet's chain as a Bitcoin Core that LND accepts as its backend (`--bitcoin.node=bitcoind` with
 * `--bitcoind.rpcpolling`): JSON-RPC at the root, batches, and the few answers that LND wants beyond what the devnet
 * gives to everybody.
 */
export function serveChain(network: Network): Promise<Facade> {
  return serveFacade(async ({ json }) => {
    if (Array.isArray(json)) return { json: json.map((call) => answer(network, call)) };
    return { json: answer(network, json) };
  });
}

function answer(network: Network, call: JsonValue | undefined): JsonObject {
  const { method, params, id = null } = isJsonObject(call) ? call : {};
  try {
    const result = perform(network, String(method), Array.isArray(params) ? params : []);
    return { result, error: null, id };
  } catch (error) {
    const code =
      error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : -1;
    return { result: null, error: { code, message: error instanceof Error ? error.message : '' }, id };
  }
}

class RejectedTransaction extends Error {
  readonly code = -26;
}

function perform({ chain }: Network, method: string, params: readonly JsonValue[]): JsonValue {
  if (method === 'sendrawtransaction') {
    const submitted = chain.submit(Buffer.from(String(params[0]), 'hex'));
    if (!submitted.ok) throw new RejectedTransaction(submitted.reason);
    return submitted.txid;
  }
  if (method === 'getdeploymentinfo') {
    // LND asks whether taproot is active. On regtest it is from the first block.
    const active = { type: 'bip9', active: true, height: 0 };
    return { hash: chain.tip.hash, height: chain.height, deployments: { taproot: active } };
  }
  const result = bitcoinRpc(chain, method, params);
  // LND decides by the version which of its questions to ask.
  return method === 'getnetworkinfo' && isJsonObject(result) ? { ...result, version: 270_000 } : result;
}
