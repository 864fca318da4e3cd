import { existsSync } from 'node:fs';
import type { TempoPlace } from '@farebox/devnet';
import type { Home } from './home.js';

/** Where the devnet's Tempo chain is. */
export type TempoDevnetPlace = TempoPlace;

/**
 * Adds the Tempo chain to the devnet's file, which exists already. It is replaced whole: whoever reads it finds the old
 * or the new one. Those who know nothing of Tempo read the rest as before.
 */
export async function addTempoDevnet(home: Home, tempo: TempoDevnetPlace): Promise<void> {
  const { readDevnetFile, writeDevnetFile } = await import('@farebox/devnet');
  const file = await readDevnetFile(home.directory);
  if (file === undefined) throw new Error('The file of the devnet is not there.');
  await writeDevnetFile(home.directory, { ...file, tempo });
}

/** Where the running devnet's Tempo chain is; undefined when there is none, or when the file cannot be read. */
export async function readTempoDevnet(home: Home): Promise<TempoDevnetPlace | undefined> {
  // Not loaded where there is nothing to read: a preview is over before it would be.
  if (!existsSync(home.devnetFile)) return undefined;
  const { readDevnetFile } = await import('@farebox/devnet');
  const file = await readDevnetFile(home.directory).catch(() => undefined);
  return file?.tempo;
}
