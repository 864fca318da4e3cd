import { mkdir, readFile, rename } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { isJsonObject, type JsonValue, parseJsonObject } from '@farebox/protocol';
import { loopbackUrl } from './client.js';
import { replaceFile } from './node/snapshot.js';

/** Where a running devnet is found by other processes of the same user. */
export interface DevnetFile {
  readonly url: string;
  readonly token: string;
  /** Its Tempo chain, where it runs one. */
  readonly tempo?: TempoPlace;
}

/** Where a devnet's Tempo chain is. */
export interface TempoPlace {
  /** JSON-RPC over plain HTTP on loopback. */
  readonly url: string;
  readonly chainId: number;
}

/** `$FAREBOX_HOME`, or `~/.farebox`. */
export function fareboxHome(): string {
  const home = process.env.FAREBOX_HOME;
  return home === undefined || home === '' ? join(homedir(), '.farebox') : home;
}

const fileIn = (home: string) => join(home, 'devnet.json');
const lastFileIn = (home: string) => join(home, 'devnet.last.json');

/** Writes `devnet.json` into the home directory, readable by its owner only. Replaces an older one whole. */
export async function writeDevnetFile(home: string, file: DevnetFile): Promise<void> {
  await mkdir(home, { recursive: true, mode: 0o700 });
  const { url, token, tempo } = file;
  const chain = tempo && { tempo: { url: tempo.url, chainId: tempo.chainId } };
  replaceFile(fileIn(home), `${JSON.stringify({ url, token, ...chain })}\n`);
}

/** Takes `devnet.json` away if it is still this devnet's; {@link readLastDevnetFile} still finds it. */
export async function removeDevnetFile(home: string, file: DevnetFile): Promise<void> {
  const present = await readDevnetFile(home).catch(() => undefined);
  if (present?.token === file.token && present.url === file.url) await rename(fileIn(home), lastFileIn(home));
}

/**
 * Where the devnet of this home is or, after it has stopped, was: one that comes back with the same address and token is
 * found by whoever was using it. Undefined when there was none, or nothing that can be read.
 */
export async function readLastDevnetFile(home: string): Promise<DevnetFile | undefined> {
  const running = await readFrom(fileIn(home)).catch(() => undefined);
  return running ?? readFrom(lastFileIn(home)).catch(() => undefined);
}

/**
 * Reads `devnet.json`. Undefined when there is none. Rejects when it cannot be read, is not what
 * {@link writeDevnetFile} writes, or names an address that is not loopback. A Tempo chain that cannot be read is left out:
 * the Lightning nodes are no worse for it.
 */
export async function readDevnetFile(home: string = fareboxHome()): Promise<DevnetFile | undefined> {
  return readFrom(fileIn(home));
}

async function readFrom(path: string): Promise<DevnetFile | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  const value = parseJsonObject(text);
  if (!isJsonObject(value) || typeof value.url !== 'string' || typeof value.token !== 'string') {
    throw new Error(`${path} is not a devnet's: remove it and start \`farebox devnet\` again.`);
  }
  const tempo = readTempoPlace(value.tempo);
  return { url: loopbackUrl(value.url).origin, token: value.token, ...(tempo && { tempo }) };
}

function readTempoPlace(value: JsonValue | undefined): TempoPlace | undefined {
  if (!isJsonObject(value)) return undefined;
  const { url, chainId } = value;
  if (typeof url !== 'string' || !isPlainLoopback(url)) return undefined;
  const named = typeof chainId === 'number' && Number.isSafeInteger(chainId) && chainId > 0;
  return named ? { url, chainId } : undefined;
}

/** The form that the devnet writes, and nothing that a URL parser could read otherwise. */
function isPlainLoopback(text: string): boolean {
  return URL.canParse(text) && /^http:\/\/(?:127\.0\.0\.1|\[::1\]|localhost)(?::\d+)?\/?$/.test(text);
}
