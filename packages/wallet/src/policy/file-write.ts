import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Runs what reads the policy, changes it and writes it, while no other process does: of two changes at once, the later
 * would undo the earlier. Throws `VaultError` `vault_busy`, `vault_unavailable`.
 */
export async function withPolicyLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const { withFileLock } = await import('../vault/file-lock.js');
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  return withFileLock(`${path}.lock`, work, 'policy');
}

/**
 * Writes a policy: another file with mode 0600 first, then in its place, so that whoever reads meanwhile, or after a
 * crash, finds the old one or the new one. A half-written policy would be refused, and nothing could be paid.
 */
export async function writePolicy(path: string, text: string): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const next = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    const file = await open(next, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(next, path);
  } catch (error) {
    await rm(next, { force: true });
    throw error;
  }
  await syncFolder(folder);
}

/** The new name is on disk only when its folder is. Not every system can do that. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {
    // The rename is there for everybody; only a power cut could still undo it.
  }
}
