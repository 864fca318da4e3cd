import type { Worker } from 'node:worker_threads';
import type { Backend, PostedBatch } from '../front/backend.js';
import type { Applied } from '../front/messages.js';
import { LedgerUnavailable } from '../ledger.js';
import { errorOfFault, type Fault, type Reply, type Request } from './messages.js';
import { Packer } from './packing.js';

/** The batch that the thread is at work on. */
interface UnderWay {
  readonly resolve: (applied: Applied) => void;
  readonly reject: (error: LedgerUnavailable) => void;
}

/** The caller's side of the ledger's thread: one batch crosses at a time, and everything ends with the thread. */
export class ThreadBackend implements Backend {
  readonly #worker: Worker;
  readonly #patienceMs: number;
  readonly #packer = new Packer();
  #patience: NodeJS.Timeout | undefined;
  #underWay: UnderWay | undefined;
  #dead: LedgerUnavailable | undefined;
  /** The batch under way was given up: nothing is asked until the thread has answered it. */
  #stalled: LedgerUnavailable | undefined;
  #closed: (() => void) | undefined;

  /** The worker has just said that it is open. */
  constructor(worker: Worker, patienceMs: number) {
    this.#worker = worker;
    this.#patienceMs = patienceMs;
    worker.on('message', (reply: Reply) => this.#onReply(reply));
    worker.on('error', (error) => this.#onDeath(error));
    worker.on('messageerror', (error) => this.#onDeath(error));
    worker.on('exit', () => this.#onDeath(new Error('the thread ended')));
    // An idle ledger does not keep the process running; one that owes an answer does (post).
    worker.unref();
  }

  refusal(): LedgerUnavailable | undefined {
    return this.#dead ?? this.#stalled;
  }

  post({ fields, kinds, giveUp }: PostedBatch): Promise<Applied> {
    return new Promise((resolve, reject) => {
      const packed = this.#packer.pack(fields);
      this.#worker.ref();
      // A disk that does not answer must not hang whoever waits for it: a ledger that cannot answer refuses. What was asked
      // may still become durable; its callers have been told that it is not certain, and later questions find the truth.
      this.#patience = setTimeout(() => {
        this.#stalled = new LedgerUnavailable(
          `The ledger's disk has not answered for ${this.#patienceMs} ms; look at it.`,
        );
        giveUp(this.#stalled);
      }, this.#patienceMs);
      this.#underWay = { resolve, reject };
      this.#send({ do: 'batch', packed, kinds });
    });
  }

  idle(): void {
    this.#worker.unref();
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#closed = resolve;
      if (this.#dead !== undefined) {
        resolve();
        return;
      }
      this.#worker.ref();
      this.#send({ do: 'close' });
    });
  }

  #send(request: Request): void {
    this.#worker.postMessage(request);
  }

  #onReply(reply: Reply): void {
    const batch = this.#underWay;
    if (batch === undefined || (reply.did !== 'batch' && reply.did !== 'fail')) return;
    clearTimeout(this.#patience);
    this.#underWay = undefined;
    this.#stalled = undefined;
    if (reply.did === 'batch') batch.resolve(reply);
    else batch.reject(unavailable(reply.fault));
  }

  // A dead thread is not replaced: what it was doing when it died is for a person to look at.
  #onDeath(cause: Error): void {
    if (this.#dead !== undefined) return;
    clearTimeout(this.#patience);
    this.#dead =
      this.#closed !== undefined
        ? new LedgerUnavailable('The ledger is closed; open it again.')
        : new LedgerUnavailable('The ledger has stopped and refuses everything; restart Farebox.', { cause });
    this.#underWay?.reject(this.#dead);
    this.#underWay = undefined;
    this.#closed?.();
  }
}

function unavailable(fault: Fault): LedgerUnavailable {
  return new LedgerUnavailable(`The ledger could not write (${fault.message}); ${advice(fault.code)}.`, {
    cause: errorOfFault(fault),
  });
}

function advice(code: string | undefined): string {
  if (code === 'SQLITE_FULL') return 'free some disk space, or raise its size limit';
  if (code?.startsWith('SQLITE_READONLY')) return 'make its file and folder writable';
  if (code?.startsWith('SQLITE_BUSY')) return 'find the program that holds its write lock';
  if (code?.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB') return 'restore it from a backup';
  return 'look at the disk that it is on';
}
