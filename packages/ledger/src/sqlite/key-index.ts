/** How many parts the index has; one grows at a time, so that no pause is long. A power of two. */
const partCount = 256;
const partBits = 24;
const firstSlotCount = 64;
/** A slot that was taken back. */
const dead = 0xffffffff;

interface Part {
  /** Two numbers a slot, print and seq, side by side because a search that misses the cache shall miss it once. */
  slots: Uint32Array;
  /** Slots that are not empty: live and dead. */
  used: number;
  live: number;
}

/** Keys to be entered at once; all three lists are of one length. */
export interface KeyList {
  readonly prints: Uint32Array;
  /** The next bits of each key. */
  readonly extras: Uint8Array;
  /** The claims, or undefined when they are `first`, `first + 1`, and so on. */
  readonly seqs: Uint32Array | undefined;
  readonly first: number;
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
    this.#slot = print & (slotCountOf(this.#part) - 1);
    return this.#propose();
  }

  /** The next one after {@link first} or {@link next}; 0 when there is no more. */
  next(): number {
    this.#slot = (this.#slot + 1) & (slotCountOf(this.#part) - 1);
    return this.#propose();
  }

  /** Enters a row. */
  add(print: number, seq: number): void {
    const where = this.#partOf(print);
    if (isFull(where.used + 1, slotCountOf(where))) regrow(where);
    put(where, print, seq);
  }

  /** Takes back what {@link add} entered. */
  remove(print: number, seq: number): void {
    const { slots } = this.#partOf(print);
    const mask = slots.length / 2 - 1;
    for (let slot = print & mask; slots[2 * slot + 1] !== 0; slot = (slot + 1) & mask) {
      if (slots[2 * slot + 1] !== seq || slots[2 * slot] !== print) continue;
      slots[2 * slot + 1] = dead;
      this.#partOf(print).live--;
      return;
    }
  }

  /**
   * Enters all keys of a ledger that is being opened, into an index that is still empty: sorted by part first, so that
   * each part is filled while it is in the processor's cache, and is made as large as it must be at once.
   *
   * @param alike is told of every two rows whose keys agree in print and extra bits
   */
  load(lists: readonly KeyList[], alike: (seq: number, other: number) => void): void {
    const ends = countParts(lists);
    const total = ends.at(-1) ?? 0;
    const sorted = { slots: new Uint32Array(total * 2), extras: new Uint8Array(total) };
    sortByPart(lists, ends, sorted);
    // sortByPart() has moved each end down to its part's start.
    for (let at = 0; at < partCount; at++) {
      const start = ends[at] ?? 0;
      const end = ends[at + 1] ?? total;
      this.#parts[at] = filled(
        sorted.slots.subarray(start * 2, end * 2),
        sorted.extras.subarray(start, end),
        alike,
      );
    }
  }

  #partOf(print: number): Part {
    const where = this.#parts[print >>> partBits];
    if (where === undefined) throw new RangeError('a print has 32 bits');
    return where;
  }

  #propose(): number {
    const { slots } = this.#part;
    const mask = slots.length / 2 - 1;
    for (let slot = this.#slot; ; slot = (slot + 1) & mask) {
      const seq = slots[2 * slot + 1] ?? 0;
      if (seq === 0) return 0;
      if (slots[2 * slot] !== this.#print || seq === dead) continue;
      this.#slot = slot;
      return seq;
    }
  }
}

function part(slotCount: number): Part {
  return { slots: new Uint32Array(slotCount * 2), used: 0, live: 0 };
}

function slotCountOf({ slots }: Part): number {
  return slots.length / 2;
}

// A table without an empty slot would never end a search: a quarter of them stay empty.
function isFull(used: number, slotCount: number): boolean {
  return used * 4 > slotCount * 3;
}

function put(where: Part, print: number, seq: number): void {
  const { slots } = where;
  const mask = slots.length / 2 - 1;
  let slot = print & mask;
  while (slots[2 * slot + 1] !== 0) slot = (slot + 1) & mask;
  slots[2 * slot] = print;
  slots[2 * slot + 1] = seq;
  where.used++;
  where.live++;
}

// Dead entries are dropped on the way; the table only grows if the living need it.
function regrow(where: Part): void {
  const { slots } = where;
  const slotCount = slots.length / 2;
  const next = part(where.live * 8 > slotCount * 3 ? slotCount * 2 : slotCount);
  for (let at = 0; at < slots.length; at += 2) {
    const seq = slots[at + 1] ?? 0;
    if (seq !== 0 && seq !== dead) put(next, slots[at] ?? 0, seq);
  }
  Object.assign(where, next);
}

// Where each part ends, were the keys sorted by it; as many numbers as parts, and the last one is how many keys there are.
function countParts(lists: readonly KeyList[]): Uint32Array {
  const ends = new Uint32Array(partCount);
  for (const { prints } of lists) {
    for (let at = 0; at < prints.length; at++) {
      const to = (prints[at] ?? 0) >>> partBits;
      ends[to] = (ends[to] ?? 0) + 1;
    }
  }
  for (let at = 1; at < partCount; at++) ends[at] = (ends[at] ?? 0) + (ends[at - 1] ?? 0);
  return ends;
}

// Fills every part from its end down, last key first, so that within a part they are in their order.
function sortByPart(
  lists: readonly KeyList[],
  ends: Uint32Array,
  sorted: { readonly slots: Uint32Array; readonly extras: Uint8Array },
): void {
  const { slots, extras } = sorted;
  for (let list = lists.length - 1; list >= 0; list--) {
    const from = lists[list];
    if (from === undefined) continue;
    const { prints, seqs, first } = from;
    for (let at = prints.length - 1; at >= 0; at--) {
      const print = prints[at] ?? 0;
      const end = (ends[print >>> partBits] ?? 0) - 1;
      ends[print >>> partBits] = end;
      slots[2 * end] = print;
      slots[2 * end + 1] = seqs === undefined ? first + at : (seqs[at] ?? 0);
      extras[end] = from.extras[at] ?? 0;
    }
  }
}

function filled(keys: Uint32Array, extras: Uint8Array, alike: (seq: number, other: number) => void): Part {
  const count = extras.length;
  let slotCount = firstSlotCount;
  // Room for a tenth more, so that a busy ledger does not begin with making room.
  while (isFull(count * 1.1, slotCount)) slotCount *= 2;
  const made = part(slotCount);
  const { slots } = made;
  const slotExtras = new Uint8Array(slotCount);
  const mask = slotCount - 1;
  for (let at = 0; at < count; at++) {
    const print = keys[2 * at] ?? 0;
    const seq = keys[2 * at + 1] ?? 0;
    const extra = extras[at] ?? 0;
    let slot = print & mask;
    for (;;) {
      const other = slots[2 * slot + 1] ?? 0;
      if (other === 0) break;
      if (slots[2 * slot] === print && slotExtras[slot] === extra) alike(seq, other);
      slot = (slot + 1) & mask;
    }
    slots[2 * slot] = print;
    slots[2 * slot + 1] = seq;
    slotExtras[slot] = extra;
  }
  made.used = count;
  made.live = count;
  return made;
}
