import { LedgerUnavailable } from '../ledger.js';
import type { Backend } from './backend.js';
import { Batch } from './batch.js';
import type { KindNumbers } from './kind-numbers.js';
import type { Applied } from './messages.js';

/** Most operations in one transaction: bounds what it locks and how long the first of them waits for the last. */
export const batchOpsMax = 1024;
/**
 * How many operations a transaction may have.
 *
 * @param opsMax 1 turns group commit off; without it {@link batchOpsMax}
 * @throws {RangeError} for what is no such number
 */
export function opsMaxOf(opsMax: number | undefined): number {
  if (opsMax === undefined) return batchOpsMax;
  if (Number.isInteger(opsMax) && opsMax >= 1 && opsMax <= batchOpsMax) return opsMax;
  throw new RangeError(`A transaction of the ledger has 1 to ${batchOpsMax} operations, not ${opsMax}.`);
}

/** Answers in one transaction; the one that goes beyond is the last. */
export const batchAnswerBytesMax = 8 * 1_048_576;
/** Most operations waiting; beyond it they are refused at once rather than piling up behind a disk that hangs. */
export const pendingOpsMax = 65_536;
/** Most bytes of answers waiting; beyond it everything is refused. */
export const pendingAnswerBytesMax = 128 * 1_048_576;

/**
 * The batches of one ledger: one is gathering, one may be under way, and between them wait those that are full. Nothing
 * waits where no more can be asked of the store: then everybody is refused.
 */
export class Queue {
  readonly #backend: Backend;
  readonly #kinds: KindNumbers;
  readonly #opsMax: number;
  #gathering = new Batch();
  #full: Batch[] = [];
  #underWay: Batch | undefined;
  #scheduled = false;
  // Of the batches above and of what is done aside; `#pendingBytes` only of full ones and of the one under way.
  #pendingOps = 0;
  #pendingBytes = 0;
  #asides = 0;
  #commits = 0;
  #operations = 0;
  #closed: (() => void) | undefined;
  #ended = false;

  /** @param opsMax most operations in one transaction */
  constructor(backend: Backend, kinds: KindNumbers, opsMax: number) {
    this.#backend = backend;
    this.#kinds = kinds;
    this.#opsMax = opsMax;
  }

  get commits(): number {
    return this.#commits;
  }

  get operations(): number {
    return this.#operations;
  }

  /** Why nothing more may be asked at the moment. */
  refusal(): LedgerUnavailable | undefined {
    if (this.#closed !== undefined) return new LedgerUnavailable('The ledger is closed; open it again.');
    const refusal = this.#backend.refusal();
    if (refusal !== undefined) return refusal;
    if (this.#pendingOps >= pendingOpsMax)
      return new LedgerUnavailable(
        `The ledger has ${pendingOpsMax} operations waiting for its disk; try again later.`,
      );
    if (this.#pendingBytes + this.#gathering.answerBytes < pendingAnswerBytesMax) return undefined;
    return new LedgerUnavailable(
      `The ledger has ${pendingAnswerBytesMax} bytes of answers waiting for its disk; try again later.`,
    );
  }

  /** The batch that the next operation joins; it must join. Ask {@link refusal} before. */
  batch(): Batch {
    const gathering = this.#gathering;
    if (gathering.count >= this.#opsMax || gathering.answerBytes >= batchAnswerBytesMax) {
      this.#full.push(gathering);
      this.#pendingBytes += gathering.answerBytes;
      this.#gathering = new Batch();
    }
    this.#pendingOps++;
    if (this.#underWay === undefined) this.#schedule();
    return this.#gathering;
  }

  /** Does something beside the batches; closing waits for it. */
  async aside<T>(work: () => Promise<T> | undefined): Promise<T> {
    const refusal = this.refusal();
    if (refusal !== undefined) throw refusal;
    this.#pendingOps++;
    this.#asides++;
    try {
      const done = work();
      if (done === undefined) throw new LedgerUnavailable('The ledger cannot do this.');
      return await done;
    } finally {
      this.#pendingOps--;
      this.#asides--;
      this.#operations++;
      this.#schedule();
    }
  }

  /** Refuses what comes, finishes what was submitted, and closes the store. Called once. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#closed = resolve;
      this.#schedule();
    });
  }

  // At the end of this turn of the event loop, so that everything read from sockets in it shares the transaction.
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#next();
    });
  }

  #next(): void {
    if (this.#underWay !== undefined) return;
    const refusal = this.#backend.refusal();
    if (refusal !== undefined) this.#failWaiting(refusal);
    const batch = this.#take();
    if (batch !== undefined) {
      this.#underWay = batch;
      this.#post(batch);
    } else if (this.#closed === undefined) {
      if (this.#asides === 0) this.#backend.idle();
    } else if (this.#asides === 0 && !this.#ended) {
      this.#ended = true;
      this.#backend.close().then(this.#closed, this.#closed);
    }
  }

  #take(): Batch | undefined {
    const full = this.#full.shift();
    if (full !== undefined) return full;
    const gathering = this.#gathering;
    if (gathering.count === 0) return undefined;
    this.#gathering = new Batch();
    this.#pendingBytes += gathering.answerBytes;
    return gathering;
  }

  #post(batch: Batch): void {
    const { fields } = batch;
    const giveUp = (error: LedgerUnavailable): void => {
      batch.fail(error);
      this.#failWaiting(error);
    };
    this.#backend.post({ fields, kinds: this.#kinds.takeFresh(), giveUp }).then(
      (applied) => this.#onApplied(batch, applied),
      (error: unknown) => {
        this.#finish(batch);
        batch.fail(error instanceof LedgerUnavailable ? error : strange(error));
      },
    );
  }

  #onApplied(batch: Batch, { outcomes, committed }: Applied): void {
    this.#operations += batch.count;
    if (committed) this.#commits++;
    this.#finish(batch);
    batch.settle(outcomes);
  }

  #finish(batch: Batch): void {
    this.#underWay = undefined;
    this.#pendingOps -= batch.count;
    this.#pendingBytes -= batch.answerBytes;
    // Those who are answered now may have more to ask in this same turn. #next() lets go when there was nothing.
    this.#schedule();
  }

  #failWaiting(error: LedgerUnavailable): void {
    for (let batch = this.#take(); batch !== undefined; batch = this.#take()) {
      this.#pendingOps -= batch.count;
      this.#pendingBytes -= batch.answerBytes;
      batch.fail(error);
    }
  }
}

function strange(cause: unknown): LedgerUnavailable {
  return new LedgerUnavailable('The ledger failed in an unforeseen way; look at its log.', { cause });
}
