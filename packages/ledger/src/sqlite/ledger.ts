import type { Worker } from 'node:worker_threads';
import { LedgerFront } from '../front/ledger-front.js';
import { ThreadBackend } from './thread-backend.js';

/**
 * The ledger in one SQLite file; see `openSqliteLedger`. It lives in a thread of its own, so that the caller's event loop
 * never waits for the disk.
 */
export class SqliteLedger extends LedgerFront {
  /** @internal The worker has just said that it is open. */
  constructor(worker: Worker, patienceMs: number, opsMax?: number) {
    super(new ThreadBackend(worker, patienceMs), opsMax);
  }
}
