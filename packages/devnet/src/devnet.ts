import { resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type LightningNetwork, NodeError } from '@farebox/lightning';
import type { JsonValue } from '@farebox/protocol';
import { BitcoinRpcError } from './chain/rpc-error.js';
import type { DevnetNode, DevnetRole } from './devnet-node.js';
import { lockDirectory } from './lock.js';
import type { Call, CallMessage, Calls, WireError, WorkerMessage, WorkerStart } from './messages.js';
import { WorkerNode } from './worker-node.js';

/** How a devnet is started. */
export interface DevnetOptions {
  /**
   * Where chain and nodes are kept, crash-safe. Without it everything is in memory and gone after `close`.
   */
  readonly directory?: string;
  /** One line at a time, for people. Never contains a secret. */
  readonly log?: (line: string) => void;
  /** Milliseconds since the epoch, asked at every call. */
  readonly now?: () => number;
  /** A third node between wallet and merchant that charges 1,000 msat a payment. For tests of fee caps. */
  readonly router?: boolean;
  /** Only regtest exists. Anything else is refused. */
  readonly network?: LightningNetwork;
}

/** Two real Lightning nodes and their chain, with worthless coins. */
export interface Devnet {
  readonly network: 'regtest';
  /** Receives. */
  readonly merchant: DevnetNode;
  /** Pays: all coins of its 10,000,000 sat channel to the merchant are on its side at first. */
  readonly wallet: DevnetNode;
  /** Where it was asked for. */
  readonly router: DevnetNode | undefined;
  /** Mines blocks, from 1 to 1,000. Held payments are given back once their deadline in blocks has come. */
  mine(blocks?: number): Promise<{ readonly height: number; readonly hash: string }>;
  /** Bitcoin Core's JSON-RPC, read-only part. Rejects with {@link BitcoinRpcError}. */
  bitcoinRpc(method: string, params?: readonly JsonValue[]): Promise<JsonValue>;
  /** Ends the worker thread and frees the directory. Idempotent. */
  close(): Promise<void>;
}

/** What a start may take where other programs have the processor: it reads and compiles a large program first. */
const readyMsMax = 120_000;
const closeMsMax = 30_000;

/** Asks the worker. The types tie a verb to its argument and answer. */
export type Ask = <V extends keyof Calls>(
  role: DevnetRole,
  verb: V,
  argument: Calls[V]['argument'],
) => Promise<Calls[V]['result']>;

/**
 * Starts a devnet: a regtest chain and two Lightning nodes in a worker thread, with a funded channel. Ready in
 * about a second. Rejects with an Error when the directory is in use, damaged or not a devnet's, and for every
 * network but regtest.
 *
 * @example
 * ```ts
 * import { startDevnet } from '@farebox/devnet';
 *
 * const devnet = await startDevnet();
 * const { invoice } = await devnet.merchant.createInvoice({
 *   amountMsat: 1000n,
 *   description: 'one satoshi, regtest',
 *   expirySeconds: 60,
 * });
 * const paid = await devnet.wallet.payInvoice({ invoice, maxFeeMsat: 0n, timeoutMs: 10_000 });
 * if (paid.status !== 'succeeded') throw new Error('This cannot be: the wallet has ten million satoshis.');
 * await devnet.close();
 * ```
 */
export async function startDevnet(options: DevnetOptions = {}): Promise<Devnet> {
  const { network = 'regtest', router = false, log = () => {}, now = Date.now } = options;
  if (network !== 'regtest') {
    throw new NodeError(
      'node_refused',
      `A devnet runs on regtest only, with worthless coins, never on ${network}.`,
    );
  }
  const directory = options.directory === undefined ? undefined : resolve(options.directory);
  const unlock = directory === undefined ? () => {} : lockDirectory(directory);
  log('devnet: regtest, worthless coins');
  try {
    const thread = new DevnetThread({ directory, router, nowMs: now() }, log, now, unlock);
    await thread.ready;
    return thread.devnet(router);
  } catch (error) {
    unlock();
    throw error;
  }
}

