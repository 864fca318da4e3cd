import * as ldk from 'lightningdevkit';
import { freeMonitor } from './memory.js';

/**
 * Takes the channel monitors that LDK hands out on every update. In memory mode they are dropped; otherwise the
 * newest of each channel is kept for the next snapshot, which alone serialises it.
 */
export class MonitorKeeper {
  readonly #keep: boolean;
  readonly #newest = new Map<string, ldk.ChannelMonitor>();
  readonly #written: Map<string, Uint8Array>;
  #dirty = false;

  constructor(keep: boolean, restored: ReadonlyMap<string, Uint8Array> = new Map()) {
    this.#keep = keep;
    this.#written = new Map(restored);
  }

  get dirty(): boolean {
    return this.#dirty;
  }

  persister(): ldk.Persist {
    // Status "completed" is the truth only because no byte leaves the node before the snapshot is on disk.
    const completed = ldk.ChannelMonitorUpdateStatus.LDKChannelMonitorUpdateStatus_Completed;
    return ldk.Persist.new_impl({
      persist_new_channel: (funding, monitor) => {
        this.#take(funding, monitor);
        return completed;
      },
      update_persisted_channel: (funding, _update, monitor) => {
        this.#take(funding, monitor);
        return completed;
      },
      archive_persisted_channel: () => {},
    });
  }

  /** Serialised monitors of all channels; clears `dirty`. Must not be called from a callback of LDK. */
  write(): ReadonlyMap<string, Uint8Array> {
    for (const [name, monitor] of this.#newest) {
      this.#written.set(name, monitor.write());
      freeMonitor(monitor);
    }
    this.#newest.clear();
    this.#dirty = false;
    return this.#written;
  }

  #take(funding: ldk.OutPoint, monitor: ldk.ChannelMonitor): void {
    // Inside a callback: no call into the manager, no exception.
    if (!this.#keep) {
      freeMonitor(monitor);
      return;
    }
    const name = `${Buffer.from(funding.get_txid()).toString('hex')}_${funding.get_index()}`;
    const older = this.#newest.get(name);
    if (older !== undefined) freeMonitor(older);
    this.#newest.set(name, monitor);
    this.#dirty = true;
  }
}
