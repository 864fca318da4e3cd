// Who may do what with a name that somebody has been asked to pay for.

/**
 * free       nobody was asked to pay for it, or their time is over
 * held       its holder may still pay
 * in-flight  a credential was presented, and money may be moving: nobody takes the name away
 */
export const lockStates = ['free', 'held', 'in-flight'] as const;
/** One of {@link lockStates}. */
export type LockState = (typeof lockStates)[number];

/** Who asks: the one that the name is locked for, or somebody else. */
export type LockAsker = 'holder' | 'other';

/** How long a credential that was presented keeps a name, should we have died with it in our hands. */
export const inFlightMsMax = 15 * 60_000;
/** How often a lock is made longer because its holder asks for another challenge. After that it runs out. */
export const lockExtensionsMax = 3;

/** What is stored of a lock, as far as its state depends on it. Milliseconds since the epoch. */
export interface LockTimes {
  readonly untilMs: number;
  /** When a credential was presented last; undefined: none is at work. */
  readonly inFlightMs: number | undefined;
}

/** Where a lock is at a moment. */
export function lockStateAt(lock: LockTimes | undefined, nowMs: number): LockState {
  if (lock === undefined) return 'free';
  if (lock.inFlightMs !== undefined && nowMs < lock.inFlightMs + inFlightMsMax) return 'in-flight';
  return nowMs < lock.untilMs ? 'held' : 'free';
}

/**
 * What an answer is made of. `lock`: may this asker be asked to pay? `reset`: may they clear the lock? Of a lock that is
 * over, what is left may be cleared by anyone who is known.
 */
export const lockRights: Readonly<
  Record<LockState, Readonly<Record<LockAsker, { readonly lock: boolean; readonly reset: boolean }>>>
> = {
  free: { holder: { lock: true, reset: true }, other: { lock: true, reset: true } },
  held: { holder: { lock: true, reset: true }, other: { lock: false, reset: false } },
  'in-flight': { holder: { lock: false, reset: false }, other: { lock: false, reset: false } },
};
