import { type Address, type Hex, readHex } from './hex.js';
import { readQuantity, readReceipt, type TempoReceipt } from './receipt.js';
import { type TempoRpc, TempoRpcError } from './rpc.js';

/** How long a broadcast may take, which answers only when the transaction is in a block, milliseconds. */
export const broadcastTimeoutMs = 10_000;
/** How long a question may take, milliseconds. */
export const readTimeoutMs = 4_000;

/** How long calls may take. */
export interface ChainTimeouts {
  readonly broadcastTimeoutMs?: number;
  readonly readTimeoutMs?: number;
}

/** The newest block. */
export interface ChainHead {
  readonly number: bigint;
  /** Seconds since the epoch. */
  readonly timestamp: number;
  /** Attodollars per gas. */
  readonly baseFeePerGas: bigint;
}

/** All that Farebox asks of a Tempo node. Every method rejects with {@link TempoRpcError}. */
export interface TempoChain {
  chainId(): Promise<number>;
  /**
   * Broadcasts a signed transaction and waits until it is in a block. Idempotent on the chain: the same transaction
   * is executed once, however often it is sent.
   */
  broadcast(signed: Hex): Promise<TempoReceipt>;
  /** Undefined when no block has it, so far as this node knows. */
  receipt(hash: Hex): Promise<TempoReceipt | undefined>;
  head(): Promise<ChainHead>;
  /** When a block was made, by the chain's clock, seconds since the epoch. Undefined when this node does not have it. */
  blockTimeS(number: bigint): Promise<number | undefined>;
  /** `eth_call` against the newest block; returns the raw return data. */
  read(to: Address, data: Hex, from?: Address): Promise<Hex>;
  /** Transactions sent by an account with the protocol's own nonce. */
  nonce(address: Address): Promise<bigint>;
  /** Any other call; `params` in the JSON-RPC's own forms. */
  request(method: string, params: readonly unknown[]): Promise<unknown>;
}

function misread(what: string): TempoRpcError {
  return new TempoRpcError('rpc_malformed', `The Tempo node's answer for ${what} cannot be read`);
}

function readBlock(answer: unknown): ChainHead {
  if (typeof answer !== 'object' || answer === null) throw misread('a block');
  const block: Readonly<Record<string, unknown>> = { ...answer };
  const number = readQuantity(block.number);
  const timestamp = readQuantity(block.timestamp);
  const baseFeePerGas = readQuantity(block.baseFeePerGas);
  if (number === undefined || timestamp === undefined || baseFeePerGas === undefined) {
    throw misread('a block');
  }
  return { number, timestamp: Number(timestamp), baseFeePerGas };
}

/**
 * The calls that Farebox makes of a Tempo node, typed and with time-outs.
 *
 * @example
 * ```ts
 * import { httpRpc, tempoChain } from '@farebox/tempo';
 * const chain = tempoChain(httpRpc({ url: 'http://127.0.0.1:8545' }));
 * console.log(await chain.chainId());
 * ```
 */
export function tempoChain(rpc: TempoRpc, timeouts: ChainTimeouts = {}): TempoChain {
  const sendMs = timeouts.broadcastTimeoutMs ?? broadcastTimeoutMs;
  const readMs = timeouts.readTimeoutMs ?? readTimeoutMs;
  const ask = (method: string, params: readonly unknown[]) => rpc.request(method, params, readMs);
  async function quantity(method: string, params: readonly unknown[]): Promise<bigint> {
    const value = readQuantity(await ask(method, params));
    if (value === undefined) throw misread(method);
    return value;
  }
  return {
    chainId: async () => Number(await quantity('eth_chainId', [])),
    async broadcast(signed) {
      const answer = await rpc.request('eth_sendRawTransactionSync', [signed], sendMs);
      const receipt = readReceipt(answer);
      // Not "not mined": what the node did is not known.
      if (receipt === undefined) throw misread('a broadcast');
      return receipt;
    },
    async receipt(hash) {
      const answer = await ask('eth_getTransactionReceipt', [hash]);
      if (answer === null) return undefined;
      const receipt = readReceipt(answer);
      if (receipt === undefined) throw misread('a receipt');
      return receipt;
    },
    head: async () => readBlock(await ask('eth_getBlockByNumber', ['latest', false])),
    async blockTimeS(number) {
      const answer = await ask('eth_getBlockByNumber', [`0x${number.toString(16)}`, false]);
      if (answer === null) return undefined;
      const block = readBlock(answer);
      if (block.number !== number) throw misread('a block');
      return block.timestamp;
    },
    async read(to, data, from) {
      const call = from === undefined ? { to, data } : { from, to, data };
      const answer = readHex(await ask('eth_call', [call, 'latest']));
      if (answer === undefined) throw misread('eth_call');
      return answer;
    },
    nonce: (address) => quantity('eth_getTransactionCount', [address, 'latest']),
    request: ask,
  };
}
