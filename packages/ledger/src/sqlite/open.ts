import { isAbsolute, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { LedgerOpenError } from '../errors.js';
import { opsMaxOf } from '../front/queue.js';
import { SqliteLedger } from './ledger.js';
import { errorOfFault, type Reply, type WorkerOptions } from './messages.js';

/** Where a ledger is, and its bounds. */
export interface SqliteLedgerOptions {
  /** The file, created (mode 0600) if missing; its folder must exist, on a local disk. `:memory:` is for tests. */
  readonly path: string;
  /** How long a write waits for another program that holds the file's write lock. Default 2,000. */
  readonly busyTimeoutMs?: number;
  /** Largest size of the file in pages of 4,096 bytes; beyond it the ledger refuses. Default: as SQLite allows. */
  readonly pagesMax?: number;
  /** How long one transaction may take before the ledger refuses. Default 10,000. */
  readonly patienceMs?: number;
  /** Most operations in one transaction, up to 1,024. For comparison: 1 turns group commit off. Default 1,024. */
  readonly batchOpsMax?: number;
  /** For measuring: every commit takes so many milliseconds longer, as on a slower disk. Default 0. */
  readonly syncDelayMs?: number;
}

/** See {@link SqliteLedgerOptions.busyTimeoutMs}. */
export const busyTimeoutMsDefault = 2000;
/** See {@link SqliteLedgerOptions.patienceMs}. */
export const patienceMsDefault = 10_000;

/**
 * Opens the ledger in a file, as its only writer. Restart time grows with the claims it holds (about 0.2 µs each): the
 * keys of all of them are read into memory, and checked.
 *
 * @throws {LedgerOpenError} @throws {RangeError} for a `batchOpsMax` that is none
 *
 * @example
 * ```ts
 * import { openSqliteLedger } from '@farebox/ledger';
 *
 * const ledger = await openSqliteLedger({ path: 'farebox.db' });
 * console.log(await ledger.totals());
 * await ledger.close();
 * ```
 */
export async function openSqliteLedger(options: SqliteLedgerOptions): Promise<SqliteLedger> {
  const { path } = options;
  const opsMax = opsMaxOf(options.batchOpsMax);
  const workerData: WorkerOptions = {
    path: path === ':memory:' || isAbsolute(path) ? path : resolve(path),
    busyTimeoutMs: options.busyTimeoutMs ?? busyTimeoutMsDefault,
    pagesMax: options.pagesMax,
    syncDelayMs: options.syncDelayMs ?? 0,
  };
  const worker = new Worker(new URL('./worker.js', import.meta.url), {
    workerData,
    name: 'farebox-ledger',
    // The process's own flags may be about its main module, which a worker does not have.
    execArgv: [],
  });
  await opened(worker);
  return new SqliteLedger(worker, options.patienceMs ?? patienceMsDefault, opsMax);
}

function opened(worker: Worker): Promise<void> {
  return new Promise((done, fail) => {
    const stop = (error?: Error): void => {
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      if (error === undefined) {
        done();
        return;
      }
      // Only once the thread is gone is the lock surely free for the next opener.
      worker.terminate().then(
        () => fail(error),
        () => fail(error),
      );
    };
    const onMessage = (reply: Reply): void => {
      if (reply.did === 'open') stop();
      else if (reply.did === 'not-open') {
        const cause = reply.cause === undefined ? {} : { cause: errorOfFault(reply.cause) };
        stop(new LedgerOpenError(reply.code, reply.message, cause));
      } else stop(died(undefined));
    };
    const onError = (error: unknown): void => stop(died(error));
    const onExit = (): void => stop(died(undefined));
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
  });
}

function died(cause: unknown): LedgerOpenError {
  const reason = cause instanceof Error ? cause.message : 'it ended';
  return new LedgerOpenError('ledger_unopenable', `The ledger's thread did not start: ${reason}.`, { cause });
}
