import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from './node/snapshot.js';

/** What makes a devnet's directory that devnet. Written last of all when one is made. */
export interface DevnetState {
  readonly format: 1;
  readonly network: 'regtest';
  readonly router: boolean;
  /** 32 bytes in hex. All keys are derived from it. */
  readonly seed: string;
}

const stateFile = 'devnet-state.json';

/** Files of a devnet's directory, beside the state. */
const files = ['blocks', 'wallet.snapshot', 'router.snapshot', 'merchant.snapshot'];

/** A new devnet, with keys of its own. */
export function newState(router: boolean): DevnetState {
  return { format: 1, network: 'regtest', router, seed: randomBytes(32).toString('hex') };
}

/** Undefined when the directory holds no finished devnet. Throws on one that this version cannot run. */
export function readState(directory: string): DevnetState | undefined {
  const path = join(directory, stateFile);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (!isState(value)) {
    throw new Error(
      `${path} is not a regtest devnet of this version: remove the directory and start afresh.`,
    );
  }
  return value;
}

function isState(value: unknown): value is DevnetState {
  if (typeof value !== 'object' || value === null) return false;
  const { format, network, router, seed } = value as Partial<Record<keyof DevnetState, unknown>>; // fields are checked below
  if (format !== 1 || network !== 'regtest' || typeof router !== 'boolean') return false;
  return typeof seed === 'string' && /^[0-9a-f]{64}$/.test(seed);
}

/** From here on the directory is a devnet that survives a crash. */
export function writeState(directory: string, state: DevnetState): void {
  replaceFile(join(directory, stateFile), `${JSON.stringify(state)}\n`);
}

/** Removes what a start left behind that never got as far as {@link writeState}. */
export function discardUnfinished(directory: string): void {
  for (const name of files) {
    rmSync(join(directory, name), { force: true });
    rmSync(join(directory, `${name}.new`), { force: true });
  }
}
