import { type Commit, type Delivery, type Effect, unknownOutcome, upstreamFailure } from '@farebox/gate';
import {
  isStaleConnection,
  judgeFailure,
  judgeStatus,
  type Stage,
  type Verdict,
} from '@farebox/gateway/failure';
import type { StoredAnswer } from '@farebox/ledger';
import type { Connection } from './connection.js';
import { errorOf, type Failure, type Sink } from './upstream.js';

/** What an exchange is made of. */
export interface ExchangeParts {
  readonly delivery: Delivery;
  readonly effect: Effect;
  readonly connection: Connection;
  /** Asks the upstream, with these fields (flat list); returns what stops listening. */
  readonly send: (sink: Sink, headers: readonly string[]) => () => void;
  /** What the request was presented with. It is not for the upstream. */
  readonly token: string;
  /** Something of ours rejected that never may. */
  readonly onFault: (error: unknown) => void;
}

/** What every upstream sells. */
export const goods = 'the goods';

/** Starts a paid exchange; returns what stops it when the gateway shuts down. */
export type StartExchange = (parts: ExchangeParts) => () => void;

/** Drives a delivery as the gateway does. */
export const startExchange: StartExchange = (parts) => {
  const exchange = new PaidExchange(parts);
  exchange.start();
  return () => exchange.stop();
};

/**
 * One paid request. It calls its {@link Delivery} in the same places and in the same order as `PaidExchange` in
 * `apps/gateway/src/exchange/paid.ts`, and its phases are named as there; whoever changes the one changes the other. What a
 * failure means is decided by the gateway's own tables.
 *
 * upstream's head is a failure   → release, or unknown on `once` → only then the answer
 * 3xx, 4xx                       → release → only then the upstream's answer
 * 2xx, short                     → held until whole → commit, with the answer where it is kept → answered or cut
 * 2xx, long                      → commit → header section → body → answered or cut
 * client leaves while asking     → cut; on `once` the upstream finishes and is committed or released
 * client leaves while deciding   → after the commit: cut
 * upstream breaks off its answer → cut, by the upstream
 * gateway shuts down             → release if nothing was sent, otherwise cut
 */
export class PaidExchange implements Sink {
  readonly #parts: ExchangeParts;
  #phase: 'asking' | 'holding' | 'deciding' | 'streaming' | 'over' = 'asking';
  #stage: Stage = 'unsent';
  #stop: () => void = () => {};
  #status = 0;
  #retried = false;
  /** The upstream broke off, or ended, while the ledger was at work. */
  #broken = false;
  #ended = false;
  #committed = false;
  #settled = false;

  constructor(parts: ExchangeParts) {
    this.#parts = parts;
  }

  start(): void {
    const { connection, delivery } = this.#parts;
    if (connection.closed) {
      this.#phase = 'over';
      delivery.release().then(() => this.#settle(), this.#parts.onFault);
      return;
    }
    connection.onClose = () => this.#onClose();
    this.#send();
  }

  #send(): void {
    const { delivery, effect, send } = this.#parts;
    this.#stop = send(this, effect === 'safe' ? [] : ['Idempotency-Key', delivery.challengeId]);
  }

