import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { NodeError } from '@farebox/lightning';
import { Chain } from './chain/chain.js';
import { sha256 } from './chain/encoding.js';
import { BlockFile } from './chain/store.js';
import { MinerWallet } from './chain/wallet.js';
import type { DevnetRole } from './devnet-node.js';
import { Activity } from './node/activity.js';
import { EmbeddedNode } from './node/embedded-node.js';
import { connectNodes } from './node/link.js';
import { openChannel } from './node/open-channel.js';
import { keepFilled } from './node/refill.js';
import { loadLightning } from './node/wasm.js';
import { type DevnetState, discardUnfinished, newState, readState, writeState } from './state.js';

/** The size of every channel, satoshis. */
export const channelSat = 10_000_000n;

/** The tip may be this old when an invoice takes its time from it. */
const tipAgeSecondsMax = 2;

/** Blocks mined at the start, so that the first coins are mature. */
const firstBlocks = 110;
const firstBlockSpacingSeconds = 10;

/** How long channels may take to be usable at start. */
const readyMsMax = 60_000;

/** What {@link startNetwork} needs. */
export interface NetworkOptions {
  readonly directory?: string | undefined;
  readonly router: boolean;
  readonly log: (line: string) => void;
  /** Milliseconds since the epoch; a node of its own clock is for tests. */
  readonly now: (role?: DevnetRole) => number;
  /** The devnet cannot go on. */
  readonly onFatal: (error: unknown) => void;
}

/** The chain and its nodes, in the thread that calls. `startDevnet` puts it into a worker. */
export class Network {
  readonly chain: Chain;
  readonly activity = new Activity();
  readonly #options: NetworkOptions;
  readonly #file: BlockFile | undefined;
  readonly #miner: MinerWallet;
  readonly #nodes = new Map<DevnetRole, EmbeddedNode>();
  readonly #keyOf: (name: string) => Uint8Array;
  #closed = false;

  constructor(options: NetworkOptions, state: DevnetState) {
    this.#options = options;
    const seed = Buffer.from(state.seed, 'hex');
    this.#keyOf = (name) => sha256(Buffer.concat([seed, Buffer.from(name)]));
    this.#miner = new MinerWallet(this.#keyOf('miner'));
    this.#file =
      options.directory === undefined ? undefined : new BlockFile(join(options.directory, 'blocks'));
    const file = this.#file;
    this.chain = new Chain(this.#miner.script, file?.load() ?? [], (block) => file?.append(block));
    if (this.chain.height === 0) this.chain.mine(firstBlocks, this.#seconds(), firstBlockSpacingSeconds);
  }

  get roles(): DevnetRole[] {
    return [...this.#nodes.keys()];
  }

  node(role: DevnetRole): EmbeddedNode {
    const node = this.#nodes.get(role);
    if (node === undefined)
      throw new NodeError('node_refused', `This devnet has no ${role}: start it with one.`);
    return node;
  }

  mine(blocks: number): void {
    this.chain.mine(blocks, this.#seconds());
  }

  /** Adds a node, new or from its snapshot. LDK must be loaded. */
  add(role: DevnetRole): void {
    const { directory, log, now, onFatal } = this.#options;
    const node = new EmbeddedNode({
      seed: this.#keyOf(role),
      chain: this.chain,
      activity: this.activity,
      snapshotPath: directory === undefined ? undefined : join(directory, `${role}.snapshot`),
      nowMs: now(role),
      now: () => now(role),
      freshenTip: () => this.#freshenTip(),
      log: (line) => log(`${role}: ${line}`),
      onFatal,
    });
    node.onFunding = (event) => {
      const { manager } = node.core.parts;
      const funding = this.#miner.spend(this.chain, event.output_script, event.channel_value_satoshis);
      manager.funding_transaction_generated(
        event.temporary_channel_id,
        event.counterparty_node_id,
        funding.raw,
      );
    };
    node.onChannelClosed = (event) => log(`${role}: a channel was closed (${event.reason.constructor.name})`);
    this.#nodes.set(role, node);
  }

  /** Connects two nodes and, where they have no channel yet, opens one with all coins on the first one's side. */
  async join(from: EmbeddedNode, to: EmbeddedNode): Promise<void> {
    connectNodes(from.core, to.core);
    if (from.hasChannelWith(to.core.nodeId)) return;
    await openChannel(from, to, channelSat, this.chain, this.#seconds(), readyMsMax);
  }

  /** Makes everything so far durable, and from now on everything before it takes effect. */
  async persist(): Promise<void> {
    this.#file?.makeDurable();
    await Promise.all([...this.#nodes.values()].map((node) => node.core.persist()));
  }

  /** Idempotent. The last snapshot is written before it returns. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const node of this.#nodes.values()) node.core.stop();
    this.#file?.close();
  }

  #seconds(): number {
    return Math.floor(this.#options.now() / 1000);
  }

  #freshenTip(): void {
    if (this.#seconds() - this.chain.tip.time > tipAgeSecondsMax) this.mine(1);
  }
}

/** Starts the nodes, new or from the directory, and waits until their channels can be used. */
export async function startNetwork(options: NetworkOptions): Promise<Network> {
  const { directory } = options;
  const loaded = loadLightning();
  const { state, fresh } = prepare(directory, options.router);
  const network = new Network(options, state);
  try {
    await loaded;
    const roles: DevnetRole[] = options.router ? ['wallet', 'router', 'merchant'] : ['wallet', 'merchant'];
    for (const role of roles) network.add(role);
    if (!fresh) await network.persist();
    const nodes = roles.map((role) => network.node(role));
    for (const [i, node] of nodes.entries()) {
      const next = nodes[i + 1];
      if (next !== undefined) await network.join(node, next);
    }
    const ends = options.router ? 4 : 2;
    const usable = () => nodes.reduce((sum, node) => sum + node.usableChannels(), 0) >= ends;
    if (!(await network.activity.until(usable, readyMsMax))) {
      throw new Error(
        'The channels of the devnet did not become usable: remove its directory and start afresh.',
      );
    }
    await network.activity.settled(readyMsMax);
    await network.persist();
  } catch (error) {
    network.close();
    throw error;
  }
  keepFilled(network.node('wallet'), network.node('merchant'));
  if (directory !== undefined && fresh) writeState(directory, state);
  return network;
}

/** A start that never finished is thrown away: nothing was promised yet, and its unmined funding is lost. */
function prepare(directory: string | undefined, router: boolean): { state: DevnetState; fresh: boolean } {
  if (directory === undefined) return { state: newState(router), fresh: true };
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const stored = readState(directory);
  if (stored === undefined) {
    discardUnfinished(directory);
    return { state: newState(router), fresh: true };
  }
  if (stored.router !== router) {
    throw new Error(`The devnet in ${directory} was made ${stored.router ? 'with' : 'without'} a router.`);
  }
  return { state: stored, fresh: false };
}
