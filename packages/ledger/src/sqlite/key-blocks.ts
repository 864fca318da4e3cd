import { endianness } from 'node:os';
import type Database from 'libsql';
import { columnsOf } from './columns.js';
import type { KeyList } from './key-index.js';
import type { Key } from './keys.js';

/** Claims to a block. */
export const blockRows = 16_384;
/** Bytes of a claim in a block: two prints of 32 bits, two times 8 bits more. */
const bytesPerClaim = 10;

/** The keys of some claims, as the index takes them. */
export interface KeyBlock {
  readonly challenges: KeyList;
  readonly references: KeyList;
}

/** The block that a claim belongs to. */
export function blockOf(seq: number): number {
  return Math.floor((seq - 1) / blockRows);
}

/** The first claim of a block. */
export function firstSeqOf(block: number): number {
  return block * blockRows + 1;
}

/**
 * The prints of many claims in one row: what the index in memory needs of them, so that opening a ledger reads 10 bytes
 * a claim and not the claims. A block is appended in the transaction that inserts its last claim, so the claims behind
 * the last block, fewer than {@link blockRows}, are the only ones to be read themselves.
 *
 * A whole block has no `places`. Where claims have left, `places` has for each of the others where in the block it is,
 * 16 bits each. Numbers are little-endian; `prints` is all prints of challenges, all of payments, then the 8 bits more of
 * challenges, then of payments. The 8 bits are there because among ten million 32-bit prints thousands agree by chance,
 * and each such pair would have to be looked at when the file is opened.
 */
export class KeyBlocks {
  readonly #insert: Database.Statement;
  readonly #select: Database.Statement;
  readonly #size: Database.Statement;
  readonly #replace: Database.Statement;
  readonly #remove: Database.Statement;
  readonly #anyBetween: Database.Statement;
  readonly #removeBetween: Database.Statement;

  constructor(db: Database.Database) {
    this.#insert = db.prepare('INSERT INTO keys (block, places, prints) VALUES (?, ?, ?)');
    this.#select = db.prepare('SELECT places, prints FROM keys WHERE block = ?').raw();
    this.#size = db.prepare('SELECT length(prints) FROM keys WHERE block = ?').raw();
    this.#replace = db.prepare('UPDATE keys SET places = ?, prints = ? WHERE block = ?');
    this.#remove = db.prepare('DELETE FROM keys WHERE block = ?');
    this.#anyBetween = db.prepare('SELECT 1 FROM keys WHERE block > ? AND block < ? LIMIT 1').raw();
    this.#removeBetween = db.prepare('DELETE FROM keys WHERE block > ? AND block < ?');
  }

  /** Appends a block. */
  append(written: BlockWriter): void {
    this.#insert.run([written.block, ...written.columns()]);
  }

  /** How many claims a block has keys of; undefined when there is no such block. */
  countOf(block: number): number | undefined {
    const [length] = columnsOf(this.#size.get([block]));
    return typeof length === 'number' ? length / bytesPerClaim : undefined;
  }

  /** Forgets all claims of a block but these, which are in their order. */
  keep(block: number, seqs: readonly number[]): void {
    if (seqs.length === 0) {
      this.#remove.run([block]);
      return;
    }
    const found = this.read(block);
    if (found === undefined) return;
    const { challenges, references } = found;
    const kept = new BlockWriter(block);
    const wanted = new Set(seqs);
    for (let at = 0; at < challenges.prints.length; at++) {
      const seq = challenges.seqs?.[at] ?? challenges.first + at;
      if (wanted.has(seq)) kept.add(seq, keyAt(challenges, at), keyAt(references, at));
    }
    if (kept.count !== seqs.length) throw new Error(`block ${block} of the keys lacks some of its claims`);
    this.#replace.run([...kept.columns(), block]);
  }

  /** True when there are blocks between two others. */
  anyBetween(block: number, next: number): boolean {
    return this.#anyBetween.get([block, next]) !== undefined;
  }

  /** Forgets all blocks between two others. */
  removeBetween(block: number, next: number): void {
    this.#removeBetween.run([block, next]);
  }

  /** Reads one block. */
  read(block: number): KeyBlock | undefined {
    const raw = this.#select.get([block]);
    if (raw === undefined) return undefined;
    const [places, prints] = columnsOf(raw);
    return readBlock(block, places, prints);
  }
}

/** Reads all blocks, one after the other. */
export function* allBlocks(
  db: Database.Database,
): Generator<{ readonly block: number; readonly keys: KeyBlock }> {
  const next = db
    .prepare('SELECT block, places, prints FROM keys WHERE block > ? ORDER BY block LIMIT 1')
    .raw();
  for (let last = -1; ; ) {
    const raw = next.get([last]);
    if (raw === undefined) return;
    const [block, places, prints] = columnsOf(raw);
    if (typeof block !== 'number') throw new Error('a block of the keys has no number');
    yield { block, keys: readBlock(block, places, prints) };
    last = block;
  }
}

/** Collects the keys of a block, one claim after the other. */
export class BlockWriter {
  readonly block: number;
  readonly #prints = { challenge: new Uint32Array(blockRows), reference: new Uint32Array(blockRows) };
  readonly #extras = { challenge: new Uint8Array(blockRows), reference: new Uint8Array(blockRows) };
  readonly #places = new Uint16Array(blockRows);
  #count = 0;