  stop(): void {
    const { connection, delivery, onFault } = this.#parts;
    this.#stop();
    if (this.#phase === 'asking' || this.#phase === 'holding') {
      this.#phase = 'over';
      // What was never sent was never executed; otherwise the delivery knows what a cut means for its effect.
      if (this.#stage === 'unsent') delivery.release().then(() => this.#settle(), onFault);
      else {
        delivery.cut();
        this.#settle();
      }
    }
    connection.cut();
  }

  sending(): void {
    this.#stage = 'sent';
  }

  head(status: number, long: boolean): void {
    const { delivery, effect, onFault } = this.#parts;
    this.#stage = 'answering';
    const charged = delivery.charges(status);
    const verdict = charged ? undefined : judgeStatus(status, effect);
    if (verdict !== undefined) {
      this.#stop();
      this.#fail(verdict);
      return;
    }
    this.#status = status;
    if (charged) {
      this.#phase = long ? 'deciding' : 'holding';
      if (long) this.#commit((commit) => this.#stream(commit));
      return;
    }
    // The upstream's own refusal or redirection: no receipt, a good credential, said only once it is true.
    this.#phase = 'deciding';
    delivery.release().then((released) => {
      this.#settle();
      if (this.#broken) this.#answer(upstreamFailure('broken', delivery.challengeId));
      else this.#begin(released ? ['Cache-Control', 'no-store', 'Farebox-Payment', 'released'] : []);
    }, onFault);
  }

  end(): void {
    this.#ended = true;
    if (this.#phase === 'holding') {
      this.#phase = 'deciding';
      const { delivery } = this.#parts;
      const body = Buffer.from(goods);
      const kept = delivery.keepsAnswer ? { status: this.#status, headers: [], body } : undefined;
      this.#commit((commit) => {
        this.#phase = 'over';
        this.#parts.connection.send(this.#status, commit.headers, goods);
      }, kept);
    } else if (this.#phase === 'streaming') {
      this.#phase = 'over';
      this.#parts.connection.end();
    }
  }

  fail(failure: Failure): void {
    const { connection, effect } = this.#parts;
    if (this.#phase === 'over') return;
    if (this.#phase === 'deciding') {
      this.#broken = true;
      return;
    }
    if (this.#phase === 'streaming') {
      // The buyer was not served and may ask again; that it broke here does not count against them.
      this.#cut(true);
      connection.cut();
      return;
    }
    const error = errorOf(failure);
    const stale = this.#phase === 'asking' && isStaleConnection(this.#stage, error);
    if (stale && effect !== 'once' && !this.#retried) {
      this.#retried = true;
      this.#stage = 'unsent';
      this.#send();
      return;
    }
    this.#fail(judgeFailure(this.#stage, error, effect));
  }

  /** Nothing was delivered. */
  #fail(verdict: Verdict): void {
    const { delivery, onFault } = this.#parts;
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
    }, onFault);
  }

  #commit(next: (commit: Commit & { ok: true }) => void, kept?: StoredAnswer): void {
    const { delivery, onFault, connection } = this.#parts;
    delivery.commit(this.#status, kept).then((commit) => {
      if (!commit.ok) {
        this.#stop();
        this.#phase = 'over';
        this.#settle();
        this.#answer(commit.answer);
        return;
      }
      this.#committed = true;
      if (connection.closed) this.#cut();
      else next(commit);
    }, onFault);
  }

  #stream(commit: Commit & { ok: true }): void {
    const { delivery, effect } = this.#parts;
    if (!this.#broken) {
      this.#begin(commit.headers);
      return;
    }
    // Committed and not answered: the credential is owed an answer, and gets it at the next try.
    this.#cut(true);
    const answer = effect === 'once' ? unknownOutcome : upstreamFailure;
    this.#answer(answer('broken', delivery.challengeId));
  }

  #begin(headers: readonly string[]): void {
    const { connection } = this.#parts;
    this.#phase = 'streaming';
    connection.begin(this.#status, headers, goods);
    if (this.#ended) {
      this.#phase = 'over';
      connection.end();
    }
  }

  #answer(answer: {
    readonly status: number;
    readonly headers: readonly string[];
    readonly body: string | Buffer;
  }): void {
    this.#parts.connection.send(answer.status, answer.headers, String(answer.body));
  }

  #onClose(): void {
    const { delivery, connection, effect } = this.#parts;
    if (this.#committed && !this.#settled) {
      if (connection.finished) {
        delivery.answered();
        this.#settle();
      } else this.#cut();
      return;
    }
    const waiting = this.#phase === 'asking' || this.#phase === 'holding';
    // A `once` upstream is not interrupted: its outcome would be unknown. It finishes, and is committed or released.
    if (!waiting || effect === 'once') return;
    this.#stop();
    this.#phase = 'over';
    delivery.cut();
    this.#settle();
  }

  #cut(byUpstream = false): void {
    this.#stop();
    this.#phase = 'over';
    this.#parts.delivery.cut(byUpstream);
    this.#settle();
  }

  #settle(): void {
    this.#settled = true;
  }
}
