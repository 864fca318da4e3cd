import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { ByteReader } from '../chain/encoding.js';
import { uint32 } from '../chain/transaction.js';

/**
 * Everything a node must not lose, in one file: LDK's manager, every channel monitor, and what the application
 * knows of its invoices and payments. They are written together or not at all; apart from each other they are
 * worth less than nothing (a manager older than its monitor closes the channel).
 */
export interface Snapshot {
  readonly manager: Uint8Array;
  readonly invoices: Uint8Array;
  readonly payments: Uint8Array;
  readonly monitors: ReadonlyMap<string, Uint8Array>;
}

const MAGIC = Buffer.from('FBXNODE1', 'ascii');

/** The file's bytes: magic, then every section with its length before it. */
export function encodeSnapshot(snapshot: Snapshot): Buffer {
  const parts: Uint8Array[] = [MAGIC];
  const add = (section: Uint8Array) => parts.push(uint32(section.length), section);
  add(snapshot.manager);
  add(snapshot.invoices);
  add(snapshot.payments);
  for (const [name, monitor] of snapshot.monitors) {
    add(Buffer.from(name));
    add(monitor);
  }
  return Buffer.concat(parts);
}

/** Reads what {@link encodeSnapshot} wrote; throws when it is anything else. */
export function decodeSnapshot(data: Uint8Array): Snapshot {
  const reader = new ByteReader(data);
  if (!reader.bytes(MAGIC.length).equals(MAGIC)) throw new Error('This is not a snapshot of a devnet node.');
  const next = () => reader.bytes(reader.u32());
  const manager = next();
  const invoices = next();
  const payments = next();
  const monitors = new Map<string, Uint8Array>();
  while (reader.remaining > 0) {
    const name = next().toString();
    monitors.set(name, Buffer.from(next()));
  }
  return { manager, invoices, payments, monitors };
}

/** Replaces a file so that a reader, also after a crash, finds the old or the new content, whole. */
export function replaceFile(path: string, data: Uint8Array | string): void {
  const temporary = `${path}.new`;
  const file = openSync(temporary, 'w', 0o600);
  try {
    writeFileSync(file, data);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
  // The rename itself is durable only once the directory is. Windows cannot sync one and does not need it.
  if (process.platform === 'win32') return;
  const directory = openSync(dirname(path), 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

/** Reads a snapshot file; undefined when there is none. */
export function readSnapshotFile(path: string): Snapshot | undefined {
  let data: Buffer;
  try {
    data = readFileSync(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  return decodeSnapshot(data);
}
