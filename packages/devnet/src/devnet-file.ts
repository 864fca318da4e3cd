import { mkdir, readFile, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { isJsonObject, parseJsonObject } from '@farebox/protocol';
import { loopbackUrl } from './client.js';
import { replaceFile } from './node/snapshot.js';

/** Where a running devnet is found by other processes of the same user. */
export interface DevnetFile {
  readonly url: string;
  readonly token: string;
}

/** `$FAREBOX_HOME`, or `~/.farebox`. */
export function fareboxHome(): string {
  const home = process.env.FAREBOX_HOME;
  return home === undefined || home === '' ? join(homedir(), '.farebox') : home;
}

const fileIn = (home: string) => join(home, 'devnet.json');

/** Writes `devnet.json` into the home directory, readable by its owner only. Replaces an older one whole. */
export async function writeDevnetFile(home: string, file: DevnetFile): Promise<void> {
  await mkdir(home, { recursive: true, mode: 0o700 });
  replaceFile(fileIn(home), `${JSON.stringify({ url: file.url, token: file.token })}\n`);
}

/** Removes `devnet.json` if it is still this devnet's. */
export async function removeDevnetFile(home: string, file: DevnetFile): Promise<void> {
  const present = await readDevnetFile(home).catch(() => undefined);
  if (present?.token === file.token) await rm(fileIn(home), { force: true });
}

/**
 * Reads `devnet.json`. Undefined when there is none. Rejects when it cannot be read, is not what
 * {@link writeDevnetFile} writes, or names an address that is not loopback.
 */
export async function readDevnetFile(home: string = fareboxHome()): Promise<DevnetFile | undefined> {
  let text: string;
  try {
    text = await readFile(fileIn(home), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  const value = parseJsonObject(text);
  if (!isJsonObject(value) || typeof value.url !== 'string' || typeof value.token !== 'string') {
    throw new Error(`${fileIn(home)} is not a devnet's: remove it and start \`farebox devnet\` again.`);
  }
  return { url: loopbackUrl(value.url).origin, token: value.token };
}
