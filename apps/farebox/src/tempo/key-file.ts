import { chmod, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import type { KeyType } from '@farebox/tempo';
import { CliError } from '../cli-error.js';
import type { Home } from '../home.js';
import { parseAddress } from './tokens.js';

/** The one Tempo key of a home. Secret. */
export interface TempoKey {
  readonly keyType: KeyType;
  readonly privateKey: `0x${string}`;
  /** The account that is spent from, where the key is an access key of it. */
  readonly rootAccount?: `0x${string}`;
  /** Its root key's permission, in hex, that the first payment carries. */
  readonly authorization?: `0x${string}`;
}

const hexForm = /^0x(?:[0-9a-f]{2})+$/;
/** Anybody else's rights. */
const othersMask = 0o077;

/**
 * Reads the key; undefined when there is none. Throws {@link CliError} `key_file_open` when others may read the file, and
 * `key_file_malformed`; the message never contains what is in it.
 */
export async function readKeyFile(home: Home): Promise<TempoKey | undefined> {
  let text: string;
  try {
    // Windows has no such rights to look at.
    const open = process.platform !== 'win32' && ((await stat(home.tempoKey)).mode & othersMask) !== 0;
    if (open) {
      const message = `Others may read the Tempo key; take that right away first: chmod 600 ${home.tempoKey}`;
      throw new CliError('key_file_open', message, { retry: 'never' });
    }
    text = await readFile(home.tempoKey, 'utf8');
  } catch (error) {
    if (error instanceof CliError) throw error;
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new CliError('key_file_unreadable', `The Tempo key ${home.tempoKey} cannot be read.`, {
      cause: error,
    });
  }
  const key = parseKey(text);
  if (key) return key;
  const message = `${home.tempoKey} is not a Tempo key of this version; put the right file back, or move it away and make a new one.`;
  throw new CliError('key_file_malformed', message, { retry: 'never' });
}

function parseKey(text: string): TempoKey | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const entries = new Map<string, unknown>(Object.entries(value));
  const privateKey = readHex(entries.get('privateKey'));
  const keyType = entries.get('keyType');
  const root = entries.get('rootAccount');
  const rootAccount = typeof root === 'string' ? parseAddress(root) : undefined;
  const authorization = readHex(entries.get('authorization'));
  if (entries.get('version') !== 1 || privateKey?.length !== 66) return undefined;
  if (keyType !== 'secp256k1' && keyType !== 'p256') return undefined;
  // A member that is there and cannot be read would silently change whose money is spent.
  if ((root !== undefined) !== (rootAccount !== undefined)) return undefined;
  if (entries.has('authorization') !== (authorization !== undefined)) return undefined;
  return {
    keyType,
    privateKey,
    ...(rootAccount && { rootAccount }),
    ...(authorization && { authorization }),
  };
}

function readHex(value: unknown): `0x${string}` | undefined {
  return typeof value === 'string' && isHex(value) ? value : undefined;
}

function isHex(text: string): text is `0x${string}` {
  return hexForm.test(text);
}

/** Writes a new key, mode 0600. Throws {@link CliError} `key_exists`: a key is money and is never written over. */
export async function createKeyFile(home: Home, key: TempoKey): Promise<void> {
  await mkdir(home.directory, { recursive: true, mode: 0o700 });
  try {
    await writeNew(home.tempoKey, key);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST') {
      const message = `There is a Tempo key already (${home.tempoKey}), and it is never written over; move it away, or set FAREBOX_HOME to have another wallet.`;
      throw new CliError('key_exists', message, { retry: 'never' });
    }
    throw new CliError('key_file_unwritable', `The Tempo key ${home.tempoKey} cannot be written.`, { cause });
  }
}

/** Replaces the key file by one with the same key and more beside it, at once and whole. */
export async function updateKeyFile(home: Home, key: TempoKey): Promise<void> {
  const draft = `${home.tempoKey}.${process.pid}.draft`;
  await rm(draft, { force: true });
  await writeNew(draft, key);
  await rename(draft, home.tempoKey);
}

async function writeNew(path: string, key: TempoKey): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await chmod(path, 0o600);
    await file.writeFile(`${JSON.stringify({ version: 1, ...key }, undefined, 2)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
}
