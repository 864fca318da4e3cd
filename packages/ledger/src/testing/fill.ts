import { randomBytes } from 'node:crypto';
import Database from 'libsql';
import { BlockWriter, blockOf, KeyBlocks } from '../sqlite/key-blocks.js';
import { keyOf } from '../sqlite/keys.js';
import { openSqliteLedger } from '../sqlite/open.js';
import { stateNumber } from '../transitions.js';
import { requestOf } from './requests.js';

/** Rows to a transaction. */
const rowsAtOnce = 100_000;

/** What a filled ledger's claims are like: answered, one millisecond apart, the last one at this moment. */
export const filledUntilMs = 1_700_000_000_000;

/**
 * Makes a ledger with many used claims, much faster than by claiming them: rows, keys and totals are written as the ledger
 * itself writes them, without a sync. `farebox.db` must not exist.
 */
export async function fillLedger(path: string, count: number): Promise<void> {
  const empty = await openSqliteLedger({ path });
  await empty.deliver(requestOf('the first'));
  await empty.close();
  const db = new Database(path);
  db.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -65536');
  const insert = db.prepare(
    `INSERT INTO claim (seq, kind, state, paid, attempts, redeliveries, holder, expires, created, updated, challenge, reference, resource, key)
     VALUES (?, 1, ${stateNumber('answered')}, 1, 0, 0, 1, ?, ?, ?, ?, ?, 'GET /v1/bitcoin/price', NULL)`,
  );
  const blocks = new KeyBlocks(db);
  db.exec('DELETE FROM claim');
  let block = new BlockWriter(0);
  for (let seq = 1; seq <= count; ) {
    db.exec('BEGIN');
    const keys = randomBytes(64 * rowsAtOnce);
    for (let at = 0; at < rowsAtOnce && seq <= count; at++, seq++) {
      const challenge = keys.subarray(64 * at, 64 * at + 32);
      const reference = keys.subarray(64 * at + 32, 64 * at + 64);
      const createdMs = filledUntilMs - (count - seq);
      insert.run([seq, createdMs + 300_000, createdMs, createdMs + 20, challenge, reference]);
      block.add(seq, keyOf(challenge), keyOf(reference));
      if (blockOf(seq + 1) === block.block) continue;
      blocks.append(block);
      block = new BlockWriter(block.block + 1);
    }
    db.exec('COMMIT');
  }
  db.exec(`UPDATE total SET count = ${count}, amount = '${count}'; PRAGMA wal_checkpoint(TRUNCATE)`);
  db.close();
}
