import { answerOutOfBounds, type ClaimResult, type StoredAnswer, type Taken } from '@farebox/ledger';
import type { Settlement } from '@farebox/protocol';
import { type Answer, attemptsExhausted, inProgress, ledgerUnavailable, outcomeUnknown } from './answer.js';
import { claimRequest } from './claim-request.js';
import type { GateContext } from './context.js';
import type { Commit, Delivery } from './delivery.js';
import { oweSettlement } from './owe-settlement.js';
import { type End, endOf } from './payment-end.js';
import { receiptFields } from './receipt-fields.js';
import { redeliver } from './redeliver.js';
import type { Passage } from './refusal.js';
import type { Proven } from './verify.js';

/**
 * What the ledger has of a request before its upstream is asked.
 *
 * nothing  it comes with the delivery
 * claim    the durable claim of a `once` route
 * replay   a delivery that was allowed once more: from the upstream, or from where its answer is kept; `reading`: the kept
 *          answer is only read, which counts nothing
 */
export type Held =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'claim'; readonly seq: number }
  | {
      readonly kind: 'replay';
      readonly seq: number;
      readonly createdMs: number;
      readonly from: 'upstream' | 'kept' | 'reading';
    };

/** Statuses that say that nothing was served, and 402, which is the gate's alone: never charged for. */
const notServed: ReadonlySet<number> = new Set([402, 502, 503, 504]);

/** What a delivery is made of. */
export interface DeliveryParts {
  readonly gate: GateContext;
  readonly passage: Passage;
  readonly proven: Proven;
  readonly held: Held;
  readonly endAnswer: (end: End) => Promise<Answer>;
}

/** Makes the delivery of an admitted request. */
export function createDelivery(parts: DeliveryParts): Delivery {
  return new PaidDelivery(parts);
}

