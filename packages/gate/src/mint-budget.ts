/** How much of something may be had: so many a second, and so many at once after a pause. */
export interface Rate {
  /** More than 0; may be a fraction: 0.1 is one in ten seconds. */
  readonly perSecond: number;
  /** At least 1. */
  readonly burst: number;
}

/** What unpaid challenges may cost. */
export interface MintBudgetOptions {
  /** For each client. */
  readonly client: Rate;
  /** For all clients together. */
  readonly global: Rate;
  /** Clients that are remembered at a time. Default {@link budgetClientsMaxDefault}. */
  readonly clientsMax?: number;
}

/** Default for the clients that a budget remembers at a time; about 100 bytes each. */
export const budgetClientsMaxDefault = 65_536;

/** What a budget says: granted, or by whose limit not, and after how many milliseconds it is worth asking again. */
export type Grant =
  | { readonly ok: true }
  | { readonly ok: false; readonly by: 'client' | 'global'; readonly waitMs: number };

/**
 * Counts the challenges that were issued and not paid, per client and all together, so that a flood of requests that
 * nobody pays costs the payment node no more than this (design: "paid request"). A challenge that is paid is given back,
 * so a client that pays is held up only while it has a burst of them open at once.
 *
 * The client's limit is looked at first: who is over their own takes nothing from the others.
 */
export interface MintBudget {
  /**
   * Takes one challenge.
   * @param client who asks: an address, bounded by the caller; undefined counts against the global limit only
   */
  take(client: string | undefined, nowMs: number): Grant;
  /** Gives one back, because it was paid. Call it once for one payment. */
  giveBack(client: string | undefined, nowMs: number): void;
  /** Clients that are remembered now. */
  readonly clients: number;
}

const granted: Grant = { ok: true };

/** What adding up fractions of milliseconds since 1970 may be off by. */
const roundingMs = 0.1;

/**
 * A token bucket in one number, the generic cell rate algorithm: the time at which the bucket would be full again. A
 * bucket that is full is the same as none, so whoever has been quiet can be forgotten without a difference.
 */
class Meter {
  readonly #everyMs: number;
  readonly #depthMs: number;

  constructor({ perSecond, burst }: Rate) {
    if (!(perSecond > 0) || !(burst >= 1)) {
      throw new TypeError('A rate needs a perSecond above 0 and a burst of at least 1.');
    }
    this.#everyMs = 1_000 / perSecond;
    this.#depthMs = this.#everyMs * burst + roundingMs;
  }

  /** Never emptier than empty: a clock that was set back must not lock anybody out for as long as it was set back. */
  within(fullMs: number, nowMs: number): number {
    return Math.min(Math.max(fullMs, nowMs), nowMs + this.#depthMs);
  }

  /** How long until one can be taken; 0 or less: now. `fullMs` is within bounds. */
  waitMs(fullMs: number, nowMs: number): number {
    return fullMs + this.#everyMs - this.#depthMs - nowMs;
  }

  taken(fullMs: number): number {
    return fullMs + this.#everyMs;
  }

  given(fullMs: number): number {
    return fullMs - this.#everyMs;
  }
}

/**
 * Makes a {@link MintBudget}. Throws a TypeError for a rate that never grants anything.
 *
 * @example
 * ```ts
 * import { createMintBudget } from '@farebox/gate';
 * const budget = createMintBudget({ client: { perSecond: 10, burst: 100 }, global: { perSecond: 100, burst: 500 } });
 * const grant = budget.take('192.0.2.7', Date.now());
 * if (!grant.ok) console.log(`wait ${grant.waitMs} ms`);
 * ```
 */
export function createMintBudget(options: MintBudgetOptions): MintBudget {
  const { clientsMax = budgetClientsMaxDefault } = options;
  const meter = new Meter(options.client);
  const globalMeter = new Meter(options.global);
  /** When each client's bucket is full again, in the order in which they asked last. */
  const full = new Map<string, number>();
  let globalFullMs = Number.NEGATIVE_INFINITY;

  let takes = 0;

  function remember(client: string, fullMs: number): void {
    full.delete(client);
    full.set(client, fullMs);
    if (full.size > clientsMax) forget(Math.ceil(clientsMax / 64), Number.POSITIVE_INFINITY);
  }

  /**
   * Forgets the oldest whose bucket is full by `untilMs`; many at a time, because a Map looks through its gaps to find the
   * first. At the bound somebody is forgotten who still owes: they get a fresh burst, within the global limit.
   */
  function forget(count: number, untilMs: number): void {
    let left = count;
    for (const [client, fullMs] of full) {
      if (fullMs > untilMs || left-- === 0) return;
      full.delete(client);
    }
  }

  return {
    get clients() {
      return full.size;
    },
    take(client, nowMs) {
      if (++takes % 64 === 0) forget(256, nowMs);
      globalFullMs = globalMeter.within(globalFullMs, nowMs);
      const fullMs = meter.within((client === undefined ? undefined : full.get(client)) ?? nowMs, nowMs);
      if (client !== undefined) {
        const waitMs = meter.waitMs(fullMs, nowMs);
        if (waitMs > 0) {
          remember(client, fullMs);
          return { ok: false, by: 'client', waitMs };
        }
      }
      const globalWaitMs = globalMeter.waitMs(globalFullMs, nowMs);
      if (globalWaitMs > 0) return { ok: false, by: 'global', waitMs: globalWaitMs };
      globalFullMs = globalMeter.taken(globalFullMs);
      if (client !== undefined) remember(client, meter.taken(fullMs));
      return granted;
    },
    giveBack(client, nowMs) {
      globalFullMs = globalMeter.given(globalFullMs);
      const fullMs = client === undefined ? undefined : full.get(client);
      if (client === undefined || fullMs === undefined) return;
      const given = meter.given(fullMs);
      if (given <= nowMs) full.delete(client);
      else full.set(client, given);
    },
  };
}