/** The main thread's side of the worker. */
class DevnetThread {
  readonly ready: Promise<void>;
  readonly #worker: Worker;
  readonly #now: () => number;
  readonly #pending = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (error: Error) => void }
  >();
  readonly #exited: Promise<void>;
  #nextId = 1;
  #failure = 'The devnet is closed.';
  #dead = false;
  #closing: Promise<void> | undefined;

  constructor(start: WorkerStart, log: (line: string) => void, now: () => number, unlock: () => void) {
    this.#now = now;
    // Flags of the main thread such as --input-type are not for a worker.
    this.#worker = new Worker(new URL('./worker.js', import.meta.url), {
      workerData: start,
      name: 'devnet',
      execArgv: [],
    });
    let started: () => void = () => {};
    let refused: (error: Error) => void = () => {};
    this.ready = new Promise((resolve, reject) => {
      started = resolve;
      refused = reject;
    });
    const timer = setTimeout(() => this.#worker.terminate(), readyMsMax);
    this.#exited = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        this.#dead = true;
        clearTimeout(timer);
        unlock();
        refused(new Error(this.#failure));
        for (const call of this.#pending.values())
          call.reject(new NodeError('node_misbehaved', this.#failure));
        this.#pending.clear();
        resolve();
      });
    });
    this.#worker.on('error', (error) => {
      this.#failure = `The devnet stopped: ${error.message}`;
    });
    this.#worker.on('message', (message: WorkerMessage) => {
      if (message.kind === 'ready') {
        clearTimeout(timer);
        started();
      } else if (message.kind === 'log') log(message.line);
      else if (message.kind === 'failed') {
        this.#failure = message.message;
        log(message.message);
      } else this.#settle(message);
    });
  }

  devnet(router: boolean): Devnet {
    const ask: Ask = (role, verb, argument) => this.#ask(role, verb, argument);
    return {
      network: 'regtest',
      merchant: new WorkerNode(ask, 'merchant'),
      wallet: new WorkerNode(ask, 'wallet'),
      router: router ? new WorkerNode(ask, 'router') : undefined,
      mine: (blocks = 1) => ask('merchant', 'mine', blocks),
      bitcoinRpc: (method, params = []) => ask('merchant', 'bitcoinRpc', { method, params }),
      close: () => {
        this.#closing ??= this.#close();
        return this.#closing;
      },
    };
  }

  async #ask<V extends keyof Calls>(
    role: DevnetRole,
    verb: V,
    argument: Calls[V]['argument'],
  ): Promise<Calls[V]['result']> {
    if (this.#dead || this.#closing !== undefined) throw new NodeError('node_unreachable', this.#failure);
    return this.#post(role, verb, argument);
  }

  #post<V extends keyof Calls>(
    role: DevnetRole,
    verb: V,
    argument: Calls[V]['argument'],
  ): Promise<Calls[V]['result']> {
    const id = this.#nextId++;
    // A verb and its own argument make a Call; TypeScript cannot see that through the type parameter.
    const call = { verb, argument } as Call;
    const message: CallMessage = { id, nowMs: this.#now(), role, call };
    return new Promise((resolve, reject) => {
      // The worker answers a verb with that verb's result: both sides share the table in messages.ts.
      this.#pending.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.#worker.postMessage(message);
    });
  }

  #settle(message: Extract<WorkerMessage, { id: number }>): void {
    const call = this.#pending.get(message.id);
    if (call === undefined) return;
    this.#pending.delete(message.id);
    if (message.kind === 'result') call.resolve(message.value);
    else call.reject(errorOf(message.error));
  }

  async #close(): Promise<void> {
    if (this.#dead) return;
    const timer = setTimeout(() => this.#worker.terminate(), closeMsMax);
    await this.#post('merchant', 'close', undefined).catch(() => {});
    await this.#exited;
    clearTimeout(timer);
  }
}

function errorOf(error: WireError): Error {
  if (error.kind === 'node') return new NodeError(error.code, error.message);
  if (error.kind === 'bitcoin') return new BitcoinRpcError(error.code, error.message);
  return new NodeError('node_misbehaved', error.message);
}
