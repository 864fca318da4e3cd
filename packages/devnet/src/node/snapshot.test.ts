import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeSnapshot, encodeSnapshot, readSnapshotFile, replaceFile } from './snapshot.js';

const section = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
const snapshots = fc.record({
  manager: section,
  invoices: section,
  payments: section,
  monitors: fc.array(fc.tuple(fc.string(), section)).map((entries) => new Map(entries)),
});

it('a snapshot is read as it was written', () => {
  fc.assert(
    fc.property(snapshots, (snapshot) => {
      expect(decodeSnapshot(encodeSnapshot(snapshot))).toEqual(snapshot);
    }),
  );
});

it('a snapshot that is cut short anywhere is refused', () => {
  const monitors = new Map([['a', Buffer.from('monitor')]]);
  const sections = { manager: Buffer.from('m'), invoices: Buffer.from('i'), payments: Buffer.from('p') };
  const data = encodeSnapshot({ ...sections, monitors });
  const withoutMonitors = encodeSnapshot({ ...sections, monitors: new Map() }).length;
  for (let length = 0; length < data.length; length++) {
    // Where the last whole section ends, a shorter snapshot is a snapshot too; files are replaced whole.
    if (length === withoutMonitors) continue;
    expect(() => decodeSnapshot(data.subarray(0, length))).toThrow();
  }
});

it('a file is replaced whole and nothing is left behind', () => {
  const directory = mkdtempSync(join(tmpdir(), 'devnet-snapshot-'));
  try {
    const path = join(directory, 'file');
    expect(readSnapshotFile(path)).toBeUndefined();
    replaceFile(path, 'old');
    replaceFile(path, 'new');
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(readdirSync(directory)).toEqual(['file']);
    expect(() => readSnapshotFile(path)).toThrow();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
