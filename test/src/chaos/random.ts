/** Random numbers that a seed repeats. For plans of tests only: predictable by design. */
export interface Random {
  /** From 0 up to, but not including, 1. */
  fraction(): number;
  /** A whole number from 0 up to, but not including, `below`. */
  below(below: number): number;
  pick<T>(from: readonly [T, ...T[]]): T;
}

/** Numbers from a seed (mulberry32). */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const fraction = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (limit: number): number => Math.floor(fraction() * limit);
  return { fraction, below, pick: (from) => from[below(from.length)] ?? from[0] };
}

/** The seed in an environment variable, or a fresh one. Print it: it is what repeats a failure. */
export function seedOf(variable: string): number {
  const given = Number(process.env[variable]);
  const seed = Number.isSafeInteger(given) && given > 0 ? given : Math.floor(Math.random() * 0xffffffff);
  process.stderr.write(`${variable}=${seed}\n`);
  return seed;
}

/** A positive whole number in an environment variable, or a default. */
export function countOf(variable: string, otherwise: number): number {
  const given = Number(process.env[variable]);
  return Number.isSafeInteger(given) && given > 0 ? given : otherwise;
}
