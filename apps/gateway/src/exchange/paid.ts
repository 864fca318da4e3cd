import {
  type Answer,
  answerToKeep,
  type Commit,
  sendAnswer,
  unknownOutcome,
  upstreamFailure,
} from '@farebox/gate';
import type { StoredAnswer } from '@farebox/ledger';
import { isStaleConnection, judgeFailure, type Stage, type Verdict } from '../upstream/failure.js';
import type { Abort, UpstreamSink } from '../upstream/upstream.js';
import { ClientPipe, endHeld, NO_RESUME } from './client-pipe.js';
import type { Exchange } from './exchange.js';
import { readHead } from './head.js';
import { type HeldAnswer, holdAnswer } from './held-answer.js';
import { type PaidParts, paidRequest } from './paid-parts.js';
import type { PaidPhase } from './paid-phase.js';

/** One paid request. The order is the promise: upstream 2xx, delivery durable, and only then the first byte. */
export class PaidExchange implements Exchange, UpstreamSink {
  place = 0;
  readonly #parts: PaidParts;
  #phase: PaidPhase = 'asking';
  #stage: Stage = 'unsent';
  #abort: Abort | undefined;
  #resume: () => void = NO_RESUME;
  #sentMs = 0;
  #status = 0;
  #fields: string[] = [];
  #length: number | undefined;
  #held: HeldAnswer | undefined;
  #pipe: ClientPipe | undefined;
  #retried = false;
  #broken = false; // the upstream broke off while the ledger was at work
  #committed = false; // the delivery is durable; `answered` or `cut` is still owed
  #settled = false; // the delivery needs nothing more from us
  #closed = false; // the connection is done with, or the client has left
  #whole = false; // the upstream's answer is held to its end: it leaves in one piece

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
    // Not `once`, whose wrapper costs more than looking whether this was heard before.
    response.on('close', () => this.#onClose());
    this.#send();
  }

  #send(): void {
    this.#abort = this.#parts.route.upstream.send(paidRequest(this.#parts), this);
  }

  get leaving(): boolean {
    const { response } = this.#parts;
    return response.writableEnded && !response.writableFinished;
  }

  stop(): void {
    const { response, delivery } = this.#parts;
    this.#abort?.();
    if (this.#phase === 'asking' || this.#phase === 'holding') {
      this.#phase = 'over';
      // What was never sent was never executed; otherwise the delivery knows what a cut means for its effect.
      if (this.#stage === 'unsent') void delivery.release().then(() => this.#settle());
      else this.#cut();
    }
    response.destroy();
  }

  sending(): void {
    this.#stage = 'sent';
    if (this.#parts.stages !== undefined) this.#sentMs = performance.now();
  }

  head(status: number, raw: readonly string[], resume: () => void): boolean {
    const { delivery, answerRoom } = this.#parts;
    this.#stage = 'answering';
    this.#parts.stages?.upstream.since(this.#sentMs);
    const head = readHead(this.#parts, status, raw);
    if (head.kind === 'failed') {
      this.#abort?.();
      this.#fail(head.verdict);
      return true;
    }
    this.#status = status;
    this.#fields = head.fields;
    this.#length = head.length;
    this.#resume = resume;
    if (head.kind === 'charged') {
      this.#held = holdAnswer(delivery, this.#length, this.#fields, answerRoom);
      this.#phase = 'holding';
      return this.#held === undefined ? this.#commitStream() : true;
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
    if (this.#phase === 'holding') return this.#held?.add(chunk) === true || this.#commitStream();
    return this.#pipe?.push(chunk, this.#resume) ?? true;
  }

  end(): void {
    if (this.#phase === 'holding') {
      const keeps = this.#parts.delivery.keepsAnswer;
      const kept = keeps ? answerToKeep(this.#status, this.#fields, this.#held?.chunks ?? []) : undefined;
      this.#whole = true;
      this.#commit(kept);
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
        // The buyer was not served and may ask again. That it broke here counts against them only where they made it wait.
        this.#cut(this.#pipe?.hasWaited !== true);
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

  /** What is held so far, and what follows, streams once the delivery is durable. Returns false: the upstream waits. */
  #commitStream(): false {
    this.#commit();
    return false;
  }

  #commit(kept?: StoredAnswer): void {
    this.#phase = 'deciding';
    this.#parts.delivery.commit(this.#status, kept).then(
      (commit) => this.#decided(commit),
      (error: unknown) => {
        this.#parts.onFault(error);
        this.#abort?.();
        this.#settle();
        this.#parts.response.destroy();
      },
    );
  }

  #decided(commit: Commit): void {
    if (!commit.ok) {
      this.#abort?.();
      this.#phase = 'over';
      this.#settle();
      this.#answer(commit.answer);
      return;
    }
    this.#committed = true;
    if (this.#closed || this.#parts.response.destroyed) {
      this.#abort?.();
      this.#cut();
      return;
    }
    if (this.#whole) this.#sendHeld(commit);
    else this.#stream(commit);
  }

  #sendHeld(commit: Commit & { ok: true }): void {
    const { response } = this.#parts;
    this.#phase = 'over';
    for (const field of commit.headers) this.#fields.push(field);
    response.writeHead(this.#status, this.#fields);
    endHeld(response, this.#held?.take());
  }

  #stream(commit: Commit & { ok: true }): void {
    const { delivery, route } = this.#parts;
    if (this.#broken) {
      // Committed and not answered: the credential is owed an answer, and gets it at the next try.
      const { challengeId } = delivery;
      this.#cut(true);
      const failure = route.effect === 'once' ? unknownOutcome : upstreamFailure;
      this.#answer(failure('broken', challengeId));
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
    const held = this.#held?.take();
    if (held === undefined || this.#pipe.push(held, this.#resume)) this.#resume();
  }

  #answer(answer: Answer): void {
    sendAnswer(this.#parts.request, this.#parts.response, answer);
  }

  #onClose(): void {
    const { delivery, response, route } = this.#parts;
    if (this.#closed) return;
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
      this.#cut();
      return;
    }
    if (this.#settled) {
      if (!response.writableFinished) this.#abort?.();
      this.#parts.done();
    }
  }

  #cut(byUpstream = false): void {
    this.#phase = 'over';
    this.#parts.delivery.cut(byUpstream);
    this.#settle();
  }

  #settle(): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#held?.drop();
    if (this.#closed) this.#parts.done();
  }
}
