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

/** Default for the clients that a budget remembers at a time; about 150 bytes each. */
export const budgetClientsMaxDefault = 65_536;

/** What is kept of the global burst for quiet clients, and refilled before anybody else gets anything. */
export const reservedShare = 0.25;

/** A client is quiet when it has taken nothing for so long, or nothing that it has not paid. */
export const quietMsMin = 10_000;

/** What a budget says: granted, or by whose limit not, and after how many milliseconds it is worth asking again. */
export type Grant =
  | { readonly ok: true }
  | { readonly ok: false; readonly by: 'client' | 'global'; readonly waitMs: number };

/**
 * Counts the challenges that were issued and not paid, per client and all together, so that a flood of requests that
 * nobody pays costs the payment node no more than this (design: "paid request"). A challenge that is paid is given back,
 * so a client that pays is held up only while it has a burst of them open at once.
 *
 * The client's limit is looked at first: who is over their own takes nothing from the others. Those who keep taking
 * leave a share of the global limit to those who come new or pay: a few clients at their limits, who together ask for all
 * that there is, do not shut the others out.
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

  /** How long until one can be taken that leaves `kept`; 0 or less: now. `fullMs` is within bounds. */
  waitMs(fullMs: number, nowMs: number, kept = 0): number {
    return fullMs + this.#everyMs * (1 + kept) - this.#depthMs - nowMs;
  }

  taken(fullMs: number): number {
    return fullMs + this.#everyMs;
  }

  given(fullMs: number): number {
    return fullMs - this.#everyMs;
  }
}

/** What is remembered of a client. */
interface Standing {
  /** When its bucket is full again. */
  readonly fullMs: number;
  /** When it is quiet again. */
  readonly quietFromMs: number;
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
  const reserved = Math.floor(options.global.burst * reservedShare);
  /** Clients in the order in which they asked last. */
  const known = new Map<string, Standing>();
  let globalFullMs = Number.NEGATIVE_INFINITY;

  let takes = 0;

  function remember(client: string, standing: Standing): void {
    known.delete(client);
    known.set(client, standing);
    if (known.size > clientsMax) forget(Math.ceil(clientsMax / 64), Number.POSITIVE_INFINITY);
  }

  /**
   * Forgets the oldest whose bucket is full, and who are quiet, by `untilMs`; many at a time, because a Map looks through its gaps to find the
   * first. At the bound somebody is forgotten who still owes: they get a fresh burst, within the global limit.
   */
  function forget(count: number, untilMs: number): void {
    let left = count;
    for (const [client, { fullMs, quietFromMs }] of known) {
      if (Math.max(fullMs, quietFromMs) > untilMs || left-- === 0) return;
      known.delete(client);
    }
  }

  return {
    get clients() {
      return known.size;
    },
    take(client, nowMs) {
      if (++takes % 64 === 0) forget(256, nowMs);
      globalFullMs = globalMeter.within(globalFullMs, nowMs);
      const standing = client === undefined ? undefined : known.get(client);
      const fullMs = meter.within(standing?.fullMs ?? nowMs, nowMs);
      // A clock that was set back must not make anybody loud for as long as it was set back.
      const quietFromMs = Math.min(standing?.quietFromMs ?? nowMs, nowMs + quietMsMin);
      if (client !== undefined) {
        const waitMs = meter.waitMs(fullMs, nowMs);
        if (waitMs > 0) {
          remember(client, { fullMs, quietFromMs });
          return { ok: false, by: 'client', waitMs };
        }
      }
      const globalWaitMs = globalMeter.waitMs(globalFullMs, nowMs, quietFromMs > nowMs ? reserved : 0);
      if (globalWaitMs > 0) return { ok: false, by: 'global', waitMs: globalWaitMs };
      globalFullMs = globalMeter.taken(globalFullMs);
      if (client !== undefined)
        remember(client, { fullMs: meter.taken(fullMs), quietFromMs: nowMs + quietMsMin });
      return granted;
    },
    giveBack(client, nowMs) {
      globalFullMs = globalMeter.given(globalFullMs);
      const standing = client === undefined ? undefined : known.get(client);
      if (client === undefined || standing === undefined) return;
      const fullMs = meter.given(standing.fullMs);
      // Who pays is no flood, whatever else they have open.
      if (fullMs <= nowMs) known.delete(client);
      else known.set(client, { fullMs, quietFromMs: nowMs });
    },
  };
}
