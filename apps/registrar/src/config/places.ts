import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Ledger, openPostgresLedger, openSqliteLedger } from '@farebox/ledger';
import type { StoreConfig } from '../store/open.js';
import { type RegistrarConfig, RegistrarConfigError } from './load.js';

/** Reads where something is kept: `sqlite:<path>`, a PostgreSQL URL, or a file that holds one. */
async function readPlace(
  text: string,
  directory: string,
): Promise<{ readonly path: string } | { readonly url: string }> {
  if (text.startsWith('sqlite:')) return { path: resolve(directory, text.slice('sqlite:'.length)) };
  if (!text.startsWith('file:')) return { url: text };
  return { url: await firstLine(resolve(directory, text.slice('file:'.length))) };
}

/** The first line of a file. @throws RegistrarConfigError */
export async function firstLine(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).split('\n', 1)[0]?.trim() ?? '';
  } catch (cause) {
    throw new RegistrarConfigError(`The file ${path} cannot be read; check its path and its mode.`, {
      cause,
    });
  }
}

/** Where the store of a configuration is. */
export async function storePlace({ input, directory }: RegistrarConfig): Promise<StoreConfig> {
  const place = await readPlace(input.store, directory);
  return 'path' in place
    ? { kind: 'sqlite', ...place }
    : { kind: 'postgres', ...place, schema: input.schema };
}

/** Opens the ledger of a configuration. @throws LedgerOpenError */
export async function openConfiguredLedger({ input, directory }: RegistrarConfig): Promise<Ledger> {
  const place = await readPlace(input.ledger, directory);
  return 'path' in place ? openSqliteLedger(place) : openPostgresLedger(place);
}
