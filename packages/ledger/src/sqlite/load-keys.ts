import type Database from 'libsql';
import { LedgerOpenError } from '../errors.js';
import { columnsOf } from './columns.js';
import { allBlocks, BlockWriter, blockOf, firstSeqOf, type KeyBlock } from './key-blocks.js';
import type { KeyIndex, KeyList } from './key-index.js';
import { keyOf } from './keys.js';

/** What opening a ledger finds out about its claims. */
export interface LoadedKeys {
  /** The last claim; 0 when there is none. */
  readonly lastSeq: number;
  /** The block that the next claim belongs to, with the claims that are in it. */
  readonly open: BlockWriter;
}

/**
 * Enters the keys of all claims into both indexes, which must be empty. Nothing but the one writer keeps keys unique on
 * disk, so that is checked here: claims whose keys look alike, a handful among millions, are compared themselves.
 *
 * @throws {LedgerOpenError} `ledger_corrupt` when a challenge or a payment is there twice
 */
export function loadKeys(db: Database.Database, byChallenge: KeyIndex, byReference: KeyIndex): LoadedKeys {
  const blocks: KeyBlock[] = [];
  let lastBlock = -1;
  for (const { block, keys } of allBlocks(db)) {
    blocks.push(keys);
    lastBlock = block;
  }
  const { open, lastSeq } = readTail(db, lastBlock);
  blocks.push(open.keys());
  enter(db, byChallenge, blocks.map(challengesOf), 'challenge');
  enter(db, byReference, blocks.map(referencesOf), 'reference');
  return { lastSeq, open };
}

function challengesOf({ challenges }: KeyBlock): KeyList {
  return challenges;
}

function referencesOf({ references }: KeyBlock): KeyList {
  return references;
}

// The claims behind the last block: they are read themselves.
function readTail(db: Database.Database, lastBlock: number): LoadedKeys {
  const [found] = columnsOf(db.prepare('SELECT max(seq) FROM claim').raw().get([]));
  const lastSeq = typeof found === 'number' ? found : 0;
  const block = blockOf(lastSeq + 1);
  const open = new BlockWriter(block);
  const first = firstSeqOf(lastBlock + 1);
  const early = columnsOf(
    db
      .prepare('SELECT min(seq) FROM claim WHERE seq >= ? AND seq < ?')
      .raw()
      .get([first, firstSeqOf(block)]),
  );
  if (typeof early[0] === 'number') throw new Error(`the keys of claim ${early[0]} are missing`);
  const rows = db.prepare('SELECT seq, challenge, reference FROM claim WHERE seq >= ? ORDER BY seq').raw();
  for (const raw of rows.all([firstSeqOf(block)])) {
    const [seq, challenge, reference] = columnsOf(raw);
    if (typeof seq !== 'number' || !(challenge instanceof Uint8Array)) throw new Error('a claim has no key');
    open.add(seq, keyOf(Buffer.from(challenge)), keyOf(storedReference(reference)));
  }
  return { lastSeq, open };
}

function storedReference(value: unknown): Buffer | string {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return Buffer.from(value);
  throw new TypeError('a reference that is neither text nor bytes');
}

function enter(
  db: Database.Database,
  index: KeyIndex,
  lists: readonly KeyList[],
  column: 'challenge' | 'reference',
): void {
  const same = db
    .prepare(
      `SELECT 1 FROM claim AS a JOIN claim AS b ON a.${column} = b.${column} WHERE a.seq = ? AND b.seq = ?`,
    )
    .raw();
  index.load(lists, (seq, other) => {
    if (same.get([seq, other]) !== undefined) throw twice(column, Math.min(seq, other), Math.max(seq, other));
  });
}

function twice(column: 'challenge' | 'reference', first: number, second: number): LedgerOpenError {
  const what = column === 'challenge' ? 'challenge' : 'payment';
  return new LedgerOpenError(
    'ledger_corrupt',
    `The ledger holds one ${what} twice (claims ${first} and ${second}); restore it from a backup, or have someone decide which claim counts.`,
  );
}
