// Tables for challenge ids, base64url of a MAC's 32 bytes: random, so their own bits are hash enough, and nobody can
// choose them to collide. JavaScript's own Set would do, but what goes in and out of it at the rate of requests keeps its
// outgrown tables alive until a full garbage collection: a tenth of the CPU of a paid request.

/** The value of each base64url character; 0 for what is none. */
const sixBits = new Uint8Array(128);
for (const [value, character] of [
  ...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_',
].entries()) {
  sixBits[character.charCodeAt(0)] = value;
}

/** Thirty bits of an id, from five of its characters. */
function thirtyBits(id: string, at: number): number {
  let bits = 0;
  for (let i = at; i < at + 5; i++) bits = (bits << 6) | (sixBits[id.charCodeAt(i) & 127] ?? 0);
  return bits;
}

/** A set of the ids at work: exact, and as large as it must be. */
export class IdSet {
  #slots: (string | undefined)[] = new Array(256).fill(undefined);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** False when it is in already. */
  add(id: string): boolean {
    const slot = this.#find(id);
    if (this.#slots[slot] !== undefined) return false;
    this.#slots[slot] = id;
    this.#size++;
    if (this.#size * 2 > this.#slots.length) this.#grow();
    return true;
  }

  delete(id: string): void {
    let gap = this.#find(id);
    if (this.#slots[gap] === undefined) return;
    this.#slots[gap] = undefined;
    this.#size--;
    // What stands behind the gap because of it moves up, so that no search ends early and no mark is left behind.
    const mask = this.#slots.length - 1;
    for (let at = (gap + 1) & mask; ; at = (at + 1) & mask) {
      const other = this.#slots[at];
      if (other === undefined) return;
      const home = thirtyBits(other, 0) & mask;
      if (((at - home) & mask) < ((at - gap) & mask)) continue;
      this.#slots[gap] = other;
      this.#slots[at] = undefined;
      gap = at;
    }
  }

  /** Where the id is, or would be. There is always an empty slot. */
  #find(id: string): number {
    const mask = this.#slots.length - 1;
    let at = thirtyBits(id, 0) & mask;
    for (let other = this.#slots[at]; other !== undefined && other !== id; other = this.#slots[at])
      at = (at + 1) & mask;
    return at;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Array(old.length * 2).fill(undefined);
    for (const id of old) if (id !== undefined) this.#slots[this.#find(id)] = id;
  }
}

/** How many recent ids are remembered. A power of two. */
export const recentIdsMax = 131_072;

/**
 * Ids of the recent past, in half a megabyte: it is looked into at random, and more would not stay in a processor's cache. A
 * newer id takes the place of an older one, so an id may be forgotten; one that was never put in passes for one that was
 * with a chance of 2^-30 at each look.
 */
export class RecentIds {
  readonly #prints = new Uint32Array(recentIdsMax);

  add(id: string): void {
    this.#prints[slotOf(id)] = printOf(id);
  }

  has(id: string): boolean {
    return this.#prints[slotOf(id)] === printOf(id);
  }
}

function slotOf(id: string): number {
  return thirtyBits(id, 0) & (recentIdsMax - 1);
}

/** Never 0, which stands for an empty slot. */
function printOf(id: string): number {
  return thirtyBits(id, 5) + 1;
}
