import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const held = new Set<string>();

/** A process by its number and, where the system tells, when it started: numbers are used again. */
function identity(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Field 22, counted after the name in parentheses, which may contain anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return `${pid} ${fields[19] ?? ''}`;
  } catch {
    return `${pid} `;
  }
}

function isAlive(owner: string): boolean {
  const pid = Number.parseInt(owner, 10);
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    const denied = error instanceof Error && 'code' in error && error.code === 'EPERM';
    if (!denied) return false;
  }
  return identity(pid) === owner;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/**
 * Takes the directory for this process and returns what frees it. Throws when another devnet, here or in another
 * living process, has it: two writers would destroy each other's channels. A dead owner's lock is taken over.
 */
export function lockDirectory(directory: string): () => void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, 'lock');
  const own = join(directory, `lock.${process.pid}`);
  const inUse = () =>
    new Error(`Another devnet uses ${directory}: stop it first, or choose another directory.`);
  if (held.has(path)) throw inUse();
  const owner = read(path);
  if (owner !== undefined) {
    if (isAlive(owner) && owner !== identity(process.pid)) throw inUse();
    // Of two processes that find the same dead owner, one moves the file away and the other finds a live one.
    const moved = `${own}.old`;
    try {
      renameSync(path, moved);
    } catch {
      throw inUse();
    }
    if (read(moved) !== owner) {
      renameSync(moved, path);
      throw inUse();
    }
    rmSync(moved, { force: true });
  }
  writeFileSync(own, identity(process.pid), { mode: 0o600 });
  try {
    linkSync(own, path);
  } catch (cause) {
    throw new Error(inUse().message, { cause });
  } finally {
    rmSync(own, { force: true });
  }
  held.add(path);
  let mine = true;
  return () => {
    if (mine) rmSync(path, { force: true });
    if (mine) held.delete(path);
    mine = false;
  };
}
