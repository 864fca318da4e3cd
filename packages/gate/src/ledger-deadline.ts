import { type ClaimRequest, type ClaimResult, type Ledger, LedgerUnavailable } from '@farebox/ledger';

/** How long the gate waits for one answer of its ledger, by default. */
export const ledgerTimeoutMsDefault = 10_000;

/** The verbs that a gate uses. */
export type GateLedger = Pick<
  Ledger,
  'claim' | 'deliver' | 'settle' | 'release' | 'answered' | 'redeliver' | 'find'
>;

/**
 * A ledger that refuses when it does not answer in time: a disk that hangs must not hang the paid requests with it.
 * What was asked may still become durable later. For every verb but `claim` that is harmless: nothing has left, so a
 * delivery that was recorded late is one that was never answered, and the same credential gets it. A late claim is
 * released again, because its upstream was never asked.
 */
export function withDeadline(ledger: Ledger, timeoutMs: number): GateLedger {
  const inTime = <T>(answer: Promise<T>) => orLate(answer, timeoutMs);
  return {
    claim: (request) => claimInTime(ledger, request, timeoutMs),
    deliver: (request) => inTime(ledger.deliver(request)),
    settle: (seq, nowMs) => inTime(ledger.settle(seq, nowMs)),
    release: (request) => inTime(ledger.release(request)),
    answered: (seq, nowMs) => ledger.answered(seq, nowMs),
    redeliver: (seq, redeliveriesMax, nowMs) => inTime(ledger.redeliver(seq, redeliveriesMax, nowMs)),
    find: (challengeId) => inTime(ledger.find(challengeId)),
  };
}

async function claimInTime(ledger: Ledger, request: ClaimRequest, timeoutMs: number): Promise<ClaimResult> {
  const claiming = ledger.claim(request);
  try {
    return await orLate(claiming, timeoutMs);
  } catch (error) {
    claiming.then(
      (late) => (late.ok ? ledger.release(request).catch(() => {}) : undefined),
      () => {},
    );
    throw error;
  }
}

function orLate<T>(answer: Promise<T>, timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new LedgerUnavailable(`The ledger did not answer within ${timeoutMs} ms; look at its disk.`));
    }, timeoutMs);
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
