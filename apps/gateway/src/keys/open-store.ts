import type { GatewayConfig } from '../config/config.js';
import { keysPathBeside } from '../config/resolve-plans.js';
import { ledgerUrl } from '../ledger.js';
import type { SqliteKeys } from './sqlite.js';
import type { KeyStore } from './store.js';

/** Of a configuration, what says where keys are. */
export type KeyStorePlace = Pick<GatewayConfig, 'ledger' | 'keys'>;

/**
 * Opens the file that holds keys, and the counts of the gateway, beside a ledger in SQLite.
 *
 * @throws {KeyStoreOpenError}
 */
export async function openKeyFile({ ledger, keys }: KeyStorePlace): Promise<SqliteKeys> {
  const { openSqliteKeys } = await import('./sqlite.js');
  if (keys?.store.kind === 'sqlite') return openSqliteKeys(keys.store.path);
  return openSqliteKeys(ledger.kind === 'sqlite' ? keysPathBeside(ledger.path) : ':memory:');
}

/**
 * Opens the store of keys that a configuration names.
 *
 * @throws {KeyStoreOpenError}
 */
export async function openKeyStore(config: KeyStorePlace): Promise<KeyStore> {
  const { ledger } = config;
  if (ledger.kind === 'postgres') {
    const { openPostgresKeys } = await import('./postgres.js');
    return openPostgresKeys(await ledgerUrl(ledger), sharedSchema(config));
  }
  return openKeyFile(config);
}

/** The PostgreSQL schema of keys and counts. */
export function sharedSchema({ ledger, keys }: KeyStorePlace): string {
  if (keys?.store.kind === 'postgres') return keys.store.schema;
  return `${(ledger.kind === 'postgres' ? ledger.schema : undefined) ?? 'farebox'}_keys`;
}
