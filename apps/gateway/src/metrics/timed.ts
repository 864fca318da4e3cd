import type { Ledger } from '@farebox/ledger';
import type { SellerMethod, Verification } from '@farebox/protocol';
import type { ProofCounts } from './meter.js';
import type { Stages } from './stages.js';

/**
 * A payment method whose quotes and verdicts are timed, and whose verdicts are counted. A verdict that needs nobody's
 * answer stays without a promise.
 */
export function timedMethod(method: SellerMethod, stages: Stages, counts: ProofCounts): SellerMethod {
  const judged = (sinceMs: number, verdict: Verification): Verification => {
    stages.verify.since(sinceMs);
    if (verdict.ok) counts.accepted += 1;
    else counts.refused += 1;
    return verdict;
  };
  return {
    // Methods are plain objects; whatever else one says of itself stays.
    ...method,
    quote(offer, context) {
      const sinceMs = performance.now();
      return method.quote(offer, context).finally(() => stages.quote.since(sinceMs));
    },
    verify(challenge, payload, context) {
      const sinceMs = performance.now();
      const verdict = method.verify(challenge, payload, context);
      if (!(verdict instanceof Promise)) return judged(sinceMs, verdict);
      return verdict.then(
        (one) => judged(sinceMs, one),
        (error: unknown) => {
          stages.verify.since(sinceMs);
          counts.unavailable += 1;
          throw error;
        },
      );
    },
  };
}

/** A ledger whose claims (of `once` routes) and deliveries are timed. */
export function timedLedger(ledger: Ledger, stages: Stages): Ledger {
  return {
    claim(request, askAgain) {
      const sinceMs = performance.now();
      return ledger.claim(request, askAgain).finally(() => stages.claim.since(sinceMs));
    },
    deliver(request, answer) {
      const sinceMs = performance.now();
      return ledger.deliver(request, answer).finally(() => stages.commit.since(sinceMs));
    },
    settle(seq, nowMs, answer) {
      const sinceMs = performance.now();
      return ledger.settle(seq, nowMs, answer).finally(() => stages.commit.since(sinceMs));
    },
    release: (request) => ledger.release(request),
    unknown: (seq, nowMs) => ledger.unknown(seq, nowMs),
    abandon: (challengeId, nowMs) => ledger.abandon(challengeId, nowMs),
    answered: (seq, nowMs) => ledger.answered(seq, nowMs),
    cut: (seq, nowMs, byUpstream) => ledger.cut(seq, nowMs, byUpstream),
    redeliver: (seq, most, nowMs) => ledger.redeliver(seq, most, nowMs),
    find: (challengeId, key) => ledger.find(challengeId, key),
    answer: (seq) => ledger.answer(seq),
    resolve: (seq, outcome, nowMs) => ledger.resolve(seq, outcome, nowMs),
    refund: (seq, nowMs) => ledger.refund(seq, nowMs),
    sweep: (terms) => ledger.sweep(terms),
    totals: () => ledger.totals(),
    close: () => ledger.close(),
  };
}
