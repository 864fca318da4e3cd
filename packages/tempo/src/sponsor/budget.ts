import type { Hex } from '../chain/hex.js';

/** How much a fee payer may spend in all. */
export interface BudgetLimits {
  /** Base units of the fee token. */
  readonly amount: bigint;
  /** Over which time, milliseconds: within any stretch of this length, no more is spent. */
  readonly windowMs: number;
}

/**
 * What a fee payer has spent lately, and what it may come to spend. {@link createSponsorBudget} keeps it in this process's
 * memory; one that outlives the process, or is shared, is given by whoever makes the seller. Where it rejects, nothing
 * is sponsored.
 */
export interface SponsorBudget {
  /**
   * Sets the worst fee of a transaction aside; false when the budget does not allow it. Setting it aside again for the
   * same transaction is free: it can cost once only.
   */
  reserve(hash: Hex, worst: bigint, nowMs: number): boolean | Promise<boolean>;
  /** Tells what a transaction really cost: zero when it was not mined. Not to be called while that is not known. */
  conclude(hash: Hex, fee: bigint, nowMs: number): void | Promise<void>;
  /** What is left now, base units. */
  remaining(nowMs: number): bigint | Promise<bigint>;
}

/** In how many parts the window slides: what was spent is forgotten a part too late, never too early. */
const windowParts = 64;

/** A budget in memory: it answers at once. */
export interface MemoryBudget extends SponsorBudget {
  reserve(hash: Hex, worst: bigint, nowMs: number): boolean;
  conclude(hash: Hex, fee: bigint, nowMs: number): void;
  remaining(nowMs: number): bigint;
}

/** Makes an unspent budget. */
export function createSponsorBudget(limits: BudgetLimits): MemoryBudget {
  const partMs = Math.max(1, Math.ceil(limits.windowMs / windowParts));
  /** Spent, by part of time; and set aside, by transaction. */
  const spent = new Map<number, bigint>();
  const reserved = new Map<Hex, { readonly amount: bigint; readonly part: number }>();

  function total(nowMs: number): bigint {
    const oldest = Math.floor((nowMs - limits.windowMs) / partMs);
    let sum = 0n;
    for (const [part, amount] of spent) {
      if (part < oldest) spent.delete(part);
      else sum += amount;
    }
    for (const [hash, { amount, part }] of reserved) {
      if (part < oldest) reserved.delete(hash);
      else sum += amount;
    }
    return sum;
  }

  return {
    reserve(hash, worst, nowMs) {
      if (reserved.has(hash)) return true;
      if (total(nowMs) + worst > limits.amount) return false;
      reserved.set(hash, { amount: worst, part: Math.floor(nowMs / partMs) });
      return true;
    },
    conclude(hash, fee, nowMs) {
      reserved.delete(hash);
      if (fee === 0n) return;
      const part = Math.floor(nowMs / partMs);
      spent.set(part, (spent.get(part) ?? 0n) + fee);
    },
    remaining(nowMs) {
      const left = limits.amount - total(nowMs);
      return left > 0n ? left : 0n;
    },
  };
}
