import type { Database } from './database.js';

/** Where the registrar's own store is. */
export type StoreConfig =
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'postgres'; readonly url: string; readonly schema: string | undefined };

/** Opens the store. Only the kind that is configured is loaded. @throws StoreError */
export async function openStore(config: StoreConfig): Promise<Database> {
  if (config.kind === 'sqlite') return (await import('./sqlite.js')).openSqliteStore(config.path);
  return (await import('./postgres.js')).openPostgresStore(config);
}
