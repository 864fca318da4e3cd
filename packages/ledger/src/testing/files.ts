import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';

/** How long a disk may take over one transaction of a test, however slow its machine is. */
export const patienceMs = 60_000;

/** A folder of its own for one test, and the ledger's path in it. */
export interface LedgerFolder {
  readonly folder: string;
  readonly path: string;
  remove(): void;
}

/** Makes a folder for one test. */
export function ledgerFolder(): LedgerFolder {
  const folder = mkdtempSync(join(tmpdir(), 'farebox-ledger-'));
  return { folder, path: join(folder, 'farebox.db'), remove: () => rmSync(folder, { recursive: true }) };
}

/** Runs SQL on a file behind its ledger's back. */
export function runSql(path: string, sql: string): void {
  const db = new Database(path);
  try {
    db.exec(sql);
  } finally {
    db.close();
  }
}

/** Reads rows of a file behind its ledger's back. */
export function readSql(path: string, sql: string): unknown[] {
  const db = new Database(path);
  try {
    return db.prepare(sql).raw().all();
  } finally {
    db.close();
  }
}
