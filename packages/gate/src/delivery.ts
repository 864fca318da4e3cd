import type { Claim, ClaimRequest } from '@farebox/ledger';
import { problem, serializeReceipt } from '@farebox/protocol';
import { type Answer, problemAnswer, retryLater } from './answer.js';
import type { GateContext } from './context.js';
import type { Terms } from './terms.js';
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

/** What a delivery is made of. */
export interface DeliveryParts {
  readonly gate: GateContext;
  readonly claim: ClaimRequest;
  /** The durable claim's place in the ledger, on `once` routes. */
  readonly held: number | undefined;
  readonly proven: Proven;
  readonly terms: Terms;
  readonly usedAnswer: () => Promise<Answer>;
}

/** Makes the delivery of an admitted request. */
export function createDelivery(parts: DeliveryParts): Delivery {
  return new PaidDelivery(parts);
}

/** The delivery is durable under `seq`; its receipt says `timestampMs`. */
interface Durable {
  readonly seq: number;
  readonly timestampMs: number;
  readonly again: boolean;
}

class PaidDelivery implements Delivery {
  readonly challengeId: string;
  readonly #parts: DeliveryParts;
  #phase: 'working' | 'deciding' | 'committed' | 'over' = 'working';
  #seq = 0;
  /** The connection went while the ledger was deciding. */
  #lost = false;

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
    this.challengeId = parts.claim.challengeId;
  }

  async commit(): Promise<Commit> {
    if (this.#phase !== 'working')
      throw new Error(`A delivery is committed once; this one is ${this.#phase}.`);
    this.#phase = 'deciding';
    const { gate, claim, usedAnswer } = this.#parts;
    try {
      const durable = await this.#makeDurable(gate.now());
      if (durable === undefined) {
        gate.inFlight.answered(claim.challengeId);
        this.#end();
        return { ok: false, answer: await usedAnswer() };
      }
      this.#seq = durable.seq;
      this.#phase = 'committed';
      if (this.#lost) this.#end();
      return { ok: true, headers: this.#receipt(durable) };
    } catch (error) {
      // Fail closed. Whether or not the commit reached the disk, no byte of the answer has left: the same credential
      // works again, because a delivered claim that was never answered may be delivered again.
      this.#ledgerFailed(error);
      this.#end();
      return { ok: false, answer: ledgerUnavailable(claim.challengeId) };
    }
  }

  /** Settles the held claim, or claims and delivers in one commit. Undefined: the credential is used. */
  async #makeDurable(nowMs: number): Promise<Durable | undefined> {
    const { gate, claim, held } = this.#parts;
    if (held !== undefined) {
      await gate.ledger.settle(held, nowMs);
      return { seq: held, timestampMs: nowMs, again: false };
    }
    const result = await gate.ledger.deliver({ ...claim, nowMs });
    if (result.ok) return { seq: result.seq, timestampMs: nowMs, again: false };
    if (result.by === 'reference' || !(await this.#mayDeliverAgain(result.claim, nowMs))) return undefined;
    return { seq: result.claim.seq, timestampMs: result.claim.createdMs, again: true };
  }

  /**
   * An answer that never left completely may be given again, a bounded number of times: the buyer who lost the
   * connection has not been served, and a buyer who cuts it on purpose gains no more than the bound.
   */
  async #mayDeliverAgain(claim: Claim, nowMs: number): Promise<boolean> {
    if (claim.state !== 'delivered' || claim.answered) return false;
    return this.#parts.gate.ledger.redeliver(claim.seq, this.#parts.gate.redeliveriesMax, nowMs);
  }

  #receipt(durable: Durable): string[] {
    const { gate, proven, terms } = this.#parts;
    const { challenge, settlement } = proven;
    const { reference, paid } = settlement;
    const { again } = durable;
    gate.onEvent({
      kind: 'delivered',
      route: terms.route,
      challengeId: this.challengeId,
      reference,
      paid,
      again,
    });
    const receipt = serializeReceipt({
      ...settlement.receiptFields,
      challengeId: this.challengeId,
      method: challenge.method,
      reference,
      status: 'success',
      timestamp: new Date(durable.timestampMs).toISOString(),
    });
    return ['Payment-Receipt', receipt, 'Cache-Control', 'private'];
  }

  async release(): Promise<boolean> {
    if (this.#phase !== 'working') return false;
    this.#phase = 'deciding';
    let released = false;
    const { gate, claim, terms } = this.#parts;
    try {
      const result = await gate.ledger.release({ ...claim, nowMs: gate.now() });
      // Not ok: it was delivered or expired before. Then there is nothing to give back.
      released = result.ok;
      if (released) gate.onEvent({ kind: 'released', route: terms.route, challengeId: this.challengeId });
    } catch (error) {
      this.#ledgerFailed(error);
    }
    this.#end();
    return released;
  }

  unknown(): void {
    if (this.#phase !== 'working') return;
    const { gate, terms } = this.#parts;
    gate.onEvent({ kind: 'unknown', route: terms.route, challengeId: this.challengeId });
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
    else if (this.#parts.terms.effect === 'once') this.unknown();
    else void this.release();
  }

  #ledgerFailed(error: unknown): void {
    this.#parts.gate.onEvent({ kind: 'ledger-unavailable', route: this.#parts.terms.route, error });
  }

  #end(): void {
    this.#phase = 'over';
    this.#parts.gate.inFlight.leave(this.challengeId);
  }
}

/** The ledger did not answer: nothing is served, nothing is used up. */
export function ledgerUnavailable(challengeId: string): Answer {
  return retryLater(
    problem('payment-service-unavailable', {
      detail: 'The payment could not be recorded, so nothing was delivered. Send the same credential again.',
      retry: 'same-credential',
      challengeId,
    }),
  );
}

/** The answer to a second use of a credential while the first is at work. */
export function inProgress(challengeId: string): Answer {
  return problemAnswer(problem('in-progress', { challengeId }), ['Retry-After', '1']);
}

/** The answer when a `once` upstream was asked and nobody knows what it did. */
export function outcomeUnknown(challengeId: string): Answer {
  return problemAnswer(problem('outcome-unknown', { challengeId }));
}
