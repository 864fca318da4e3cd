import type { AllowanceTerms } from './allowance.js';

/** One thing that counts against an allowance: something set aside, or what was spent in a part of the window. */
export interface Item {
  readonly name: string;
  readonly amount: bigint;
  /** The last moment that it is about, milliseconds since the epoch: it counts for a window longer. */
  readonly atMs: number;
}

/** What a verb decided: the answer, and what is to be written. */
export interface Step<T> {
  readonly answer: T;
  readonly put?: Item;
  readonly remove?: string;
}

/** In how many parts what was spent is added up: it is forgotten a part too late, never too early. */
const windowParts = 64;
const aside = 'aside ';
const spent = 'spent ';

/** Items older than this count for nobody, by the clock of whoever is furthest ahead. */
export function forgottenBefore({ windowMs }: AllowanceTerms, nowMs: number): number {
  // Twice the window: a gateway whose clock is ahead must not remove what still counts for another one.
  return nowMs - 2 * windowMs;
}

/** What counts now. */
export function countedSum(items: readonly Item[], { windowMs }: AllowanceTerms, nowMs: number): bigint {
  return items.reduce((sum, { atMs, amount }) => (atMs > nowMs - windowMs ? sum + amount : sum), 0n);
}

/** Decides whether something may be set aside. */
export function decideReserve(
  items: readonly Item[],
  terms: AllowanceTerms,
  name: string,
  worst: bigint,
  nowMs: number,
): Step<boolean> {
  const stored = aside + name;
  const known = items.find((item) => item.name === stored);
  if (known !== undefined && known.atMs > nowMs - terms.windowMs) return { answer: true };
  if (countedSum(items, terms, nowMs) + worst > terms.amount) return { answer: false };
  return { answer: true, put: { name: stored, amount: worst, atMs: nowMs } };
}

/** Decides what is written once a cost is known. */
export function decideConclude(
  items: readonly Item[],
  { windowMs }: AllowanceTerms,
  name: string,
  cost: bigint,
  nowMs: number,
): Step<undefined> {
  const remove = aside + name;
  if (cost === 0n) return { answer: undefined, remove };
  const partMs = Math.max(1, Math.ceil(windowMs / windowParts));
  const endMs = (Math.floor(nowMs / partMs) + 1) * partMs - 1;
  const part = spent + endMs;
  const before = items.find((item) => item.name === part)?.amount ?? 0n;
  return { answer: undefined, remove, put: { name: part, amount: before + cost, atMs: endMs } };
}

/** What is left, never below zero. */
export function leftOf(items: readonly Item[], terms: AllowanceTerms, nowMs: number): bigint {
  const left = terms.amount - countedSum(items, terms, nowMs);
  return left > 0n ? left : 0n;
}
