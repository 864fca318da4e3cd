import type { JsonObject, JsonValue } from '@farebox/protocol';
import { isJsonObject } from '@farebox/protocol';
import type { Block } from './block.js';
import type { Chain, Coin } from './chain.js';
import { BitcoinRpcError } from './rpc-error.js';
import { RpcParameters } from './rpc-parameters.js';
import {
  blockView,
  chainWork,
  coins,
  headerView,
  REGTEST_DIFFICULTY,
  scriptMember,
  transactionView,
} from './rpc-views.js';
import { scriptOfAddress } from './script.js';
import { parseTransaction, type Transaction } from './transaction.js';

type Method = (chain: Chain, parameters: RpcParameters) => JsonValue;

/** The lowest rate of fees, bitcoin per 1,000 virtual bytes, and what Bitcoin Core calls its units. */
const relayFee = 0.00001;

const methods: ReadonlyMap<string, Method> = new Map<string, Method>([
  ['getblockchaininfo', blockchainInfo],
  ['getblockcount', (chain) => chain.height],
  ['getbestblockhash', (chain) => chain.tip.hash],
  ['getdifficulty', () => REGTEST_DIFFICULTY],
  ['getblockhash', blockHash],
  ['getblockheader', blockHeader],
  ['getblock', block],
  ['getrawtransaction', rawTransaction],
  ['decoderawtransaction', decodeRawTransaction],
  ['gettxout', txOut],
  ['scantxoutset', scanTxOutSet],
  ['estimatesmartfee', estimateSmartFee],
  ['getmempoolinfo', mempoolInfo],
  ['getrawmempool', (chain) => [...chain.mempool.keys()]],
  ['getnetworkinfo', networkInfo],
  ['validateaddress', validateAddress],
]);

/**
 * Answers a call as Bitcoin Core would, over the embedded chain; all transactions are indexed. Only methods that
 * read. Throws {@link BitcoinRpcError} with Bitcoin Core's codes.
 */
export function bitcoinRpc(chain: Chain, method: string, parameters: readonly JsonValue[]): JsonValue {
  const perform = methods.get(method);
  if (perform === undefined) throw new BitcoinRpcError(-32601, 'Method not found');
  return perform(chain, new RpcParameters(parameters));
}

function blockchainInfo(chain: Chain): JsonObject {
  const { tip } = chain;
  return {
    chain: 'regtest',
    blocks: tip.height,
    headers: tip.height,
    bestblockhash: tip.hash,
    difficulty: REGTEST_DIFFICULTY,
    time: tip.time,
    mediantime: chain.medianTime(),
    verificationprogress: 1,
    initialblockdownload: false,
    chainwork: chainWork(tip.height),
    size_on_disk: chain.blocks.reduce((sum, { raw }) => sum + raw.length, 0),
    pruned: false,
    warnings: 'This is a Farebox devnet: regtest, worthless coins.',
  };
}

function blockHash(chain: Chain, parameters: RpcParameters): string {
  const found = chain.blockAt(parameters.integer(0, 'height'));
  if (found === undefined) throw new BitcoinRpcError(-8, 'Block height out of range');
  return found.hash;
}

function knownBlock(chain: Chain, parameters: RpcParameters): Block {
  const found = chain.blockByHash(parameters.hash(0, 'blockhash'));
  if (found === undefined) throw new BitcoinRpcError(-5, 'Block not found');
  return found;
}

function blockHeader(chain: Chain, parameters: RpcParameters): JsonValue {
  const found = knownBlock(chain, parameters);
  return parameters.flag(1, 'verbose', true) ? headerView(chain, found) : found.header.toString('hex');
}

function block(chain: Chain, parameters: RpcParameters): JsonValue {
  const found = knownBlock(chain, parameters);
  const verbosity = parameters.verbosity(1, 1);
  return verbosity <= 0 ? found.raw.toString('hex') : blockView(chain, found, verbosity >= 2);
}

function rawTransaction(chain: Chain, parameters: RpcParameters): JsonValue {
  const txid = parameters.hash(0, 'txid');
  const verbosity = parameters.verbosity(1, 0);
  if (txid === chain.blockAt(0)?.merkleRoot) {
    throw new BitcoinRpcError(-5, 'The genesis block coinbase is not considered an ordinary transaction');
  }
  const found = chain.transaction(txid);
  const inBlock = parameters.value(2) === undefined ? undefined : parameters.hash(2, 'blockhash');
  if (inBlock !== undefined && chain.blockByHash(inBlock) === undefined) {
    throw new BitcoinRpcError(-5, 'Block hash not found');
  }
  if (found === undefined || (inBlock !== undefined && found.block?.hash !== inBlock)) {
    throw new BitcoinRpcError(-5, 'No such mempool or blockchain transaction');
  }
  if (verbosity <= 0) return found.transaction.raw.toString('hex');
  const view = transactionView(chain, found.transaction);
  if (found.block === undefined) return view;
  const { hash, height, time } = found.block;
  return { ...view, blockhash: hash, confirmations: chain.height - height + 1, time, blocktime: time };
}

function decodeRawTransaction(chain: Chain, parameters: RpcParameters): JsonValue {
  const text = parameters.string(0, 'hexstring');
  let decoded: Transaction;
  try {
    if (!/^(?:[0-9a-fA-F]{2})+$/.test(text)) throw new RangeError('Not hex.');
    decoded = parseTransaction(Buffer.from(text, 'hex'));
  } catch {
    throw new BitcoinRpcError(-22, 'TX decode failed');
  }
  const { hex: _hex, fee: _fee, ...view } = transactionView(chain, decoded);
  return view;
}