  constructor(block: number) {
    this.block = block;
  }

  /** How many claims it has. */
  get count(): number {
    return this.#count;
  }

  /** Adds a claim of the block; each later in it than the one before. */
  add(seq: number, challenge: Marks, reference: Marks): void {
    const at = this.#count++;
    this.#places[at] = seq - firstSeqOf(this.block);
    this.#prints.challenge[at] = challenge.print;
    this.#prints.reference[at] = reference.print;
    this.#extras.challenge[at] = challenge.extra;
    this.#extras.reference[at] = reference.extra;
  }

  /** Forgets the last ones. */
  truncate(count: number): void {
    this.#count = count;
  }

  /** The columns `places` and `prints`. */
  columns(): readonly [Buffer | null, Buffer] {
    const count = this.#count;
    const prints = Buffer.alloc(bytesPerClaim * count);
    const places = Buffer.alloc(2 * count);
    for (let at = 0; at < count; at++) {
      prints.writeUInt32LE(this.#prints.challenge[at] ?? 0, 4 * at);
      prints.writeUInt32LE(this.#prints.reference[at] ?? 0, 4 * (count + at));
      prints[8 * count + at] = this.#extras.challenge[at] ?? 0;
      prints[9 * count + at] = this.#extras.reference[at] ?? 0;
      places.writeUInt16LE(this.#places[at] ?? 0, 2 * at);
    }
    return [count === blockRows ? null : places, prints];
  }

  /** What has been added, as the index takes it. */
  keys(): KeyBlock {
    const count = this.#count;
    const first = firstSeqOf(this.block);
    const seqs = Uint32Array.from(this.#places.subarray(0, count), (place) => first + place);
    const list = (which: 'challenge' | 'reference'): KeyList => ({
      prints: this.#prints[which].subarray(0, count),
      extras: this.#extras[which].subarray(0, count),
      seqs,
      first,
    });
    return { challenges: list('challenge'), references: list('reference') };
  }
}

type Marks = Pick<Key, 'print' | 'extra'>;

function readBlock(block: number, places: unknown, blob: unknown): KeyBlock {
  if (!(blob instanceof Uint8Array) || blob.length % bytesPerClaim !== 0) throw damaged(block);
  const count = blob.length / bytesPerClaim;
  const first = firstSeqOf(block);
  const seqs = seqsOf(block, places, count);
  const prints = printsOf(blob, 0, 2 * count);
  return {
    challenges: {
      prints: prints.subarray(0, count),
      extras: blob.subarray(8 * count, 9 * count),
      seqs,
      first,
    },
    references: { prints: prints.subarray(count), extras: blob.subarray(9 * count), seqs, first },
  };
}

function seqsOf(block: number, places: unknown, count: number): Uint32Array | undefined {
  if (places === null) {
    if (count !== blockRows) throw damaged(block);
    return undefined;
  }
  if (!(places instanceof Uint8Array) || places.length !== 2 * count) throw damaged(block);
  const view = Buffer.from(places.buffer, places.byteOffset, places.length);
  const first = firstSeqOf(block);
  return Uint32Array.from({ length: count }, (_, at) => first + view.readUInt16LE(2 * at));
}

function damaged(block: number): Error {
  return new Error(`block ${block} of the keys is damaged`);
}

const isLittleEndian = endianness() === 'LE';

// A view where the bytes lie as the processor wants them, else a copy.
function printsOf(bytes: Uint8Array, from: number, count: number): Uint32Array {
  const at = bytes.byteOffset + from;
  if (isLittleEndian && at % 4 === 0) return new Uint32Array(bytes.buffer, at, count);
  const view = new DataView(bytes.buffer, at, 4 * count);
  return Uint32Array.from({ length: count }, (_, place) => view.getUint32(4 * place, true));
}

function keyAt(list: KeyList, at: number): Marks {
  return { print: list.prints[at] ?? 0, extra: list.extras[at] ?? 0 };
}
