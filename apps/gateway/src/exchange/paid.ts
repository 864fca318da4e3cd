import { type Answer, type Commit, sendAnswer, unknownOutcome, upstreamFailure } from '@farebox/gate';
import { responseFields } from '../http/response-fields.js';
import {
  isStaleConnection,
  judgeFailure,
  judgeStatus,
  type Stage,
  type Verdict,
} from '../upstream/failure.js';
import type { Abort, UpstreamSink } from '../upstream/upstream.js';
import { ClientPipe, endHeld, isBodiless } from './client-pipe.js';
import type { Exchange } from './exchange.js';
import { heldAnswerBytesMax, type PaidParts, paidRequest } from './paid-parts.js';

/**
 * asking      no usable answer yet
 * holding     a 2xx of known, small length: kept until whole, so that a broken answer is never committed
 * deciding    the ledger is at work: nothing may leave
 * streaming   the header section has left
 * over        nothing more is expected of the upstream
 */
type Phase = 'asking' | 'holding' | 'deciding' | 'streaming' | 'over';

/** One paid request. The order is the promise: upstream 2xx, delivery durable, and only then the first byte. */
export class PaidExchange implements Exchange, UpstreamSink {
  place = 0;
  readonly #parts: PaidParts;
  #phase: Phase = 'asking';
  #stage: Stage = 'unsent';
  #abort: Abort | undefined;
  #resume: () => void = () => {};
  #status = 0;
  #fields: string[] = [];
  #length: number | undefined;
  #chunks: Buffer[] = [];
  #pipe: ClientPipe | undefined;
  #retried = false;
  /** The upstream broke off while the ledger was at work. */
  #broken = false;
  /** The delivery is durable; `answered` or `cut` is still owed. */
  #committed = false;
  /** The delivery needs nothing more from us. */
  #settled = false;
  /** The connection is done with, or the client has left. */
  #closed = false;

  constructor(parts: PaidParts) {
    this.#parts = parts;
  }

