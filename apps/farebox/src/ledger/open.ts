import type { Ledger, LedgerReader } from '@farebox/ledger';
import { CliError } from '../cli-error.js';
import { exitCodes } from '../exit-codes.js';
import { type LedgerTarget, showTarget } from './target.js';

/**
 * Opens a ledger for reading, beside the gateways that write it, and closes it when the work is done.
 *
 * @throws {CliError} for whatever the ledger says
 */
export async function withReader<T>(
  target: LedgerTarget,
  work: (reader: LedgerReader) => Promise<T>,
): Promise<T> {
  return translated(target, async () => {
    const { openPostgresReader, openSqliteReader } = await import('@farebox/ledger');
    const reader =
      target.kind === 'sqlite'
        ? await openSqliteReader({ path: target.path })
        : await openPostgresReader(postgresOptions(target));
    try {
      return await work(reader);
    } finally {
      await reader.close();
    }
  });
}

/**
 * Opens a ledger for writing. On SQLite no gateway may run on it.
 *
 * @throws {CliError} for whatever the ledger says
 */
export async function withWriter<T>(target: LedgerTarget, work: (ledger: Ledger) => Promise<T>): Promise<T> {
  return translated(target, async () => {
    const { openPostgresLedger, openSqliteLedger } = await import('@farebox/ledger');
    const ledger =
      target.kind === 'sqlite'
        ? await openSqliteLedger({ path: target.path })
        : await openPostgresLedger(postgresOptions(target));
    try {
      return await work(ledger);
    } finally {
      await ledger.close();
    }
  });
}

function postgresOptions({ url, schema }: LedgerTarget & { kind: 'postgres' }) {
  return schema === undefined ? { url } : { url, schema };
}

async function translated<T>(target: LedgerTarget, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw await asCliError(target, error);
  }
}

/** The ledger's own errors as the command's; anything else as it is. */
async function asCliError(target: LedgerTarget, cause: unknown): Promise<unknown> {
  const { LedgerDamaged, LedgerMisuse, LedgerOpenError, LedgerUnavailable } = await import('@farebox/ledger');
  const reached = target.kind === 'sqlite' ? exitCodes.failed : exitCodes.network;
  if (cause instanceof LedgerOpenError) {
    if (cause.code === 'ledger_locked' && target.kind === 'sqlite') {
      const message =
        `A gateway has the ledger ${target.path}, and SQLite has one writer: stop the gateway, run this again, and start it. ` +
        'With the ledger in PostgreSQL this works beside running gateways.';
      return new CliError(cause.code, message, { cause });
    }
    const exitCode = cause.code === 'ledger_unopenable' ? reached : exitCodes.failed;
    return new CliError(cause.code, cause.message, { cause, exitCode });
  }
  if (cause instanceof LedgerUnavailable) {
    const message = `The ledger ${showTarget(target)} did not answer; nothing is certain about what was asked last. Look again with farebox ledger, then repeat it.`;
    return new CliError(cause.code, message, { cause, exitCode: reached });
  }
  if (cause instanceof LedgerMisuse || cause instanceof LedgerDamaged)
    return new CliError(cause.code, cause.message, { cause, retry: cause.retry });
  return cause;
}
