import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TempoDevnetAccount, tempoDevnetAccounts, tempoDevnetTokens, treasurer } from './accounts.js';
import { type Anvil, startAnvil } from './anvil.js';
import { TempoDevnetError } from './binary.js';
import { callRpc } from './json-rpc.js';
import { startShim } from './shim.js';

/** What a Tempo devnet may be told. */
export interface TempoDevnetOptions {
  /** 4217, Tempo's main network, when not given: so that what is tested is what is used. */
  readonly chainId?: number;
  /** The rules, `T4` when not given: the newest that the chain's program knows. */
  readonly hardfork?: string;
  /** TCP port of the JSON-RPC on the loopback address; a free one when not given. */
  readonly port?: number;
  /** A file that keeps the chain from one start to the next; a temporary one when not given. */
  readonly statePath?: string;
}

/** A Tempo chain on this machine. Its coins are worthless. */
export interface TempoDevnet {
  /** JSON-RPC over HTTP. Stays the same over {@link TempoDevnet.stop} and {@link TempoDevnet.restart}. */
  readonly url: string;
  readonly chainId: number;
  /** Ten accounts that hold plenty of every token. Their keys are public knowledge. */
  readonly accounts: readonly TempoDevnetAccount[];
  readonly tokens: typeof tempoDevnetTokens;
  /** Any call of the JSON-RPC. Rejects with {@link TempoDevnetError} `rpc_failed`, with the chain's own words. */
  rpc(method: string, params?: readonly unknown[]): Promise<unknown>;
  /** Gives an address base units of a token (pathUSD when not given), from the last of the accounts. */
  fund(address: string, amount: bigint, token?: string): Promise<void>;
  /** What an address holds of a token (pathUSD when not given), base units. */
  balance(address: string, token?: string): Promise<bigint>;
  /** Makes one block, now. */
  mine(): Promise<void>;
  /** Puts the chain's clock forward and makes a block. */
  increaseTime(seconds: number): Promise<void>;
  /** Time of the newest block, seconds since the epoch. */
  blockTime(): Promise<number>;
  /** Ends the chain's program, as a node that goes down: connections are refused an answer until {@link restart}. */
  stop(): Promise<void>;
  /** Starts it again where it ended. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** A 20-byte address as a 32-byte word. */
function word(address: string): string {
  return address.replace(/^0x/, '').toLowerCase().padStart(64, '0');
}

const selectors = { transfer: '0xa9059cbb', balanceOf: '0x70a08231' };

/** What can be asked of a chain and done to it. */
function chainVerbs(rpc: TempoDevnet['rpc']) {
  return {
    async fund(address: string, amount: bigint, token: string = tempoDevnetTokens.pathUsd) {
      const data = `${selectors.transfer}${word(address)}${word(amount.toString(16))}`;
      // The chain's program holds the keys of its own accounts.
      const hash = await rpc('eth_sendTransaction', [{ from: treasurer, to: token, data, gas: '0x1e8480' }]);
      await rpc('evm_mine');
      const receipt = await rpc('eth_getTransactionReceipt', [hash]);
      if (
        !(typeof receipt === 'object' && receipt !== null && 'status' in receipt && receipt.status === '0x1')
      ) {
        throw new TempoDevnetError('rpc_failed', `The Tempo devnet could not fund ${address}`);
      }
    },
    async balance(address: string, token: string = tempoDevnetTokens.pathUsd) {
      const data = `${selectors.balanceOf}${word(address)}`;
      return BigInt(String(await rpc('eth_call', [{ to: token, data }, 'latest'])));
    },
    async mine() {
      await rpc('evm_mine');
    },
    async increaseTime(seconds: number) {
      await rpc('evm_increaseTime', [seconds]);
      await rpc('evm_mine');
    },
    async blockTime() {
      const block = await rpc('eth_getBlockByNumber', ['latest', false]);
      if (typeof block !== 'object' || block === null || !('timestamp' in block)) {
        throw new TempoDevnetError('rpc_failed', 'The Tempo devnet has no newest block');
      }
      return Number(block.timestamp);
    },
  };
}

/**
 * Starts a real Tempo chain on this machine, without the internet: the node's own execution code, in an npm package
 * (`@foundry-rs/anvil` in Tempo mode), behind a JSON-RPC that answers as a Tempo node does. No consensus and no
 * mempool policy; rules up to T4.
 *
 * @throws TempoDevnetError `platform_unsupported` where the program is not installed, `start_failed`.
 *
 * @example
 * ```ts
 * import { startTempoDevnet } from '@farebox/devnet/tempo';
 *
 * const chain = await startTempoDevnet();
 * await chain.fund('0x00000000000000000000000000000000000000aa', 1_000_000n);
 * console.log(chain.url, await chain.balance('0x00000000000000000000000000000000000000aa'));
 * await chain.close();
 * ```
 */
export async function startTempoDevnet(options: TempoDevnetOptions = {}): Promise<TempoDevnet> {
  const { chainId = 4217, hardfork = 'T4', port = 0 } = options;
  const folder = await mkdtemp(join(tmpdir(), 'farebox-tempo-'));
  const statePath = options.statePath ?? join(folder, 'state.json');
  const start = () => startAnvil({ chainId, hardfork, statePath });
  // Also when the process ends without closing.
  const removeAtExit = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', removeAtExit);
  const removeFolder = async () => {
    process.off('exit', removeAtExit);
    await rm(folder, { recursive: true, force: true });
  };

  let anvil: Anvil | undefined;
  try {
    anvil = await start();
  } catch (error) {
    await removeFolder();
    throw error;
  }
  const shim = await startShim(() => anvil, port);

  async function rpc(method: string, params: readonly unknown[] = []): Promise<unknown> {
    if (anvil === undefined) throw new TempoDevnetError('stopped', 'The Tempo devnet is stopped; restart it');
    const answer = await callRpc(shim.url, method, params);
    if ('error' in answer) {
      throw new TempoDevnetError('rpc_failed', `The Tempo devnet refused ${method}: ${answer.error.message}`);
    }
    return answer.result;
  }
  async function stop() {
    const running = anvil;
    anvil = undefined;
    await running?.stop();
  }
  return {
    url: shim.url,
    chainId,
    accounts: tempoDevnetAccounts,
    tokens: tempoDevnetTokens,
    rpc,
    ...chainVerbs(rpc),
    stop,
    async restart() {
      anvil ??= await start();
    },
    async close() {
      await shim.close();
      await stop();
      await removeFolder();
    },
  };
}