  start(): void {
    const { response, delivery } = this.#parts;
    if (response.destroyed) {
      // Nothing has been sent, so even a `once` claim can be given back.
      this.#closed = true;
      this.#phase = 'over';
      void delivery.release().then(() => this.#settle());
      return;
    }
    response.once('close', () => this.#onClose());
    this.#send();
  }

  #send(): void {
    this.#abort = this.#parts.route.upstream.send(paidRequest(this.#parts), this);
  }

  stop(): void {
    const { response, delivery } = this.#parts;
    this.#abort?.();
    if (this.#phase === 'asking' || this.#phase === 'holding') {
      this.#phase = 'over';
      // What was never sent was never executed; otherwise the delivery knows what a cut means for its effect.
      if (this.#stage === 'unsent') void delivery.release().then(() => this.#settle());
      else {
        delivery.cut();
        this.#settle();
      }
    }
    response.destroy();
  }

  sending(): void {
    this.#stage = 'sent';
  }

  head(status: number, raw: readonly string[], resume: () => void): boolean {
    const { request, route, delivery } = this.#parts;
    this.#stage = 'answering';
    const verdict = judgeStatus(status, route.effect);
    const read = verdict === undefined ? responseFields(raw, true) : undefined;
    if (verdict !== undefined || read === undefined) {
      this.#abort?.();
      this.#fail(verdict ?? judgeFailure('answering', new Error('unusable header section'), route.effect));
      return true;
    }
    this.#status = status;
    this.#fields = read.fields;
    this.#length = isBodiless(request.method, status) ? 0 : read.length;
    this.#resume = resume;
    if (status < 300) {
      if (this.#length !== undefined && this.#length <= heldAnswerBytesMax) {
        this.#phase = 'holding';
        return true;
      }
      this.#phase = 'deciding';
      this.#commit((commit) => this.#stream(commit));
      return false;
    }
    // The upstream's own refusal or redirection: no receipt, a good credential, said only once it is true.
    this.#phase = 'deciding';
    delivery.release().then((released) => {
      this.#settle();
      if (this.#broken) {
        this.#answer(upstreamFailure('broken', delivery.challengeId));
        return;
      }
      this.#fields.push('Cache-Control', 'no-store');
      if (released) this.#fields.push('Farebox-Payment', 'released');
      this.#begin();
    }, this.#parts.onFault);
    return false;
  }

  data(chunk: Buffer): boolean {
    if (this.#phase === 'holding') {
      this.#chunks.push(chunk);
      return true;
    }
    return this.#pipe?.push(chunk, this.#resume) ?? true;
  }

  end(): void {
    if (this.#phase === 'holding') {
      this.#phase = 'deciding';
      this.#commit((commit) => this.#sendHeld(commit));
      return;
    }
    if (this.#phase === 'streaming') {
      this.#phase = 'over';
      this.#pipe?.end();
    }
  }

  fail(error: Error): void {
    const { route, response } = this.#parts;
    switch (this.#phase) {
      case 'asking':
        if (route.effect !== 'once' && !this.#retried && isStaleConnection(this.#stage, error)) {
          this.#retried = true;
          this.#stage = 'unsent';
          this.#send();
          return;
        }
        break;
      case 'holding':
        break;
      case 'deciding':
        this.#broken = true;
        return;
      case 'streaming':
        // The close that follows says `cut`: the buyer was not served and may ask again.
        response.destroy();
        return;
      case 'over':
        return;
    }
    this.#fail(judgeFailure(this.#stage, error, route.effect));
  }

  /** Nothing was delivered. */
  #fail(verdict: Verdict): void {
    const { delivery } = this.#parts;
    this.#phase = 'over';
    this.#chunks = [];
    if (verdict.payment === 'unknown') {
      delivery.unknown();
      this.#settle();
      this.#answer(unknownOutcome(verdict.failure, delivery.challengeId));
      return;
    }
    delivery.release().then(() => {
      this.#settle();
      this.#answer(upstreamFailure(verdict.failure, delivery.challengeId));
    }, this.#parts.onFault);
  }

  #commit(next: (commit: Commit & { ok: true }) => void): void {
    const { delivery, onFault, response } = this.#parts;
    delivery.commit().then(
      (commit) => {
        if (!commit.ok) {
          this.#abort?.();
          this.#phase = 'over';
          this.#settle();
          this.#answer(commit.answer);
          return;
        }
        this.#committed = true;
        if (this.#closed || response.destroyed) {
          this.#abort?.();
          this.#cut();
          return;
        }
        next(commit);
      },
      (error: unknown) => {
        onFault(error);
        this.#abort?.();
        this.#settle();
        response.destroy();
      },
    );
  }

  #sendHeld(commit: Commit & { ok: true }): void {
    const { response } = this.#parts;
    this.#phase = 'over';
    for (const field of commit.headers) this.#fields.push(field);
    response.writeHead(this.#status, this.#fields);
    endHeld(response, this.#chunks);
    this.#chunks = [];
  }

  #stream(commit: Commit & { ok: true }): void {
    const { delivery, route } = this.#parts;
    if (this.#broken) {
      // Committed and not answered: the credential is owed an answer, and gets it at the next try.
      const { challengeId } = delivery;
      this.#cut();
      this.#answer(
        route.effect === 'once'
          ? unknownOutcome('broken', challengeId)
          : upstreamFailure('broken', challengeId),
      );
      return;
    }
    for (const field of commit.headers) this.#fields.push(field);
    this.#begin();
  }

  /** Sends the header section and lets the body follow. */
  #begin(): void {
    const { response } = this.#parts;
    if (response.destroyed) {
      this.#abort?.();
      return;
    }
    this.#phase = 'streaming';
    response.writeHead(this.#status, this.#fields);
    this.#pipe = new ClientPipe(response, this.#length === 0 ? undefined : this.#length);
    this.#resume();
  }

  #answer(answer: Answer): void {
    sendAnswer(this.#parts.request, this.#parts.response, answer);
  }

  #onClose(): void {
    const { delivery, response, route } = this.#parts;
    this.#closed = true;
    if (this.#committed && !this.#settled) {
      if (response.writableFinished) {
        delivery.answered();
        this.#settle();
      } else {
        this.#abort?.();
        this.#cut();
      }
      return;
    }
    const waiting = this.#phase === 'asking' || this.#phase === 'holding';
    // A `once` upstream is not interrupted: its outcome would be unknown. It finishes, and is committed or released.
    if (waiting && route.effect !== 'once') {
      this.#abort?.();
      this.#phase = 'over';
      delivery.cut();
      this.#settle();
      return;
    }
    if (this.#settled) {
      if (!response.writableFinished) this.#abort?.();
      this.#parts.done();
    }
  }

  #cut(): void {
    this.#phase = 'over';
    this.#parts.delivery.cut();
    this.#settle();
  }

  #settle(): void {
    if (this.#settled) return;
    this.#settled = true;
    if (this.#closed) this.#parts.done();
  }
}
