// Where a name is in its life. The rows are all there is: whoever asks or changes something looks here first.

const dayMs = 86_400_000;
/** How long before its end a name counts as expiring. */
export const expiringMs = 30 * dayMs;
/** How long after its end a name is still its owner's to renew. */
export const graceMs = 40 * dayMs;

/**
 * registered  owned, with more than {@link expiringMs} to go
 * expiring    owned, and within {@link expiringMs} of its end
 * grace       over, and still only its owner's to renew, for {@link graceMs}
 * released    after that: nobody's again
 *
 * Before that a name is nobody's: available, or locked while somebody is asked to pay for it (`lock-life.ts`).
 */
export type OwnedState = 'registered' | 'expiring' | 'grace' | 'released';

/** Where an owned name is at a moment. Times are milliseconds since the epoch. */
export function domainStateAt(expiresMs: number, nowMs: number): OwnedState {
  if (nowMs < expiresMs - expiringMs) return 'registered';
  if (nowMs < expiresMs) return 'expiring';
  return nowMs < expiresMs + graceMs ? 'grace' : 'released';
}

/** Longest term that can be had ahead, in years. */
export const yearsMax = 10;

/**
 * So many calendar years later, UTC. The 29th of February becomes the 28th where the year has none.
 * Milliseconds since the epoch.
 */
export function yearsLater(ms: number, years: number): number {
  const from = new Date(ms);
  const to = new Date(ms);
  to.setUTCFullYear(from.getUTCFullYear() + years);
  if (to.getUTCMonth() !== from.getUTCMonth()) to.setUTCDate(0);
  return to.getTime();
}
