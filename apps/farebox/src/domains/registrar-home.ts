import { join } from 'node:path';
import { isJsonObject, parseJsonObject } from '@farebox/protocol';
import { CliError } from '../cli-error.js';
import type { Home } from '../home.js';
import { inVault } from '../vault/in-vault.js';

/** Largest file that is read of this folder, bytes. */
const fileBytesMax = 16_384;
/** Says what is in the files. */
const version = 1;

/** Who one is with a registrar. Secret. */
export interface RegistrarIdentity {
  /** What is sent in `X-API-Key`. */
  readonly key: string;
  /** The registrar's name for it: `agt_…`. */
  readonly agentId?: string;
}

/** One file an origin: a key is for the registrar that gave it, and goes nowhere else. */
export function identityPath(home: Home, origin: string): string {
  return join(folderOf(home), `${origin.replace(/[^a-z0-9.]+/gi, '_')}.json`);
}

function folderOf({ directory }: Home): string {
  return join(directory, 'registrars');
}

function defaultPath(home: Home): string {
  return join(folderOf(home), 'default.json');
}

/** The identity that is kept for a registrar; undefined where there is none. Throws {@link CliError} when it cannot be read. */
export async function readIdentity(home: Home, origin: string): Promise<RegistrarIdentity | undefined> {
  const path = identityPath(home, origin);
  const value = await readObject(path);
  if (value === undefined) return undefined;
  const { key, agentId } = value;
  // The name of a file says less than the origin that is in it: two origins may be written alike.
  if (value.origin !== origin || typeof key !== 'string') throw malformed(path);
  return { key, ...(typeof agentId === 'string' && { agentId }) };
}

/**
 * Keeps an identity. Where another is kept for this registrar already it stays, and the new one is kept beside it: a key
 * is the only way to what was bought with it.
 *
 * @returns Where it is, and whether it is the one that is used from now on
 */
export async function keepIdentity(
  home: Home,
  origin: string,
  identity: RegistrarIdentity,
  replace = false,
): Promise<{ readonly path: string; readonly used: boolean }> {
  const { preparePrivateFolder, writePrivateFile } = await import('@farebox/wallet/vault');
  const path = identityPath(home, origin);
  const bytes = Buffer.from(`${JSON.stringify({ version, origin, ...identity }, undefined, 1)}\n`);
  return inVault(async () => {
    await preparePrivateFolder(folderOf(home));
    if (await writePrivateFile(path, bytes, { replace })) return { path, used: true };
    if ((await readIdentity(home, origin))?.key === identity.key) return { path, used: true };
    const name = identity.agentId?.replace(/[^a-z0-9]+/gi, '_') ?? String(Date.now());
    const beside = path.replace(/\.json$/, `-${name}.json`);
    if (await writePrivateFile(beside, bytes, { replace: false })) return { path: beside, used: false };
    if ((await readObject(beside))?.key === identity.key) return { path: beside, used: false };
    throw new CliError('key_not_kept', `There is a file at ${beside} already; move it away and try again.`, {
      retry: 'never',
    });
  });
}

/** The registrar that is asked when none is named; undefined where none was chosen. */
export async function readDefaultRegistrar(home: Home): Promise<string | undefined> {
  const value = await readObject(defaultPath(home));
  if (value === undefined) return undefined;
  if (typeof value.origin === 'string') return value.origin;
  throw malformed(defaultPath(home));
}

/** Chooses the registrar that is asked when none is named. With `replace` false an earlier choice stays. */
export async function keepDefaultRegistrar(home: Home, origin: string, replace: boolean): Promise<void> {
  const { preparePrivateFolder, writePrivateFile } = await import('@farebox/wallet/vault');
  await inVault(async () => {
    await preparePrivateFolder(folderOf(home));
    await writePrivateFile(defaultPath(home), Buffer.from(`${JSON.stringify({ version, origin })}\n`), {
      replace,
    });
  });
}

async function readObject(path: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  const { readPrivateFile } = await import('@farebox/wallet/vault');
  const bytes = await inVault(() => readPrivateFile(path, fileBytesMax));
  if (bytes === undefined) return undefined;
  const value = parseJsonObject(Buffer.from(bytes).toString('utf8'));
  if (!isJsonObject(value) || value.version !== version) throw malformed(path);
  return value;
}

function malformed(path: string): CliError {
  const message = `${path} is none of this version of Farebox; move it away, or put the right one back.`;
  return new CliError('registrar_file_malformed', message, { retry: 'never' });
}
