import * as ldk from 'lightningdevkit';
import type { Block } from '../chain/block.js';
import type { Chain } from '../chain/chain.js';
import type { Activity } from './activity.js';
import { MonitorKeeper } from './monitors.js';
import { buildParts, type NodeParts } from './parts.js';
import { encodeSnapshot, readSnapshotFile, replaceFile, type Snapshot } from './snapshot.js';

/** What a node's application part keeps in the node's snapshot. */
export interface ApplicationState {
  /** Whether it changed since the last snapshot. Cleared by `write`. */
  readonly dirty: boolean;
  write(): { invoices: Uint8Array; payments: Uint8Array };
}

/** One end of a connection: bytes wait until the node's state is on disk. */
export interface Outbox {
  flush(): void;
}

/** What {@link NodeCore} needs. */
export interface CoreOptions {
  readonly seed: Uint8Array;
  readonly chain: Chain;
  readonly activity: Activity;
  /** Where the snapshot lies; undefined keeps everything in memory. Written only after {@link NodeCore.persist}. */
  readonly snapshotPath: string | undefined;
  readonly nowMs: number;
  readonly log: (line: string) => void;
  /** The node cannot go on: rust-lightning panicked or the disk refused. */
  readonly onFatal: (error: unknown) => void;
}

const peerTickMs = 10_000;
const managerTickMs = 60_000;

/**
 * Runs rust-lightning, which does nothing by itself: after every input `pump` lets it work, takes its events,
 * writes the snapshot, and only then lets bytes and answers out. Nothing can leave the node that a restart
 * would not remember.
 */
export class NodeCore {
  readonly parts: NodeParts;
  readonly nodeId: string;
  readonly restored: Snapshot | undefined;
  readonly chain: Chain;
  readonly activity: Activity;
  readonly outboxes = new Set<Outbox>();
  /** Set by the application part before the first pump. */
  onEvent: (event: ldk.Event) => void = () => {};
  application: ApplicationState | undefined;
  stopped = false;
  readonly #options: CoreOptions;
  readonly #monitors: MonitorKeeper;
  readonly #events: ldk.Event[] = [];
  readonly #handler: ldk.EventHandler;
  readonly #timers: NodeJS.Timeout[];
  #released: (() => void)[] = [];
  #scheduled = false;
  #persisting = false;
  #unwritten = true;

  constructor(options: CoreOptions) {
    this.#options = options;
    this.chain = options.chain;
    this.activity = options.activity;
    const path = options.snapshotPath;
    this.restored = path === undefined ? undefined : readSnapshotFile(path);
    this.#monitors = new MonitorKeeper(path !== undefined, this.restored?.monitors);
    this.parts = buildParts({ ...options, monitors: this.#monitors, snapshot: this.restored });
    this.nodeId = Buffer.from(this.parts.manager.get_our_node_id()).toString('hex');
    // The handler only collects: calling LDK from its own callback panics, and an exception there silences it.
    this.#handler = ldk.EventHandler.new_impl({
      handle_event: (event) => {
        this.#events.push(event);
        return ldk.Result_NoneReplayEventZ.constructor_ok();
      },
    });
    options.chain.listeners.add(this.#onBlock);
    const { manager, peers } = this.parts;
    this.#timers = [
      setInterval(() => this.run(() => peers.timer_tick_occurred()), peerTickMs),
      setInterval(() => this.run(() => manager.timer_tick_occurred()), managerTickMs),
    ];
    for (const timer of this.#timers) timer.unref();
  }

  /** Calls into LDK and pumps afterwards. A panic ends the devnet. */
  run(input: () => void): void {
    if (this.stopped) return;
    try {
      input();
    } catch (error) {
      this.#options.onFatal(error);
      return;
    }
    this.kick();
  }

  /** Pumps soon. Many kicks make one pump. */
  kick(): void {
    if (this.#scheduled || this.stopped) return;
    this.#scheduled = true;
    this.activity.begin();
    setImmediate(() => {
      this.#scheduled = false;
      this.pump();
      this.activity.end();
    });
  }

  /** Resolves once everything that has happened so far is durable. */
  committed(): Promise<void> {
    return new Promise((resolve) => {
      this.afterSnapshot(resolve);
      this.kick();
    });
  }

  /** Runs something after the next snapshot: an answer that must not get ahead of the state it speaks of. */
  afterSnapshot(release: () => void): void {
    this.#released.push(release);
  }

  /**
   * From now on every pump writes the snapshot before anything leaves the node. While a new devnet is being set
   * up it is not called, since a start that fails is thrown away whole.
   */
  async persist(): Promise<void> {
    this.#persisting = true;
    await this.committed();
  }

  /** Lets LDK work until it is quiet, then snapshot, then release. */
  pump(): void {
    if (this.stopped) return;
    try {
      this.#work();
      this.#snapshot();
    } catch (error) {
      this.#options.onFatal(error);
      return;
    }
    for (const outbox of this.outboxes) outbox.flush();
    const released = this.#released;
    this.#released = [];
    for (const release of released) release();
  }

  stop(): void {
    if (this.stopped) return;
    this.pump();
    this.stopped = true;
    for (const timer of this.#timers) clearInterval(timer);
    this.#options.chain.listeners.delete(this.#onBlock);
  }

  #work(): void {
    const { manager, chainMonitor, peers } = this.parts;
    do {
      for (const event of this.#events.splice(0)) this.onEvent(event);
      peers.process_events();
      manager.as_EventsProvider().process_pending_events(this.#handler);
      chainMonitor.as_EventsProvider().process_pending_events(this.#handler);
    } while (this.#events.length > 0);
  }

  #snapshot(): void {
    const { manager } = this.parts;
    if (manager.get_and_clear_needs_persistence()) this.#unwritten = true;
    const path = this.#options.snapshotPath;
    if (path === undefined || !this.#persisting) return;
    if (!this.#unwritten && !this.#monitors.dirty && this.application?.dirty !== true) return;
    const { invoices, payments } = this.application?.write() ?? { invoices: EMPTY, payments: EMPTY };
    const monitors = this.#monitors.write();
    replaceFile(path, encodeSnapshot({ manager: manager.write(), invoices, payments, monitors }));
    this.#unwritten = false;
  }

  readonly #onBlock = (block: Block): void => {
    this.run(() => {
      this.parts.manager.as_Listen().block_connected(block.raw, block.height);
      this.parts.chainMonitor.as_Listen().block_connected(block.raw, block.height);
    });
  };
}

const EMPTY = new Uint8Array();
