export * from './errors.js';
export * from './ledger.js';
export {
  openPostgresLedger,
  type PostgresLedger,
  type PostgresLedgerOptions,
  type PostgresLedgerStats,
} from './postgres/open.js';
export * from './request-bounds.js';
export type { LedgerStats, SqliteLedger } from './sqlite/ledger.js';
export { openSqliteLedger, type SqliteLedgerOptions } from './sqlite/open.js';
export * from './transitions.js';
