// Where a name is in its life. The rows are all there is: whoever asks or changes something looks here first.

/**
 * available   nobody's
 * locked      somebody has been asked to pay for it; nobody's yet
 * registered  owned, with more than {@link expiringMs} to go
 * expiring    owned, and within {@link expiringMs} of its end
 * grace       over, and still only its owner's to renew, for {@link graceMs}
 * released    after that: nobody's again; its next life begins as `available`
 */
export const domainStates = ['available', 'locked', 'registered', 'expiring', 'grace', 'released'] as const;
/** One of {@link domainStates}. */
export type DomainState = (typeof domainStates)[number];

/** What happens to a name. `time` is the clock alone. */
export const domainVerbs = ['lock', 'unlock', 'register', 'renew', 'time'] as const;
/** One of {@link domainVerbs}. */
export type DomainVerb = (typeof domainVerbs)[number];

const dayMs = 86_400_000;
/** How long before its end a name counts as expiring. */
export const expiringMs = 30 * dayMs;
/** How long after its end a name is still its owner's to renew. */
export const graceMs = 40 * dayMs;

/** Every step there is: from, verb, to. What is not listed does not happen. */
export const domainSteps: readonly (readonly [DomainState, DomainVerb, DomainState])[] = [
  ['available', 'lock', 'locked'],
  ['available', 'register', 'registered'],
  ['locked', 'lock', 'locked'],
  ['locked', 'unlock', 'available'],
  ['locked', 'register', 'registered'],
  ['locked', 'time', 'available'],
  ['registered', 'renew', 'registered'],
  ['registered', 'time', 'expiring'],
  ['expiring', 'renew', 'registered'],
  ['expiring', 'time', 'grace'],
  ['grace', 'renew', 'registered'],
  ['grace', 'time', 'released'],
  ['released', 'lock', 'locked'],
  ['released', 'register', 'registered'],
];

/** What a verb does in a state; undefined: it does not happen there. */
export function domainStep(from: DomainState, verb: DomainVerb): DomainState | undefined {
  return domainSteps.find(([state, each]) => state === from && each === verb)?.[2];
}

/** Where an owned name is at a moment. Times are milliseconds since the epoch. */
export function domainStateAt(
  expiresMs: number,
  nowMs: number,
): 'registered' | 'expiring' | 'grace' | 'released' {
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
