import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'libsql';
import { failedWith } from './private-file.js';
import { VaultError } from './vault-error.js';

/** How long it is remembered which payer was asked. A node that has not answered by then is asked about nothing. */
export const payerRecordLifeMs = 400 * 86_400_000;
const busyTimeoutMs = 10_000;

/**
 * Which payer was handed which payment, written down before it is handed over, for every process of one wallet. A node
 * truthfully says "never heard of it" of what another one has paid, and that must not be taken for "not paid".
 */
export interface PayerRecord {
  /**
   * Writes down, durably, that this payer is about to be asked. False when another one was: then nothing may be sent.
   *
   * @throws {VaultError} `record_unavailable`
   */
  claim(reference: string, payer: string, nowMs: number): boolean;
  /** The payer that was asked; undefined when none was. */
  payerOf(reference: string): string | undefined;
  close(): void;
}

type Connection = InstanceType<typeof Database>;

/** Opens the record, or makes it with mode 0600. Throws {@link VaultError} `record_unavailable`. */
export function openPayerRecord(path: string): PayerRecord {
  const db = guard(() => connect(path));
  const claim = db.transaction((reference: string, payer: string, nowMs: number): boolean => {
    db.prepare('DELETE FROM asked WHERE at_ms < ?').run(nowMs - payerRecordLifeMs);
    const known = find(db, reference);
    if (known !== undefined) return known === payer;
    db.prepare('INSERT INTO asked (reference, payer, at_ms) VALUES (?, ?, ?)').run(reference, payer, nowMs);
    return true;
  });
  return {
    claim: (reference, payer, nowMs) => guard(() => claim.immediate(reference, payer, nowMs)),
    payerOf: (reference) => guard(() => find(db, reference)),
    close: () => db.close(),
  };
}

function connect(path: string): Connection {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (!failedWith(error, 'EEXIST')) throw error;
  }
  const db = new Database(path);
  try {
    db.pragma(`busy_timeout = ${busyTimeoutMs}`);
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.exec(
      'CREATE TABLE IF NOT EXISTS asked (reference TEXT PRIMARY KEY, payer TEXT NOT NULL, at_ms INTEGER NOT NULL) STRICT;' +
        'CREATE INDEX IF NOT EXISTS asked_by_time ON asked (at_ms);',
    );
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function find(db: Connection, reference: string): string | undefined {
  // The driver's types say unknown; the column is TEXT NOT NULL.
  const row = db.prepare('SELECT payer FROM asked WHERE reference = ?').get(reference) as
    | { readonly payer: string }
    | undefined;
  return row?.payer;
}

function guard<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const message = 'The record of payers cannot be used, so nothing is paid; check the disk and its owner.';
    throw new VaultError('record_unavailable', message, { cause });
  }
}
