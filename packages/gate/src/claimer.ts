import { type ClaimRequest, type ClaimResult, type Ledger, LedgerUnavailable } from '@farebox/ledger';

/** How long the gate waits for a claim, by default. Shorter than a ledger's own patience. */
export const claimTimeoutMsDefault = 5_000;

/** Claims for `once` routes, before their upstream is asked. */
export interface Claimer {
  /** As `Ledger.claim`, in time or not at all. */
  claim(request: ClaimRequest): Promise<ClaimResult>;
  /** A claim that could not be released, although its upstream did nothing: the next presentation releases it. */
  giveBackLater(challengeId: string): void;
}

/**
 * Makes the claimer of a gate. Every other verb that comes too late, or whose acknowledgement is lost, is harmless: nothing
 * has left, so a delivery recorded behind our back is one that was never answered. A claim recorded behind our back would
 * hold the payment for an upstream that was never asked, for good. So those that failed are remembered, and given back:
 * at once when they come late, and at the next presentation otherwise.
 *
 * That a claim found later is our own failed one, and not one whose upstream was asked, is certain because the ledger is
 * read first: it had none a moment before, this process is its only writer, and uses of one credential do not overlap.
 */
export function createClaimer(ledger: Ledger, timeoutMs: number): Claimer {
  /** Challenge ids whose claim is to be given back: it failed here, or its release did. */
  const owed = new Set<string>();

  function claimInTime(request: ClaimRequest): Promise<ClaimResult> {
    const { challengeId } = request;
    const claiming = ledger.claim(request);
    return new Promise((resolve, reject) => {
      let late = false;
      const fail = (error: unknown) => {
        clearTimeout(timer);
        owed.add(challengeId);
        reject(error);
      };
      const timer = setTimeout(() => {
        late = true;
        fail(new LedgerUnavailable(`The ledger did not answer within ${timeoutMs} ms; look at its disk.`));
      }, timeoutMs);
      claiming.then((result) => {
        clearTimeout(timer);
        owed.delete(challengeId);
        if (!late) resolve(result);
        else if (result.ok) giveBack(request).catch(() => owed.add(challengeId));
      }, fail);
    });
  }

  async function giveBack(request: ClaimRequest): Promise<void> {
    await ledger.release(request);
    owed.delete(request.challengeId);
  }

  return {
    giveBackLater: (challengeId) => void owed.add(challengeId),
    async claim(request) {
      const known = await ledger.find(request.challengeId);
      if (known !== undefined && known.state !== 'released') {
        if (known.state !== 'claimed' || !owed.has(request.challengeId)) {
          return { ok: false, by: 'challenge', claim: known };
        }
        await giveBack(request);
      }
      return claimInTime(request);
    },
  };
}
