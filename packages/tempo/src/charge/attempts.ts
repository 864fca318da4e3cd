import { MethodUnavailable } from '@farebox/protocol';
import type { Hex } from '../chain/hex.js';
import { refusePayment, type TempoVerification } from './refusal.js';

/** Most challenges whose transaction is remembered. The chain remembers all of them; this only saves asking. */
export const attemptsMax = 20_000;

interface Attempt {
  readonly hash: Hex;
  /** After it, milliseconds since the epoch, the transaction cannot be mined any more. */
  readonly endMs: number;
  /** When it may be forgotten. */
  readonly keepUntilMs: number;
  running: Promise<TempoVerification> | undefined;
  settled: TempoVerification | undefined;
}

/** One transaction to be settled for one challenge. */
export interface AttemptRequest {
  readonly challengeId: string;
  /** The name of what was presented. */
  readonly hash: Hex;
  /** After it, milliseconds since the epoch, the transaction cannot be mined any more. */
  readonly endMs: number;
  /** When its challenge ends. */
  readonly expiresMs: number;
  readonly nowMs: number;
}

/** Settles a transaction. `begunBefore`: in this process, and without a known outcome. */
export type Work = (begunBefore: boolean) => Promise<TempoVerification>;

/** Which transaction was presented for which challenge, in this process. */
export interface Attempts {
  /**
   * Does the work once for each transaction, however many present it at once, and gives all the same result.
   *
   * A second transaction for the same challenge is refused without doing anything while the first may still be mined,
   * and after it was: it would be paid for nothing, since a challenge buys one answer. The work's promise rejects when
   * the outcome is not known; then the transaction stays the challenge's own, and the next work is told that it was
   * begun before.
   */
  run(request: AttemptRequest, work: Work): Promise<TempoVerification>;
}

/** Makes an empty book. */
export function createAttempts(max = attemptsMax): Attempts {
  const attempts = new Map<string, Attempt>();

  /** Drops what is over, oldest first, and then whatever is oldest and not at work. */
  function makeRoom(nowMs: number): void {
    for (const [challengeId, attempt] of attempts) {
      if (attempts.size < max && nowMs < attempt.keepUntilMs) return;
      if (attempt.running === undefined) attempts.delete(challengeId);
    }
    if (attempts.size >= max) {
      throw new MethodUnavailable(
        'Too many Tempo payments are being settled; present the same credential again',
      );
    }
  }

  async function conclude(challengeId: string, attempt: Attempt, work: Work, begunBefore: boolean) {
    try {
      const verification = await work(begunBefore);
      if (verification.ok) attempt.settled = verification;
      // Refused for good: nothing stands in the way of another transaction.
      else attempts.delete(challengeId);
      return verification;
    } finally {
      attempt.running = undefined;
    }
  }

  return {
    run(request, work) {
      const { challengeId, hash, endMs, expiresMs, nowMs } = request;
      const known = attempts.get(challengeId);
      if (known?.hash === hash) {
        if (known.running !== undefined) return known.running;
        if (known.settled !== undefined) return Promise.resolve(known.settled);
        known.running = conclude(challengeId, known, work, true);
        return known.running;
      }
      const refusal = known && refuseOther(known, nowMs);
      if (refusal !== undefined) return Promise.resolve(refusal);
      attempts.delete(challengeId);
      makeRoom(nowMs);
      const keepUntilMs = Math.max(endMs, expiresMs);
      const attempt: Attempt = { hash, endMs, keepUntilMs, running: undefined, settled: undefined };
      attempts.set(challengeId, attempt);
      attempt.running = conclude(challengeId, attempt, work, false);
      return attempt.running;
    },
  };
}

/** Why a challenge's second transaction is not sent; undefined when the first cannot be mined any more. */
function refuseOther(first: Attempt, nowMs: number): TempoVerification | undefined {
  if (first.settled !== undefined) {
    return refusePayment(
      'challenge-settled',
      'The challenge was paid by another transaction already, and this one was not sent; present that one',
    );
  }
  if (first.running === undefined && nowMs >= first.endMs) return undefined;
  return refusePayment(
    'challenge-in-flight',
    'Another transaction for this challenge may still be mined, and this one was not sent; present that one again',
  );
}
