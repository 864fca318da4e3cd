import type { Address } from '../chain/hex.js';

/** Most payers whose reverts are remembered; the oldest is forgotten first. */
export const cooldownsMax = 50_000;

/** What is known of those whose fees are paid: who has cost money for nothing, and what is on its way. */
export interface SponsoredPayers {
  /** Until when, milliseconds since the epoch, this payer is not sponsored; undefined when it is. */
  restingUntil(payer: Address, nowMs: number): number | undefined;
  /** A transaction of this payer was mined and reverted: the fee was paid for nothing. */
  reverted(payer: Address, nowMs: number): void;
  /** What this payer's transactions that are on their way come to, base units of the token. */
  inFlight(payer: Address, token: Address): bigint;
  /** Counts an amount as on its way; call what is returned when it no longer is. */
  enter(payer: Address, token: Address, amount: bigint): () => void;
}

/** Makes an empty record. `restMs`: how long a payer rests after a revert. */
export function createSponsoredPayers(restMs: number): SponsoredPayers {
  const resting = new Map<Address, number>();
  const onTheWay = new Map<string, bigint>();
  return {
    restingUntil(payer, nowMs) {
      const untilMs = resting.get(payer);
      if (untilMs === undefined || nowMs < untilMs) return untilMs;
      resting.delete(payer);
      return undefined;
    },
    reverted(payer, nowMs) {
      resting.delete(payer);
      const oldest = resting.size >= cooldownsMax ? resting.keys().next().value : undefined;
      if (oldest !== undefined) resting.delete(oldest);
      resting.set(payer, nowMs + restMs);
    },
    inFlight: (payer, token) => onTheWay.get(`${payer}/${token}`) ?? 0n,
    enter(payer, token, amount) {
      const name = `${payer}/${token}`;
      onTheWay.set(name, (onTheWay.get(name) ?? 0n) + amount);
      return () => {
        const left = (onTheWay.get(name) ?? 0n) - amount;
        if (left > 0n) onTheWay.set(name, left);
        else onTheWay.delete(name);
      };
    },
  };
}