function txOut(chain: Chain, parameters: RpcParameters): JsonValue {
  const txid = parameters.hash(0, 'txid');
  const index = parameters.integer(1, 'n');
  const withMempool = parameters.flag(2, 'include_mempool', true);
  const coin = chain.coin(txid, index);
  if (coin !== undefined) {
    if (withMempool && chain.isSpentInMempool(coin)) return null;
    return coinView(chain, coin, chain.height - coin.height + 1);
  }
  const waiting = withMempool ? chain.mempool.get(txid)?.outputs[index] : undefined;
  if (waiting === undefined || chain.isSpentInMempool({ txid, index })) return null;
  return coinView(chain, { ...waiting, coinbase: false }, 0);
}

function coinView(
  chain: Chain,
  coin: Pick<Coin, 'valueSat' | 'script' | 'coinbase'>,
  confirmations: number,
): JsonObject {
  const { valueSat, coinbase } = coin;
  return {
    bestblock: chain.tip.hash,
    confirmations,
    value: coins(valueSat),
    ...scriptMember(coin),
    coinbase,
  };
}

function scanTxOutSet(chain: Chain, parameters: RpcParameters): JsonValue {
  const action = parameters.string(0, 'action');
  if (action === 'status') return null;
  if (action === 'abort') return false;
  if (action !== 'start') throw new BitcoinRpcError(-8, `Invalid action '${action}'`);
  const wanted = parameters.value(1);
  if (!Array.isArray(wanted))
    throw new BitcoinRpcError(-1, 'scanobjects argument is required for the start action');
  const unspents: JsonObject[] = [];
  let totalSat = 0n;
  for (const object of wanted) {
    const { descriptor, script } = scanned(object);
    for (const coin of chain.confirmedCoinsOf(script)) {
      totalSat += coin.valueSat;
      unspents.push({
        txid: coin.txid,
        vout: coin.index,
        scriptPubKey: Buffer.from(coin.script).toString('hex'),
        desc: descriptor,
        amount: coins(coin.valueSat),
        coinbase: coin.coinbase,
        height: coin.height,
        blockhash: chain.blockAt(coin.height)?.hash ?? '',
        confirmations: chain.height - coin.height + 1,
      });
    }
  }
  return {
    success: true,
    txouts: chain.coins.size,
    height: chain.height,
    bestblock: chain.tip.hash,
    unspents,
    total_amount: coins(totalSat),
  };
}

function scanned(object: JsonValue): { descriptor: string; script: Uint8Array } {
  const text = isJsonObject(object) ? object.desc : object;
  if (typeof text !== 'string')
    throw new BitcoinRpcError(-8, 'Scan object needs to be either a string or an object');
  const descriptor = text.replace(/#[a-z0-9]{8}$/, '');
  const address = /^addr\(([^()]+)\)$/.exec(descriptor)?.[1];
  const script = address === undefined ? undefined : scriptOfAddress(address);
  if (script === undefined)
    throw new BitcoinRpcError(-5, 'Invalid descriptor: the devnet scans addr(<address>)');
  return { descriptor, script };
}

function estimateSmartFee(_chain: Chain, parameters: RpcParameters): JsonObject {
  const blocks = parameters.integer(0, 'conf_target');
  if (blocks < 1 || blocks > 1008) {
    throw new BitcoinRpcError(-8, 'Invalid conf_target, must be between 1 and 1008');
  }
  // What Bitcoin Core answers on a chain that is as quiet as this one.
  return { errors: ['Insufficient data or no feerate found'], blocks };
}

function mempoolInfo(chain: Chain): JsonObject {
  const waiting = [...chain.mempool.values()];
  return {
    loaded: true,
    size: waiting.length,
    bytes: waiting.reduce((sum, { weight }) => sum + Math.ceil(weight / 4), 0),
    usage: waiting.reduce((sum, { raw }) => sum + raw.length, 0),
    total_fee: coins(waiting.reduce((sum, t) => sum + (chain.feeSat(t) ?? 0n), 0n)),
    maxmempool: 300_000_000,
    mempoolminfee: relayFee,
    minrelaytxfee: relayFee,
    incrementalrelayfee: relayFee,
    unbroadcastcount: 0,
    fullrbf: false,
  };
}

function networkInfo(): JsonObject {
  return {
    version: 0,
    subversion: '/Farebox devnet/',
    protocolversion: 70016,
    localservices: '0000000000000000',
    localrelay: false,
    timeoffset: 0,
    networkactive: false,
    connections: 0,
    networks: [],
    relayfee: relayFee,
    incrementalfee: relayFee,
    localaddresses: [],
    warnings: 'This is a Farebox devnet: regtest, worthless coins.',
  };
}

function validateAddress(_chain: Chain, parameters: RpcParameters): JsonObject {
  const address = parameters.string(0, 'address');
  const script = scriptOfAddress(address);
  if (script === undefined) return { isvalid: false, error_locations: [], error: 'Invalid regtest address' };
  const version = script[0] ?? 0;
  const iswitness = (version === 0 || (version >= 0x51 && version <= 0x60)) && script.length >= 4;
  const scriptPubKey = Buffer.from(script).toString('hex');
  if (!iswitness) return { isvalid: true, address, scriptPubKey, isscript: version === 0xa9, iswitness };
  return {
    isvalid: true,
    address,
    scriptPubKey,
    isscript: script.length === 34,
    iswitness,
    witness_version: version === 0 ? 0 : version - 0x50,
    witness_program: scriptPubKey.slice(4),
  };
}
