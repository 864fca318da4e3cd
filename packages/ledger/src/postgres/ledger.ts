import { LedgerFront, type LedgerStats } from '../front/ledger-front.js';
import { PostgresBackend, type PostgresParts } from './backend.js';

/** What a ledger has done since it was opened. */
export interface PostgresLedgerStats extends LedgerStats {
  /** Transactions begun anew, because another gateway's stood in their way. */
  readonly retries: number;
  /** Lost connections that were replaced. */
  readonly reconnects: number;
}

/**
 * A ledger in PostgreSQL, which many gateways may share; see `openPostgresLedger`. Each writes on one connection.
 * Operations of one turn of the event loop, and all that arrive while a transaction is under way, share the next one.
 */
export class PostgresLedger extends LedgerFront {
  readonly #backend: PostgresBackend;

  /** @internal */
  constructor(parts: PostgresParts, opsMax: number) {
    const backend = new PostgresBackend(parts);
    super(backend, opsMax);
    this.#backend = backend;
  }

  /** What has been done since the ledger was opened; syncs per operation = commits ÷ operations. */
  override get stats(): PostgresLedgerStats {
    const { retries, reconnects } = this.#backend;
    return { ...super.stats, retries, reconnects };
  }
}
