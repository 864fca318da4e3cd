export type { Allowance, AllowanceTerms } from './allowance/allowance.js';
export { openPostgresAllowance, type PostgresAllowanceOptions } from './allowance/postgres.js';
export { openSqliteAllowance, type SqliteAllowanceOptions } from './allowance/sqlite.js';
export * from './books.js';
export * from './errors.js';
export { answerOutOfBounds, storedHeadersLengthMaxChars } from './front/answers.js';
export { sweepRowsMax } from './front/bounds.js';
export type { LedgerStats } from './front/ledger-front.js';
export * from './ledger.js';
export {
  openPostgresLedger,
  type PostgresLedger,
  type PostgresLedgerOptions,
  type PostgresLedgerStats,
} from './postgres/open.js';
export { openPostgresReader, type PostgresReaderOptions } from './postgres/open-reader.js';
export * from './request-bounds.js';
export type { SqliteLedger } from './sqlite/ledger.js';
export { openSqliteLedger, type SqliteLedgerOptions } from './sqlite/open.js';
export { openSqliteReader, type SqliteReaderOptions } from './sqlite/open-reader.js';
export { SteadyTime } from './steady-time.js';
export * from './transitions.js';
