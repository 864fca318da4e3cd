import { LedgerDamaged, LedgerOpenError } from '../errors.js';
import { DamagedRow } from '../front/rows.js';
import { LedgerUnavailable } from '../ledger.js';

/** PostgreSQL's five-character code of an error; undefined for errors that are not the server's. */
export function sqlStateOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  const { code } = error;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** Deadlock and serialisation failure: the transaction was rolled back for certain, and may succeed when tried again. */
export function isTransient(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state === '40P01' || state === '40001';
}

/** The server is ending this connection, whatever the statement was. */
export function endsConnection(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state !== undefined && (state.startsWith('08') || state.startsWith('57P') || state === '25P03');
}

/** What pending operations reject with when their transaction failed. */
export function batchFailed(error: unknown): LedgerUnavailable {
  if (error instanceof LedgerUnavailable) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new LedgerUnavailable(`The ledger could not write (${reason}); ${advice(sqlStateOf(error))}.`, {
    cause: error,
  });
}

/** What somebody who only reads is told. */
export function readFailed(error: unknown): LedgerUnavailable | LedgerDamaged {
  if (error instanceof LedgerUnavailable || error instanceof LedgerDamaged) return error;
  if (error instanceof DamagedRow) return new LedgerDamaged(error.message, { cause: error });
  const reason = error instanceof Error ? error.message : String(error);
  // Data or an index that the server itself finds corrupted.
  if (/^XX00[12]$/.test(sqlStateOf(error) ?? '')) return new LedgerDamaged(`${reason}.`, { cause: error });
  return new LedgerUnavailable(`The ledger could not be read (${reason}); try again.`, { cause: error });
}

/** What is said while there is no connection. */
export function disconnected(cause: Error): LedgerUnavailable {
  return new LedgerUnavailable(
    `The ledger has no connection to PostgreSQL (${cause.message}) and is trying to reconnect; try again later.`,
    { cause },
  );
}

/** Says why a ledger could not be opened, without the URL: it may hold a password. */
export function openFailed(shown: string, error: unknown): LedgerOpenError {
  if (error instanceof LedgerOpenError) {
    return new LedgerOpenError(error.code, `${shown}: ${error.message}`, { cause: error.cause ?? error });
  }
  return new LedgerOpenError(
    'ledger_unopenable',
    `The ledger at ${shown} cannot be opened (${reasonOf(error)}); PostgreSQL must be running there, and the user, password and database must be right.`,
    { cause: error },
  );
}

// A connection refused on several addresses is one error without a message, around one for each.
function reasonOf(error: unknown): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  return first instanceof Error ? first.message : String(first);
}

function advice(state: string | undefined): string {
  if (state?.startsWith('53')) return 'give PostgreSQL more disk space, memory or connections';
  if (state === '25006') return 'give the ledger the address of the primary server';
  if (state === '42501') return "grant the ledger's user access to its schema";
  if (state === '55P03' || state === '57014') return "find what holds PostgreSQL's locks or slows its disk";
  return "look at PostgreSQL's log";
}
