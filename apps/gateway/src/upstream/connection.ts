import type { Socket } from 'node:net';
import type { AnswerHead } from './answer-head.js';
import { type AnswerListener, AnswerReader, type Reading } from './answer-reader.js';
import type { Call } from './call.js';
import type { ConnectionLimits, ConnectionOwner } from './connection-owner.js';
import type { Dial } from './dial.js';
import { closed, malformed, UpstreamError } from './error.js';
import { ReadBuffer } from './read-buffer.js';
import type { BodyListener, RequestBody } from './request-body.js';
import { writeRequest } from './write-request.js';

/** How long an idle connection to an upstream is kept. Shorter than what common servers keep, so ours closes first. */
export const upstreamKeepAliveMs = 4_000;
/** How much earlier than the upstream says it would we close an idle connection. */
export const keepAliveMarginMs = 1_000;

/**
 * connecting  not there yet
 * free        can take a call
 * taken       has a call that has not been written
 * busy        a request has been written, and its answer is not complete
 * gone        never used again
 */
export type ConnectionState = 'connecting' | 'free' | 'taken' | 'busy' | 'gone';

const NOTHING = Buffer.alloc(0);

/** One connection to an upstream, with at most one call on it. */
export class Connection implements AnswerListener, BodyListener {
  state: ConnectionState = 'connecting';
  /** Where its owner keeps it; only that writes it. */
  place = 0;
  readonly #owner: ConnectionOwner;
  readonly #limits: ConnectionLimits;
  readonly #socket: Socket;
  readonly #buffer = new ReadBuffer();
  readonly #reader: AnswerReader;
  #readBytes = 0;
  #call: Call | undefined;
  #body: RequestBody | undefined;
  #answering = false;
  #paused = false;
  /** The sink asked to go on before it had said that it wants a pause. */
  #resumed = false;
  /** The upstream has sent all it will, and some of it waits for the sink. */
  #ended = false;
  #keptMs = upstreamKeepAliveMs;
  #freeUntilMs = 0;
  /** Something happened since the last sweep; then `#sinceMs` is of no account. */
  #moved = false;
  #sinceMs: number;
  /** When the request was written, later by all pauses; of account only where a whole exchange has its time. */
  #startedMs = 0;
  /** When the pause under way began. */
  #pausedMs = 0;

