import type { PostgresLedgerOptions } from '../open.js';

/** Bounds that no test meets, however slow its machine is: for all tests but those of the bounds themselves. */
export const patient = {
  connectTimeoutMs: 60_000,
  statementTimeoutMs: 60_000,
  lockTimeoutMs: 60_000,
} as const satisfies Partial<PostgresLedgerOptions>;
