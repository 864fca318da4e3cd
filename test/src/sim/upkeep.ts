import { LedgerMisuse, type SweepTerms } from '@farebox/ledger';
import { expectThat, type Facts } from './facts.js';
import { isOnce, type Purchase } from './shop.js';
import { doneWith, type Row } from './store.js';

// What is done to a ledger beside its traffic: housekeeping, and the hands of a person.

/** A credit of a simulated shop expires so long after it was last touched. */
export const creditWindowMs = 600_000;
/** Answers are kept for so long. */
export const replayWindowMs = 1_200_000;
/** An answer that was cut off counts as answered so long after it last changed. */
export const retentionMs = 1_800_000;

/** What a gateway's housekeeping asks for. */
export function sweepTermsAt(nowMs: number): SweepTerms {
  return { nowMs, redemptionWindowMs: creditWindowMs, replayWindowMs, retentionMs, rowsMax: 1_000 };
}

/**
 * Invariant 3: housekeeping gives up what is nobody's any more, and nothing else. The words of `SweepTerms` once more,
 * and not the table: `before` and `after` are the disk around one sweep.
 */
export function checkSwept(
  facts: Facts,
  before: readonly Row[],
  after: readonly Row[],
  terms: SweepTerms,
): void {
  for (const [at, row] of before.entries()) {
    const now = after[at]?.state;
    const id = row.request.challengeId.slice(0, 6);
    const answerLeft = row.answer !== undefined && after[at]?.answer === undefined;
    expectThat(
      facts,
      !answerLeft || (now !== undefined && doneWith.has(now)),
      3,
      `${id} is ${now}, and its answer was swept`,
    );
    if (now === row.state) continue;
    const untouchedMs = terms.nowMs - row.updatedMs;
    const credit = row.state === 'released' && now === 'expired' && untouchedMs > creditWindowMs;
    const cut =
      (row.state === 'cut' || row.state === 'delivered') &&
      now === 'answered' &&
      untouchedMs > retentionMs &&
      row.request.expiresMs < terms.nowMs;
    expectThat(
      facts,
      credit || cut,
      3,
      `${id} was ${row.state} for ${untouchedMs} ms, and was swept to ${now}`,
    );
  }
}

/** Who resolves and pays back: a holder of its own, beside the gateways. */
export class Person {
  readonly #facts: Facts;
  readonly #holder: number;

  constructor(facts: Facts) {
    this.#facts = facts;
    this.#holder = facts.store.openHolder();
  }

  /** Pays a buyer back, unless somebody works on the claim. */
  refund(purchase: Purchase): string {
    return this.#do('refund', purchase);
  }

  /**
   * Says what a `once` upstream did, as the upstream says it. Whoever cannot know yet, because it may be at work still, says
   * nothing.
   */
  resolve(purchase: Purchase, isQuiet: boolean): string {
    const id = purchase.challenge?.id ?? '';
    if (!isOnce(purchase.route)) return 'nothing to resolve';
    if ((this.#facts.executions.get(id) ?? 0) > 0) return this.#do('resolve-delivered', purchase);
    if (this.#facts.upstreamAsked.has(id) && !isQuiet) return 'not known yet';
    return this.#do('resolve-released', purchase);
  }

  #do(verb: 'refund' | 'resolve-released' | 'resolve-delivered', purchase: Purchase): string {
    const { store, clock, presentations } = this.#facts;
    const row = store.ofChallenge(purchase.challenge?.id ?? '');
    if (row === undefined) return 'no claim';
    try {
      store.advance(verb, row.seq, this.#holder, clock.nowMs);
      for (const use of presentations) if (use.open && use.purchase === purchase) use.movedByHand = true;
      return `${verb}: ${row.state} → ${store.rows[row.seq - 1]?.state}`;
    } catch (error) {
      if (error instanceof LedgerMisuse) return `${verb} refused: ${row.state}`;
      throw error;
    }
  }
}
