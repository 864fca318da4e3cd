import { randomBytes } from 'node:crypto';
import { chmod, open, readFile, rename } from 'node:fs/promises';
import type { Home } from './home.js';

/** Where the devnet's Tempo chain is. */
export interface TempoDevnetPlace {
  readonly url: string;
  readonly chainId: number;
}

/**
 * Adds the Tempo chain to the devnet's file, which exists already. It is replaced whole: whoever reads it finds the old
 * or the new one. Those who know nothing of Tempo read the rest as before.
 */
export async function addTempoDevnet(home: Home, tempo: TempoDevnetPlace): Promise<void> {
  const file: unknown = JSON.parse(await readFile(home.devnetFile, 'utf8'));
  if (typeof file !== 'object' || file === null)
    throw new Error('The file of the devnet is not what it was.');
  const draft = `${home.devnetFile}.${randomBytes(4).toString('hex')}`;
  const handle = await open(draft, 'wx', 0o600);
  try {
    const { url, chainId } = tempo;
    await handle.writeFile(`${JSON.stringify({ ...file, tempo: { url, chainId } })}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await chmod(draft, 0o600);
  await rename(draft, home.devnetFile);
}

/** Where the running devnet's Tempo chain is; undefined when there is none, or when the file cannot be read. */
export async function readTempoDevnet(home: Home): Promise<TempoDevnetPlace | undefined> {
  let file: unknown;
  try {
    file = JSON.parse(await readFile(home.devnetFile, 'utf8'));
  } catch {
    return undefined;
  }
  const tempo = member(file, 'tempo');
  const [url, chainId] = [member(tempo, 'url'), member(tempo, 'chainId')];
  if (typeof url !== 'string' || !isLoopback(url)) return undefined;
  return typeof chainId === 'number' && Number.isSafeInteger(chainId) && chainId > 0
    ? { url, chainId }
    : undefined;
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}

function isLoopback(text: string): boolean {
  return URL.canParse(text) && /^http:\/\/(?:127\.0\.0\.1|\[::1\]|localhost)(?::\d+)?\/?$/.test(text);
}
