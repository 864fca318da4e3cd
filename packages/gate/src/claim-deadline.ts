import { type ClaimRequest, type ClaimResult, type Ledger, LedgerUnavailable } from '@farebox/ledger';

/** How long the gate waits for a claim, by default. Shorter than a ledger's own patience. */
export const claimTimeoutMsDefault = 5_000;

/**
 * Claims in time or not at all. Every other verb that comes too late is harmless, because nothing has left: a delivery
 * recorded late is one that was never answered. A claim that comes late would hold the payment for an upstream that was
 * never asked, so it is released again.
 */
export function claimInTime(ledger: Ledger, request: ClaimRequest, timeoutMs: number): Promise<ClaimResult> {
  const claiming = ledger.claim(request);
  return new Promise((resolve, reject) => {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      reject(new LedgerUnavailable(`The ledger did not answer within ${timeoutMs} ms; look at its disk.`));
    }, timeoutMs);
    claiming.then((result) => {
      clearTimeout(timer);
      if (!late) resolve(result);
      else if (result.ok) ledger.release(request).catch(() => {});
    }, reject);
  });
}
