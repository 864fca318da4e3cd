import type { ClaimResult, Taken } from '@farebox/ledger';
import { serializeReceipt } from '@farebox/protocol';
import { type Answer, ledgerUnavailable } from './answer.js';
import { claimRequest } from './claim-request.js';
import type { GateContext } from './context.js';
import type { Passage } from './refusal.js';
import type { Proven } from './verify.js';

/** What {@link Delivery.commit} says. */
export type Commit =
  | {
      readonly ok: true;
      /** Flat list of `Payment-Receipt` and `Cache-Control: private`; they replace the upstream's. */
      readonly headers: string[];
    }
  | { readonly ok: false; readonly answer: Answer };

/**
 * One paid request between its admission and its last byte. Exactly one of `commit`, `release`, `unknown` or `cut`
 * ends the first half; after a good `commit`, `answered` or `cut` ends the second.
 */
export interface Delivery {
  readonly challengeId: string;
  /**
   * The upstream said 2xx. Makes the delivery durable; only after it resolves with `ok` may the first byte leave.
   * Never rejects for a ledger that fails: that becomes an answer which keeps the credential good.
   */
  commit(): Promise<Commit>;
  /**
   * The upstream failed or answered otherwise: the payment becomes a credit. False when that could not be recorded;
   * the credential then works again until its challenge expires. Never rejects.
   */
  release(): Promise<boolean>;
  /** A `once` upstream was asked and its outcome is not known: the claim stays held, nothing is repeated. */
  unknown(): void;
  /** The committed answer has left completely: the credential is used up. */
  answered(): void;
  /** The connection was lost before the answer had left completely. */
  cut(): void;
}

/**
 * What the ledger has of a request before its upstream is asked.
 *
 * nothing  it comes with the delivery
 * claim    the durable claim of a `once` route
 * replay   a delivery whose answer had left, allowed once more by its `Idempotency-Key`
 */
export type Held =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'claim'; readonly seq: number }
  | { readonly kind: 'replay'; readonly seq: number; readonly createdMs: number };

/** What a delivery is made of. */
export interface DeliveryParts {
  readonly gate: GateContext;
  readonly passage: Passage;
  readonly proven: Proven;
  readonly held: Held;
  readonly usedAnswer: () => Promise<Answer>;
}

/** Makes the delivery of an admitted request. */
export function createDelivery(parts: DeliveryParts): Delivery {
  return new PaidDelivery(parts);
}

