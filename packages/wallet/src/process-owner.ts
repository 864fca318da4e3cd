import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Process ids mean something only within one machine and one process namespace. */
const place = `${hostname()}/${processNamespace()}`;

function processNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return process.platform;
  }
}

/** Names this process in the journal. */
export function currentOwner(): string {
  return `${place}/${process.pid}`;
}

/**
 * True only when the process certainly does not run any more. Another machine or container, or a process id that
 * has been given to someone else, counts as running: then only time decides.
 */
export function ownerIsGone(owner: string): boolean {
  const cut = owner.lastIndexOf('/');
  if (owner.slice(0, cut) !== place) return false;
  const pid = Number(owner.slice(cut + 1));
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH';
  }
}
