import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Address } from '../chain/hex.js';

/**
 * Who may be the one to carry a key's permission to the chain. A second payment that carried it too would be refused
 * (`KeyAlreadyExists`), so until the key is registered only one payment may be on its way, in whatever process.
 */
export interface ProvisioningLease {
  /**
   * Takes the lease until `untilS`, unless somebody has it now. Durable when it returns. It is never given back: the
   * key that it was for gets registered, or time runs out, and with it the validity of the payment it was taken for.
   *
   * Both times are the chain's, seconds since the epoch, so that two machines agree about them.
   *
   * @returns False when somebody else has it.
   */
  acquire(key: LeasedKey, untilS: number, chainTimeS: number): boolean;
}

/** What a lease is for. */
export interface LeasedKey {
  readonly chainId: number;
  readonly account: Address;
  readonly keyAddress: Address;
}

const leaseName = (key: LeasedKey) => `${key.chainId}-${key.account}-${key.keyAddress}`;

/** A lease for one process alone. */
export function memoryLease(): ProvisioningLease {
  const until = new Map<string, number>();
  return {
    acquire(key, untilS, chainTimeS) {
      const name = leaseName(key);
      if ((until.get(name) ?? 0) > chainTimeS) return false;
      until.set(name, untilS);
      return true;
    },
  };
}

/**
 * A lease that all processes share which use the same folder of the same machine. The folder is made when it is
 * missing. Throws what the file system throws: then nobody has the lease, and nothing is signed.
 */
export function fileLease(options: { readonly folder: string }): ProvisioningLease {
  const { folder } = options;
  return {
    acquire(key, untilS, chainTimeS) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const name = leaseName(key);
      for (;;) {
        const newest = newestGeneration(folder, name);
        if (newest > 0 && readUntil(generationPath(folder, name, newest)) > chainTimeS) return false;
        const mine = newest + 1;
        if (!createGeneration(folder, name, mine, untilS)) continue;
        // Somebody slow may have made anew what others have passed and removed: only the newest counts.
        if (newestGeneration(folder, name) !== mine) {
          rmSync(generationPath(folder, name, mine), { force: true });
          continue;
        }
        for (let old = newest; old > newest - 2 && old > 0; old -= 1) {
          rmSync(generationPath(folder, name, old), { force: true });
        }
        return true;
      }
    },
  };
}

function generationPath(folder: string, name: string, generation: number): string {
  return join(folder, `${name}.${generation}`);
}

function newestGeneration(folder: string, name: string): number {
  const numbers = readdirSync(folder)
    .filter((file) => file.startsWith(`${name}.`))
    .map((file) => Number(file.slice(name.length + 1)))
    .filter((number) => Number.isSafeInteger(number) && number > 0);
  return Math.max(0, ...numbers);
}

/**
 * A file appears with its content in it, or not at all: it is written under a name of its own and then linked, which
 * fails when the generation is there already. Two processes can therefore not both believe that they made it.
 */
function createGeneration(folder: string, name: string, generation: number, untilS: number): boolean {
  const draft = join(folder, `.${randomBytes(8).toString('hex')}`);
  const file = openSync(draft, 'wx', 0o600);
  try {
    writeSync(file, String(untilS));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  try {
    linkSync(draft, generationPath(folder, name, generation));
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function readUntil(path: string): number {
  try {
    const until = Number(readFileSync(path, 'utf8'));
    // Nobody of ours writes anything else. It counts as taken, so that two can never have it; removing the file helps.
    return Number.isFinite(until) ? until : Number.POSITIVE_INFINITY;
  } catch (error) {
    // Removed since it was listed: passed.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 0;
    throw error;
  }
}
