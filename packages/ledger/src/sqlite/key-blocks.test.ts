import Database from 'libsql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LedgerFolder, ledgerFolder, readSql, runSql } from '../testing/files.js';
import { requestOf } from '../testing/requests.js';
import { BlockWriter, blockRows, KeyBlocks } from './key-blocks.js';
import { keyOfChallenge, keyOfReference } from './keys.js';
import type { SqliteLedger } from './ledger.js';
import { openSqliteLedger } from './open.js';

let at: LedgerFolder;
beforeEach(() => {
  at = ledgerFolder();
});
afterEach(() => at.remove());

async function deliverMany(ledger: SqliteLedger, from: number, to: number): Promise<void> {
  const numbers = Array.from({ length: to - from }, (_, n) => from + n);
  await Promise.all(numbers.map((n) => ledger.deliver(requestOf(n))));
}

function withBlocks<T>(use: (blocks: KeyBlocks) => T): T {
  const db = new Database(at.path);
  try {
    return use(new KeyBlocks(db));
  } finally {
    db.close();
  }
}

const rows = () => readSql(at.path, 'SELECT block, places IS NULL, length(prints) FROM keys ORDER BY block');

describe('key blocks', () => {
  it('a block is there as soon as its last claim is, and holds the prints of its claims', async () => {
    const ledger = await openSqliteLedger(at);
    await deliverMany(ledger, 0, blockRows - 1);
    expect(rows()).toEqual([]);
    await deliverMany(ledger, blockRows - 1, 2 * blockRows + 5);
    expect(rows()).toEqual([
      [0, 1, 10 * blockRows],
      [1, 1, 10 * blockRows],
    ]);
    await ledger.close();
    const block = withBlocks((blocks) => blocks.read(1));
    const { print, extra } = keyOfChallenge(requestOf(blockRows + 3).challengeId);
    expect([block?.challenges.prints[3], block?.challenges.extras[3]]).toEqual([print, extra]);
    const reference = keyOfReference(requestOf(2 * blockRows - 1).reference);
    expect(block?.references.prints.at(-1)).toBe(reference.print);
    expect(block?.references.extras.at(-1)).toBe(reference.extra);
  });

  it('every claim is known after a restart, wherever its key is read from', async () => {
    const count = 2 * blockRows + 100;
    const first = await openSqliteLedger(at);
    await deliverMany(first, 0, count);
    await first.close();
    const second = await openSqliteLedger(at);
    const numbers = Array.from({ length: count }, (_, n) => n);
    const again = await Promise.all(numbers.map((n) => second.deliver(requestOf(n))));
    const crossed = await Promise.all(numbers.map((n) => second.deliver(requestOf(`x${n}`, n))));
    expect([...again, ...crossed].filter(({ ok }) => ok)).toEqual([]);
    // The open block goes on where it was.
    await deliverMany(second, count, 3 * blockRows);
    expect(rows()).toHaveLength(3);
    await second.close();
    const third = await openSqliteLedger(at);
    expect((await third.deliver(requestOf(3 * blockRows - 1))).ok).toBe(false);
    expect(await third.deliver(requestOf('new'))).toEqual({ ok: true, seq: 3 * blockRows + 1 });
    await third.close();
  });

  it('a failed transaction that completed a block leaves neither it nor a gap', async () => {
    const ledger = await openSqliteLedger(at);
    await deliverMany(ledger, 0, blockRows - 2);
    runSql(
      at.path,
      `CREATE TRIGGER refuse BEFORE INSERT ON claim WHEN new.resource = 'poison' BEGIN SELECT raise(ABORT, 'poison'); END`,
    );
    for (let round = 0; round < 2; round++) {
      const batch = [1, 2, 3, 4].map((n) =>
        ledger.deliver(requestOf(`${round} ${n}`, undefined, n === 4 ? { resource: 'poison' } : {})),
      );
      const settled = await Promise.allSettled(batch);
      expect(settled.map(({ status }) => status)).toEqual(Array.from({ length: 4 }, () => 'rejected'));
      expect(rows()).toEqual([]);
    }
    await deliverMany(ledger, blockRows - 2, blockRows + 10);
    expect(rows()).toEqual([[0, 1, 10 * blockRows]]);
    await ledger.close();
    const again = await openSqliteLedger(at);
    for (const n of [0, blockRows - 3, blockRows - 2, blockRows - 1, blockRows])
      expect((await again.deliver(requestOf(n))).ok).toBe(false);
    expect((await again.deliver(requestOf('0 1'))).ok).toBe(true);
    await again.close();
  });

  it.each(['challenge', 'reference'] as const)('refuses a file with one %s in two blocks', async (column) => {
    const ledger = await openSqliteLedger(at);
    await deliverMany(ledger, 0, 2 * blockRows);
    await ledger.close();
    const [one, other] = [7, blockRows + 9];
    runSql(
      at.path,
      `DROP TRIGGER keys_stay;
       UPDATE claim SET ${column} = (SELECT ${column} FROM claim WHERE seq = ${one}) WHERE seq = ${other}`,
    );
    const db = new Database(at.path);
    const blocks = new KeyBlocks(db);
    const second = new BlockWriter(1);
    for (let n = blockRows; n < 2 * blockRows; n++) {
      const source = (which: 'challenge' | 'reference') =>
        requestOf(n + 1 === other && which === column ? one - 1 : n);
      second.add(
        n + 1,
        keyOfChallenge(source('challenge').challengeId),
        keyOfReference(source('reference').reference),
      );
    }
    blocks.keep(1, []);
    blocks.append(second);
    db.close();
    const error = await openSqliteLedger(at).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ledger_corrupt' });
    expect(String(error)).toContain(`claims ${one} and ${other}`);
  });

  it.each([
    ['a block that is missing', 'DELETE FROM keys WHERE block = 0'],
    ['a block that is cut short', 'UPDATE keys SET prints = substr(prints, 1, 100) WHERE block = 0'],
    ['a block of no whole claims', 'UPDATE keys SET prints = substr(prints, 1, 99) WHERE block = 0'],
    ['a block whose places are gone', "UPDATE keys SET places = x'00' WHERE block = 0"],
  ])('refuses to guess: %s', async (_, sql) => {
    const ledger = await openSqliteLedger(at);
    await deliverMany(ledger, 0, blockRows + 5);
    await ledger.close();
    runSql(at.path, sql);
    await expect(openSqliteLedger(at)).rejects.toMatchObject({ name: 'LedgerOpenError' });
  });

  it('a block forgets what has left, and keeps the others where they are', async () => {
    const ledger = await openSqliteLedger(at);
    await deliverMany(ledger, 0, blockRows);
    await ledger.close();
    withBlocks((blocks) => {
      blocks.keep(0, [2, 77, blockRows]);
      const kept = blocks.read(0);
      expect(kept?.challenges.seqs).toEqual(Uint32Array.of(2, 77, blockRows));
      expect(kept?.challenges.prints[1]).toBe(keyOfChallenge(requestOf(76).challengeId).print);
      expect(kept?.references.extras[2]).toBe(keyOfReference(requestOf(blockRows - 1).reference).extra);
      blocks.keep(0, [77]);
      expect(blocks.read(0)?.references.prints).toEqual(
        Uint32Array.of(keyOfReference(requestOf(76).reference).print),
      );
      expect(() => blocks.keep(0, [77, 78])).toThrow('lacks');
      blocks.keep(0, []);
      expect(blocks.read(0)).toBeUndefined();
    });
  });
});
