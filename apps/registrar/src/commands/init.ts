import { writeFile } from 'node:fs/promises';
import { exampleRegistrarConfig } from '../config/example.js';
import { RegistrarConfigError } from '../config/load.js';
import { complain, print } from './report.js';

/** Writes the example; a file that is there stays as it is. */
export async function initRegistrar(path: string): Promise<number> {
  try {
    await writeFile(path, exampleRegistrarConfig, { flag: 'wx' });
    return print(`Wrote ${path}. Start a devnet with: farebox devnet --tempo. Then: farebox registrar`);
  } catch (cause) {
    const there = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST';
    const message = there ? `${path} is there already; it stays as it is.` : `${path} cannot be written.`;
    return complain(new RegistrarConfigError(message, { cause }));
  }
}
