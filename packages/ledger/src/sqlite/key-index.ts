/** How many parts the index has; one grows at a time, so that no pause is long. A power of two. */
const partCount = 256;
const partBits = 24;
const firstSlotCount = 64;
/** A slot that was taken back after a failed transaction. */
const dead = 0xffffffff;

interface Part {
  prints: Uint32Array;
  seqs: Uint32Array;
  /** Slots that are not empty: live and dead. */
  used: number;
  live: number;
}

/**
 * Which claims may have a key: a table in memory from the key's 32-bit print to `seq`, 8 bytes a slot.
 *
 * It only ever proposes: several keys may share a print, and entries of failed transactions or of rows that have left
 * may linger. The caller reads the proposed row and compares the whole key. What matters is the other direction: a
 * key that is on disk is always proposed, because every row is entered when the file is opened, before the first claim,
 * and when it is inserted, before the next one.
 *
 * Keys are MAC outputs and hashes, so their first 32 bits are print enough and nobody can choose them to collide
 * without paying for every one.
 */
export class KeyIndex {
  readonly #parts: Part[] = Array.from({ length: partCount }, () => part(firstSlotCount));
  // Where the last proposal was, for next(). The index is used by one thread, one look-up at a time.
  #part: Part = part(1);
  #print = 0;
  #slot = 0;

  /** The first `seq` that may have this print; 0 when there is none. */
  first(print: number): number {
    this.#part = this.#partOf(print);
    this.#print = print;
    this.#slot = print & (this.#part.seqs.length - 1);
    return this.#propose();
  }

  /** The next one after {@link first} or {@link next}; 0 when there is no more. */
  next(): number {
    this.#slot = (this.#slot + 1) & (this.#part.seqs.length - 1);
    return this.#propose();
  }

  /** Enters a row. */
  add(print: number, seq: number): void {
    const where = this.#partOf(print);
    if ((where.used + 1) * 5 > where.seqs.length * 3) regrow(where);
    put(where, print, seq);
  }

  /** Takes back what {@link add} entered, after a rollback. */
  remove(print: number, seq: number): void {
    const where = this.#partOf(print);
    const mask = where.seqs.length - 1;
    for (let slot = print & mask; where.seqs[slot] !== 0; slot = (slot + 1) & mask) {
      if (where.seqs[slot] !== seq || where.prints[slot] !== print) continue;
      where.seqs[slot] = dead;
      where.live--;
      return;
    }
  }

  #partOf(print: number): Part {
    const where = this.#parts[print >>> partBits];
    if (where === undefined) throw new RangeError('a print has 32 bits');
    return where;
  }

  #propose(): number {
    const { prints, seqs } = this.#part;
    const mask = seqs.length - 1;
    for (let slot = this.#slot; ; slot = (slot + 1) & mask) {
      const seq = seqs[slot] ?? 0;
      if (seq === 0) return 0;
      if (prints[slot] !== this.#print || seq === dead) continue;
      this.#slot = slot;
      return seq;
    }
  }
}

function part(slotCount: number): Part {
  return { prints: new Uint32Array(slotCount), seqs: new Uint32Array(slotCount), used: 0, live: 0 };
}

// A table without an empty slot would never end a search: regrow() keeps two fifths of them empty.
function put(where: Part, print: number, seq: number): void {
  const mask = where.seqs.length - 1;
  let slot = print & mask;
  while (where.seqs[slot] !== 0) slot = (slot + 1) & mask;
  where.seqs[slot] = seq;
  where.prints[slot] = print;
  where.used++;
  where.live++;
}

// Dead entries are dropped on the way; the table only grows if the living need it.
function regrow(where: Part): void {
  const { prints, seqs } = where;
  const next = part(where.live * 10 > seqs.length * 3 ? seqs.length * 2 : seqs.length);
  seqs.forEach((seq, slot) => {
    if (seq !== 0 && seq !== dead) put(next, prints[slot] ?? 0, seq);
  });
  Object.assign(where, next);
}