class PaidDelivery implements Delivery {
  readonly #parts: DeliveryParts;
  #phase: 'working' | 'deciding' | 'committed' | 'over' = 'working';
  #seq = 0;
  /** The connection went while the ledger was deciding. */
  #lost = false;

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
  }

  get challengeId(): string {
    return this.#parts.proven.challenge.id;
  }

  commit(): Promise<Commit> {
    if (this.#phase !== 'working')
      throw new Error(`A delivery is committed once; this one is ${this.#phase}.`);
    this.#phase = 'deciding';
    const { gate, held, passage, proven } = this.#parts;
    const nowMs = gate.now();
    // A replay was made durable when it was allowed.
    if (held.kind === 'replay') return Promise.resolve(this.#delivered(held.seq, held.createdMs, 'replayed'));
    const decided =
      held.kind === 'nothing'
        ? gate.ledger
            .deliver(claimRequest(passage, proven, nowMs))
            .then((result) => this.#decided(result, nowMs))
        : gate.ledger.settle(held.seq, nowMs).then(() => this.#delivered(held.seq, nowMs, 'first'));
    // Fail closed. Whether or not the commit reached the disk, no byte of the answer has left: the same credential
    // works again, because a delivered claim that was never answered may be delivered again.
    return decided.catch((error: unknown) => {
      this.#ledgerFailed(error);
      this.#end();
      return { ok: false, answer: ledgerUnavailable(this.challengeId) };
    });
  }

  #decided(result: ClaimResult, nowMs: number): Commit | Promise<Commit> {
    if (result.ok) return this.#delivered(result.seq, nowMs, 'first');
    return this.#taken(result, nowMs);
  }

  /**
   * Somebody was here before. An answer that never left completely may be given again, a bounded number of times: the
   * buyer who lost the connection has not been served, and a buyer who cuts it on purpose gains no more than the bound.
   * One that has left is given again to the client that knows its key, within the same bound. Otherwise it is used.
   */
  async #taken(taken: Taken, nowMs: number): Promise<Commit> {
    const { gate, passage, usedAnswer } = this.#parts;
    const { seq, state, answered, createdMs } = taken.claim;
    const { idempotencyKey } = passage.request;
    if (taken.by === 'challenge' && state === 'delivered') {
      const again = await gate.ledger.redeliver(seq, gate.redeliveriesMax, nowMs, idempotencyKey);
      if (again) return this.#delivered(seq, createdMs, answered ? 'replayed' : 'again');
    }
    gate.inFlight.answered(this.challengeId);
    this.#end();
    return { ok: false, answer: await usedAnswer() };
  }

  /** The delivery is durable under `seq`: from here on its receipt exists. */
  #delivered(seq: number, timestampMs: number, turn: 'first' | 'again' | 'replayed'): Commit {
    this.#seq = seq;
    this.#phase = 'committed';
    if (this.#lost) this.#end();
    const { gate, passage, proven } = this.#parts;
    const { reference, paid, receiptFields } = proven.settlement;
    const { challengeId } = this;
    const again = turn !== 'first';
    gate.onEvent({ kind: 'delivered', route: passage.terms.route, challengeId, reference, paid, again });
    // The members in the order of JCS, which spares sorting them.
    const core = {
      challengeId,
      method: proven.challenge.method,
      reference,
      status: 'success',
      timestamp: isoTime(timestampMs),
    } as const;
    const receipt = serializeReceipt(receiptFields === undefined ? core : { ...receiptFields, ...core });
    const headers = ['Payment-Receipt', receipt, 'Cache-Control', 'private'];
    if (turn === 'replayed') headers.push('Idempotent-Replayed', 'true');
    return { ok: true, headers };
  }

  async release(): Promise<boolean> {
    if (this.#phase !== 'working') return false;
    this.#phase = 'deciding';
    let released = false;
    const { gate, held, passage, proven } = this.#parts;
    try {
      const result = await gate.ledger.release(claimRequest(passage, proven, gate.now()));
      // Not ok: it was delivered or expired before. Then there is nothing to give back.
      released = result.ok;
      if (released)
        gate.onEvent({ kind: 'released', route: passage.terms.route, challengeId: this.challengeId });
    } catch (error) {
      if (held.kind === 'claim') gate.claimer.giveBackLater(this.challengeId);
      this.#ledgerFailed(error);
    }
    this.#end();
    return released;
  }

  unknown(): void {
    if (this.#phase !== 'working') return;
    const { gate, passage } = this.#parts;
    gate.onEvent({ kind: 'unknown', route: passage.terms.route, challengeId: this.challengeId });
    this.#end();
  }

  answered(): void {
    if (this.#phase !== 'committed') return;
    const { gate } = this.#parts;
    gate.inFlight.answered(this.challengeId);
    gate.ledger.answered(this.#seq, gate.now()).catch((error: unknown) => this.#ledgerFailed(error));
    this.#end();
  }

  cut(): void {
    this.#lost = true;
    if (this.#phase === 'committed') this.#end();
    else if (this.#parts.passage.terms.effect === 'once') this.unknown();
    else void this.release();
  }

  #ledgerFailed(error: unknown): void {
    this.#parts.gate.onEvent({ kind: 'ledger-unavailable', route: this.#parts.passage.terms.route, error });
  }

  #end(): void {
    this.#phase = 'over';
    this.#parts.gate.inFlight.leave(this.challengeId);
  }
}

let isoMs = Number.NaN;
let isoText = '';

/** RFC 3339. Many answers share a millisecond, and the text is dear. */
function isoTime(ms: number): string {
  if (ms !== isoMs) {
    isoText = new Date(ms).toISOString();
    isoMs = ms;
  }
  return isoText;
}