  constructor(dial: Dial, limits: ConnectionLimits, owner: ConnectionOwner, nowMs: number) {
    this.#owner = owner;
    this.#limits = limits;
    this.#sinceMs = nowMs;
    this.#reader = new AnswerReader(this, (from, to) => this.#buffer.take(from, to));
    const onread = {
      buffer: () => this.#buffer.next(this.#readBytes),
      callback: (length: number) => this.#read(length),
    };
    this.#socket = dial(onread, () => this.#ready());
    this.#socket
      .on('error', (error) => this.lose(error))
      .on('end', () => this.#end())
      .on('close', () => {
        if (!this.#ended) this.lose(closed());
      });
  }

  /** True when it is free and has not been idle for too long. */
  isUsable(nowMs: number): boolean {
    return this.state === 'free' && nowMs < this.#freeUntilMs;
  }

  /** Resolves when the socket is closed. */
  get closed(): Promise<void> {
    const socket = this.#socket;
    return socket.closed
      ? Promise.resolve()
      : new Promise((resolve) => socket.once('close', () => resolve()));
  }

  take(call: Call): void {
    this.state = 'taken';
    this.#call = call;
    call.connection = this;
  }

  /** Writes the request that was taken: from here on it may be executed. */
  start(): void {
    const call = this.#call;
    if (this.state !== 'taken' || call === undefined) return;
    this.state = 'busy';
    this.#moved = true;
    this.#answering = false;
    if (this.#limits.totalTimeoutMs !== Number.POSITIVE_INFINITY) this.#startedMs = performance.now();
    call.state = 'sent';
    this.#reader.expect(call.request.method);
    call.sink.sending();
    if (this.#call === call) this.#body = writeRequest(call, this.#socket, this);
  }

  /** Gives up a call that has been stopped. What was written cannot be taken back, so then the connection goes. */
  giveUp(call: Call): void {
    if (this.#call !== call) return;
    this.#call = undefined;
    if (this.state !== 'taken') {
      this.lose(closed());
      return;
    }
    // Idle since before it was taken: the upstream has heard nothing of that.
    this.state = 'free';
    this.#owner.free(this, false);
  }

  /** Closes the connection, for good. What it was doing fails with `error`. */
  lose(error: Error): void {
    const { state } = this;
    if (state === 'gone') return;
    const call = this.#call;
    this.#leave();
    this.#owner.gone(this, state === 'taken' ? call : undefined, state === 'connecting' ? error : undefined);
    if (state === 'busy') call?.fail(error);
  }

  #leave(): void {
    this.state = 'gone';
    this.#call = undefined;
    this.#body?.stop();
    this.#socket.destroy();
  }

  /** Looks whether something takes too long. Coarse: never early, late by up to two sweeps. */
  sweep(nowMs: number): void {
    const { connectTimeoutMs, headersTimeoutMs, idleTimeoutMs, totalTimeoutMs } = this.#limits;
    if (this.state === 'free') {
      if (nowMs >= this.#freeUntilMs) this.lose(closed());
    } else if (this.state === 'connecting') {
      if (nowMs - this.#sinceMs >= connectTimeoutMs)
        this.lose(new UpstreamError('upstream_connect_timeout', 'The upstream did not accept a connection.'));
    } else if (this.state === 'busy') {
      if (!this.#paused && nowMs - this.#startedMs >= totalTimeoutMs) {
        this.lose(new UpstreamError('upstream_total_timeout', 'The exchange took longer than it may.'));
      } else if (this.#moved || this.#paused || this.#waitsForBody()) {
        this.#moved = false;
        this.#sinceMs = nowMs;
      } else if (!this.#answering && nowMs - this.#sinceMs >= headersTimeoutMs) {
        this.lose(new UpstreamError('upstream_headers_timeout', 'The upstream did not answer in time.'));
      } else if (this.#answering && nowMs - this.#sinceMs >= idleTimeoutMs) {
        this.lose(new UpstreamError('upstream_idle_timeout', 'The upstream paused within its answer.'));
      }
    }
  }

  /** The upstream cannot answer yet, and it is not its fault. */
  #waitsForBody(): boolean {
    return !this.#answering && this.#body !== undefined && !this.#body.isBlocked;
  }

  #ready(): void {
    if (this.state === 'connecting') this.#setFree(true);
  }

  #setFree(isNew: boolean): void {
    this.state = 'free';
    this.#freeUntilMs = performance.now() + this.#keptMs;
    this.#owner.free(this, isNew);
  }

  /** Told by the socket; returns false to stop reading. */
  #read(length: number): boolean {
    this.#readBytes = length;
    if (this.state !== 'busy') {
      // Nobody has asked. Whatever it is, the next call must not take it for its answer.
      this.lose(closed());
      return true;
    }
    this.#moved = true;
    if (this.#paused) this.#reader.keep(this.#buffer.bytes, length);
    else this.#goOn(this.#buffer.bytes, length);
    return !this.#paused;
  }

  #goOn(bytes: Buffer, length: number): void {
    const call = this.#call;
    let reading: Reading;
    try {
      reading = this.#reader.read(bytes, length);
    } catch (error) {
      // A fault of the sink: it hears of it, as of any other reason why there is no answer.
      this.lose(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    if (this.#call !== call) return;
    if (reading === 'malformed') this.lose(malformed(this.#reader.fault));
    else if (reading === 'paused') {
      this.#paused = true;
      this.#pausedMs = performance.now();
    } else if (reading === 'done') this.#finish();
    else if (reading === 'surplus') {
      // Where the connection ends with the answer, nobody else could be given what is left.
      if (this.#isReusable()) this.lose(malformed('more bytes follow than it said'));
      else this.#finish();
    }
  }

  head(head: AnswerHead): boolean {
    const call = this.#call;
    if (call === undefined) return false;
    this.#answering = true;
    this.#keptMs = Math.min(
      upstreamKeepAliveMs,
      (head.keepAliveMs ?? Number.POSITIVE_INFINITY) - keepAliveMarginMs,
    );
    this.#resumed = false;
    const more = call.sink.head(head.status, head.fields, () => this.#resume(call));
    return this.#wantsMore(call, more);
  }

  data(chunk: Buffer): boolean {
    const call = this.#call;
    if (call === undefined) return false;
    this.#resumed = false;
    return this.#wantsMore(call, call.sink.data(chunk));
  }

  #wantsMore(call: Call, more: boolean): boolean {
    return this.#call === call && (more || this.#resumed);
  }

  #resume(call: Call): void {
    if (this.#call !== call) return;
    this.#resumed = true;
    if (!this.#paused) return;
    this.#paused = false;
    // A whole exchange has its time without what the sink makes it wait.
    this.#startedMs += performance.now() - this.#pausedMs;
    this.#moved = true;
    this.#goOn(NOTHING, 0);
    if (this.#paused || this.state === 'gone') return;
    if (this.#ended) this.#end();
    else this.#socket.resume();
  }

  /** The upstream sends no more: the end of a body that goes on until then, and a fault anywhere else. */
  #end(): void {
    if (this.state === 'busy' && this.#paused) this.#ended = true;
    else if (this.state === 'busy' && this.#reader.endsWithConnection) this.#finish();
    else this.lose(closed());
  }

  #isReusable(): boolean {
    return (
      this.#reader.reusable &&
      this.#keptMs > 0 &&
      this.#call?.request.fresh === false &&
      // Answered before the request was whole: what is left of that must not be in the next one's way.
      this.#body === undefined &&
      this.#socket.writableLength === 0
    );
  }

  /** The answer is complete. The connection is in order again before the sink hears it, and may send anew. */
  #finish(): void {
    const call = this.#call;
    if (this.#isReusable()) {
      this.#call = undefined;
      this.#setFree(false);
    } else {
      this.#leave();
      this.#owner.gone(this, undefined, undefined);
    }
    if (call === undefined) return;
    call.close();
    call.sink.end();
  }

  moved(): void {
    this.#moved = true;
  }

  sent(): void {
    this.#body = undefined;
    this.#moved = true;
  }

  broke(error: Error): void {
    this.lose(error);
  }
}
