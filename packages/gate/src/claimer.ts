import { type ClaimRequest, type ClaimResult, type Ledger, LedgerUnavailable } from '@farebox/ledger';
import type { Owed } from './owed.js';

/** How long the gate waits for a claim, by default. Shorter than a ledger's own patience. */
export const claimTimeoutMsDefault = 5_000;

/** Claims for `once` routes, before their upstream is asked: as `Ledger.claim`, in time or not at all. */
export type Claimer = (request: ClaimRequest, askAgain: boolean) => Promise<ClaimResult>;

/**
 * Makes the claimer of a gate. A claim recorded behind our back, because it came late or its acknowledgement was lost,
 * would hold the payment for an upstream that was never asked; so every claim that failed here is owed an `abandon`. The
 * ledger takes verbs in their order, so that can only come after the claim.
 */
export function createClaimer(ledger: Ledger, owed: Owed, now: () => number, timeoutMs: number): Claimer {
  return function claimInTime(request, askAgain) {
    const { challengeId } = request;
    return new Promise((resolve, reject) => {
      let over = false;
      const end = (conclude: () => void) => {
        if (over) return;
        over = true;
        clearTimeout(timer);
        conclude();
      };
      const fail = (error: unknown) =>
        end(() => {
          owed.owe(challengeId, async () => {
            await ledger.abandon(challengeId, now());
            // It was never recorded, and the challenge may have expired by now: a credit does not.
            if ((await ledger.find(challengeId)) === undefined)
              await ledger.release({ ...request, nowMs: now() });
          });
          reject(error);
        });
      const timer = setTimeout(
        () =>
          fail(new LedgerUnavailable(`The ledger did not answer within ${timeoutMs} ms; look at its disk.`)),
        timeoutMs,
      );
      ledger.claim(request, askAgain).then((result) => end(() => resolve(result)), fail);
    });
  };
}
