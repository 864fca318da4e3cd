import { readFile } from 'node:fs/promises';
import { type Ledger, LedgerOpenError, openPostgresLedger, openSqliteLedger } from '@farebox/ledger';
import type { LedgerConfig } from './config/config.js';

/**
 * Opens the ledger that a configuration names.
 *
 * @throws LedgerOpenError; its message never holds the URL's password
 */
export async function openLedger(config: LedgerConfig): Promise<Ledger> {
  if (config.kind === 'sqlite') return openSqliteLedger({ path: config.path });
  const { schema } = config;
  return openPostgresLedger({ url: await ledgerUrl(config), ...(schema === undefined ? {} : { schema }) });
}

/**
 * The URL of a PostgreSQL ledger: as configured, or the first line of its file.
 *
 * @throws LedgerOpenError when the file cannot be read
 */
export async function ledgerUrl(config: LedgerConfig & { readonly kind: 'postgres' }): Promise<string> {
  if (config.urlFile === undefined) return config.url ?? '';
  try {
    return (await readFile(config.urlFile, 'utf8')).split('\n', 1)[0]?.trim() ?? '';
  } catch (cause) {
    throw new LedgerOpenError(
      'ledger_unopenable',
      `The file ${config.urlFile} with the ledger's URL cannot be read; check its path and its mode.`,
      { cause },
    );
  }
}
