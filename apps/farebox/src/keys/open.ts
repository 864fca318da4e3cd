import type { KeyStore, KeysConfig } from '@farebox/gateway';
import { CliError, usageError } from '../cli-error.js';
import { exitCodes } from '../exit-codes.js';
import { parseMoment } from '../ledger/moments.js';
import { readConfig } from '../ledger/source.js';

/** What the keys commands work with. */
export interface OpenKeys {
  readonly store: KeyStore;
  readonly config: KeysConfig;
}

/**
 * Opens the keys of a configuration, beside the gateways that have them open too, and closes them when the work is done.
 *
 * @throws {CliError} for whatever the store says
 */
export async function withKeys<T>(configPath: string, work: (keys: OpenKeys) => Promise<T>): Promise<T> {
  const { ledger, keys } = await readConfig(configPath);
  if (keys === undefined)
    throw new CliError('keys_off', `${configPath} sells nothing by key; add the line keys: {} to it.`, {
      exitCode: exitCodes.usage,
      retry: 'never',
    });
  if (keys.store.kind === 'sqlite' && keys.store.path === ':memory:')
    throw new CliError(
      'keys_in_memory',
      'These keys are kept in the memory of their gateway: nobody else can read them. Use its admin API, or keep them in a file.',
      { retry: 'never' },
    );
  const { KeyStoreOpenError, KeyStoreUnavailable, KeyWishError, openKeyStore } = await import(
    '@farebox/gateway'
  );
  const exitCode = keys.store.kind === 'postgres' ? exitCodes.network : exitCodes.failed;
  try {
    const store = await openKeyStore({ ledger, keys });
    try {
      return await work({ store, config: keys });
    } finally {
      await store.close();
    }
  } catch (cause) {
    if (cause instanceof KeyWishError) throw usageError(cause.message);
    if (cause instanceof KeyStoreOpenError || cause instanceof KeyStoreUnavailable)
      throw new CliError(cause.code, cause.message, { cause, exitCode });
    throw cause;
  }
}

/** There is no such key. */
export function noSuchKey(name: string): CliError {
  return new CliError(
    'no_such_key',
    `There is no key "${name.slice(0, 60)}"; see farebox keys list for the ids.`,
    {
      retry: 'never',
    },
  );
}

/** The key is there, and opens nothing for good. */
export function revokedKey(name: string): CliError {
  return new CliError(
    'no_such_key',
    `The key "${name.slice(0, 60)}" is revoked; make another: farebox keys create.`,
    {
      retry: 'never',
    },
  );
}

/**
 * Reads an end: a date, a time, or a duration from now on.
 *
 * @returns null for never
 * @throws {CliError} for what is none of them
 */
export function readEnd(text: string, nowMs: number): number | null {
  if (text === 'never') return null;
  const againMs = parseMoment(text, nowMs);
  if (againMs === undefined)
    throw usageError('--expires is a date (2026-01-31), a time in UTC, a duration from now (10d), or never.');
  // A duration is read as that long ago; here it is that long from now.
  return /^[0-9]+[smhdw]$/.test(text) ? 2 * nowMs - againMs : againMs;
}