class PaidDelivery implements Delivery {
  readonly #parts: DeliveryParts;
  #phase: 'working' | 'deciding' | 'committed' | 'over' = 'working';
  #seq = 0;
  #status = 200;
  /** The connection went while the ledger was deciding. */
  #lost = false;

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
  }

  get challengeId(): string {
    return this.#parts.proven.challenge.id;
  }

  get settlement(): Settlement {
    return this.#parts.proven.settlement;
  }

  get keepsAnswer(): boolean {
    const { passage, held } = this.#parts;
    if (held.kind === 'replay') return false;
    return passage.terms.effect !== 'safe' || passage.request.idempotencyKey !== undefined;
  }

  get mustFinish(): boolean {
    return this.#parts.held.kind === 'claim';
  }

  charges(status: number): boolean {
    if (status >= 200 && status < 300) return true;
    return this.#parts.passage.terms.chargeOn === 'any-response' && status >= 300 && !notServed.has(status);
  }

  commit(status = 200, answer?: StoredAnswer): Promise<Commit> {
    if (this.#phase !== 'working')
      throw new Error(`A delivery is committed once; this one is ${this.#phase}.`);
    this.#phase = 'deciding';
    this.#status = status;
    const { gate, held, passage, proven } = this.#parts;
    const nowMs = gate.now();
    // A replay was made durable when it was allowed.
    if (held.kind === 'replay') {
      const turn = held.from === 'upstream' ? 'again' : 'replayed';
      return Promise.resolve(this.#delivered(held.seq, held.createdMs, turn));
    }
    // One that the ledger would not keep is delivered all the same.
    const kept = answer === undefined || answerOutOfBounds(answer) !== undefined ? undefined : answer;
    if (held.kind === 'claim')
      return gate.ledger
        .settle(held.seq, nowMs, kept)
        .then(() => this.#delivered(held.seq, nowMs, 'first'))
        .catch((error: unknown) => this.#failed(error, kept));
    // One promise with both outcomes, not one for each: what waits for a commit is copied by the collector.
    return gate.ledger.deliver(claimRequest(passage, proven, nowMs), kept).then(
      (result) => this.#decided(result, nowMs),
      (error: unknown) => this.#failed(error, kept),
    );
  }

  #decided(result: ClaimResult, nowMs: number): Commit | Promise<Commit> {
    if (!result.ok) return this.#taken(result).catch((error: unknown) => this.#failed(error, undefined));
    try {
      return this.#delivered(result.seq, nowMs, 'first');
    } catch (error) {
      return this.#failed(error, undefined);
    }
  }

  /**
   * Fail closed. Whether or not the commit reached the disk, no byte of the answer has left: the same credential works
   * again, because a delivered claim that was never answered may be delivered again.
   */
  #failed(error: unknown, kept: StoredAnswer | undefined): Commit {
    const { gate, held } = this.#parts;
    this.#ledgerFailed(error);
    if (held.kind === 'claim') oweSettlement(gate, this.challengeId, held.seq, kept);
    else this.#oweCredit();
    return this.#refused(ledgerUnavailable(this.challengeId));
  }

  /**
   * Somebody was here before. An answer that never left completely may be given again, a bounded number of times: the
   * buyer who lost the connection has not been served, and a buyer who cuts it on purpose gains no more than the bound.
   */
  async #taken(taken: Taken): Promise<Commit> {
    // Whoever comes again and again shall not reach the upstream each time.
    this.#parts.gate.inFlight.note(this.challengeId);
    const { gate, endAnswer } = this.#parts;
    const { seq, state, hold, createdMs, attempts, keyMatches, answerKept } = taken.claim;
    const ours = taken.by === 'challenge';
    if (ours && (state === 'delivered' || state === 'cut')) {
      if (attempts >= gate.attemptsMax) return this.#refused(attemptsExhausted(this.challengeId));
      const again = await redeliver(gate, this.challengeId, seq);
      if (again === 'allowed') return this.#delivered(seq, createdMs, 'again');
      if (again === 'busy') return this.#refused(inProgress(this.challengeId));
    }
    // Another gateway has answered meanwhile, and kept it: whoever knows the key has it for asking again.
    if (ours && state === 'answered' && keyMatches && answerKept)
      return this.#refused(inProgress(this.challengeId));
    // A route that was `once` when it was claimed.
    if (ours && state === 'claimed' && hold === 'theirs') return this.#refused(inProgress(this.challengeId));
    if (ours && (state === 'claimed' || state === 'unknown'))
      return this.#refused(outcomeUnknown(this.challengeId));
    gate.inFlight.note(this.challengeId);
    const end = ours ? endOf(taken.claim) : undefined;
    return this.#refused(await endAnswer(end === undefined || end === 'elsewhere' ? 'used' : end));
  }

  #refused(answer: Answer): Commit {
    this.#end();
    return { ok: false, answer };
  }

  /** The delivery is durable under `seq`: from here on its receipt exists. */
  #delivered(seq: number, timestampMs: number, turn: 'first' | 'again' | 'replayed'): Commit {
    this.#seq = seq;
    this.#phase = 'committed';
    if (this.#lost) this.cut();
    const { gate, passage, proven } = this.#parts;
    const { reference, paid } = proven.settlement;
    const { challengeId } = this;
    const again = turn !== 'first';
    if (!again) gate.mintBudget?.giveBack(passage.request.client, gate.now());
    gate.onEvent({ kind: 'delivered', route: passage.terms.route, challengeId, reference, paid, again });
    const good = this.#status >= 200 && this.#status < 300;
    const headers = good
      ? receiptFields(proven, timestampMs)
      : ['Farebox-Payment', 'charged', 'Cache-Control', 'no-store'];
    if (turn === 'replayed') headers.push('Idempotent-Replayed', 'true');
    return { ok: true, headers };
  }

  async release(): Promise<boolean> {
    if (this.#phase !== 'working') return false;
    this.#phase = 'deciding';
    const { gate, held, passage, proven } = this.#parts;
    // An answer that was allowed once more and failed here: it was not the client that lost it.
    if (held.kind === 'replay') {
      this.#cutReplay(held.seq, true);
      return false;
    }
    let released = false;
    try {
      const result = await gate.ledger.release(claimRequest(passage, proven, gate.now()));
      // Not ok: it was delivered or expired before. Then there is nothing to give back.
      released = result.ok;
      if (released)
        gate.onEvent({ kind: 'released', route: passage.terms.route, challengeId: this.challengeId });
    } catch (error) {
      if (held.kind === 'claim') this.#mark(() => gate.ledger.abandon(this.challengeId, gate.now()));
      else this.#oweCredit();
      this.#ledgerFailed(error);
    }
    gate.inFlight.note(this.challengeId);
    this.#end();
    return released;
  }

  unknown(): void {
    if (this.#phase !== 'working') return;
    const { gate, held, passage } = this.#parts;
    gate.onEvent({ kind: 'unknown', route: passage.terms.route, challengeId: this.challengeId });
    if (held.kind === 'claim') this.#mark(() => gate.ledger.unknown(held.seq, gate.now()));
    this.#end();
  }

  answered(): void {
    if (this.#phase !== 'committed') return;
    const { gate } = this.#parts;
    const seq = this.#seq;
    gate.inFlight.note(this.challengeId);
    if (!this.#isReading) this.#mark(() => gate.ledger.answered(seq, gate.now()));
    this.#end();
  }

  cut(byUpstream = false): void {
    this.#lost = true;
    if (this.#phase === 'committed') {
      this.#markCut(byUpstream);
      this.#end();
    } else if (this.#phase === 'working') {
      const { held } = this.#parts;
      if (held.kind === 'claim') this.unknown();
      else if (held.kind === 'replay') this.#cutReplay(held.seq, byUpstream);
      else void this.release();
    }
  }

  #cutReplay(seq: number, byUpstream: boolean): void {
    this.#seq = seq;
    this.#markCut(byUpstream);
    this.#end();
  }

  get #isReading(): boolean {
    const { held } = this.#parts;
    return held.kind === 'replay' && held.from === 'reading';
  }

  #markCut(byUpstream: boolean): void {
    const { gate } = this.#parts;
    const seq = this.#seq;
    gate.inFlight.note(this.challengeId);
    if (!this.#isReading) this.#mark(() => gate.ledger.cut(seq, gate.now(), byUpstream));
  }

  /** Gives the ledger a mark that nobody waits for. What it does not take now is owed. */
  #mark(mark: () => Promise<void>): void {
    mark().catch((error: unknown) => {
      this.#parts.gate.inFlight.owed.owe(this.challengeId, mark);
      this.#ledgerFailed(error);
    });
  }

  /**
   * A verb failed, and may have been recorded all the same. The payment is known to be good, and this process does nothing
   * for the challenge now: it is to be found again as a credit, or as a delivery that was cut.
   */
  #oweCredit(): void {
    const { gate, passage, proven } = this.#parts;
    const { challengeId } = this;
    const { owed } = gate.inFlight;
    // Whatever is owed already knows better: it is about a claim that was made.
    if (owed.has(challengeId)) return;
    owed.owe(challengeId, async () => {
      await gate.ledger.abandon(challengeId, gate.now());
      await gate.ledger.release(claimRequest(passage, proven, gate.now()));
    });
  }

  #ledgerFailed(error: unknown): void {
    this.#parts.gate.inFlight.health.failed();
    this.#parts.gate.onEvent({ kind: 'ledger-unavailable', route: this.#parts.passage.terms.route, error });
  }

  #end(): void {
    this.#phase = 'over';
    this.#parts.gate.inFlight.leave(this.challengeId);
  }
}
