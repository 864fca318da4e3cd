import type { UpstreamConfig } from '../config/config.js';
import { Call } from './call.js';
import { CallQueue } from './call-queue.js';
import { Connection, upstreamKeepAliveMs } from './connection.js';
import type { ConnectionOwner } from './connection-owner.js';
import { type Dial, dialer, type Trust, tryDial } from './dial.js';
import { busy, dropped, UpstreamError } from './error.js';
import { requestHead } from './request-head.js';
import type { Abort, Upstream, UpstreamRequest, UpstreamSink } from './upstream.js';

/** How often connections are looked at for what takes too long, at most and at least. */
const sweepMsMax = 500;
const sweepMsMin = 10;
/** A sweep is this much shorter than the shortest time that it measures. */
const sweepsPerTimeout = 8;

/** Most calls in line: beyond it they fail at once. What waits is held in memory, at no cost to whoever asked. */
export const waitingCallsMax = 1_024;

const NO_ABORT: Abort = () => {};

/**
 * An upstream over HTTP/1.1 connections of our own: at most `config.connections`, none of them with more than one
 * request, kept for the next one while idle. Who finds none free waits in line, as long as for a connection; then nothing
 * was sent, so that nothing is lost but time.
 */
export class HttpUpstream implements Upstream, ConnectionOwner {
  readonly host: string;
  readonly #config: UpstreamConfig;
  readonly #dial: Dial;
  readonly #all: Connection[] = [];
  /** Free ones, the one used last at the end: it is taken first, and the others grow old and go. */
  readonly #idle: Connection[] = [];
  readonly #queue = new CallQueue();
  #connecting = 0;
  /** Taken in this turn of the event loop, and written at its end. */
  #leaving: Connection[] = [];
  #sweeper: NodeJS.Timeout | undefined;
  #closed = false;
  #retired = false;

  constructor(config: UpstreamConfig, trust?: Trust) {
    this.host = config.origin.slice(config.origin.indexOf('://') + 3);
    this.#config = config;
    this.#dial = dialer(config.origin, trust);
  }

  send(request: UpstreamRequest, sink: UpstreamSink): Abort {
    const head = requestHead(request);
    const call = new Call(request, head ?? '', sink);
    if (head === undefined || this.#closed) {
      call.fail(head === undefined ? unsendable() : dropped());
      return NO_ABORT;
    }
    const idle = request.fresh ? undefined : this.#takeIdle();
    if (idle !== undefined) {
      idle.take(call);
      this.#startSoon(idle);
    } else if (this.#queue.size >= waitingCallsMax) {
      call.fail(busy());
      return NO_ABORT;
    } else {
      call.queuedMs = performance.now();
      this.#queue.push(call);
      this.#openAsNeeded();
    }
    return () => this.#stop(call);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (let call = this.#queue.shift(); call !== undefined; call = this.#queue.shift()) call.fail(dropped());
    const all = [...this.#all];
    for (const connection of all) connection.lose(dropped());
    await Promise.all(all.map((connection) => connection.closed));
  }

  /**
   * Takes this upstream out of use: nothing is kept for later, and every connection goes when what is on it has ended. What
   * still comes is sent all the same: a request that began with this upstream ends with it.
   */
  retire(): void {
    this.#retired = true;
    for (const idle of [...this.#idle]) idle.lose(dropped());
  }

  /** Connections there are: in use, idle, and on their way. */
  get connections(): number {
    return this.#all.length;
  }

  /** Connections that wait for a request. */
  get idleConnections(): number {
    return this.#idle.length;
  }

  /** Resolves when the upstream takes connections; rejects when it does not, or not in time. Sends nothing. */
  reach(): Promise<void> {
    if (this.#all.some(({ state }) => state !== 'connecting')) return Promise.resolve();
    return tryDial(this.#dial, this.#config.connectTimeoutMs);
  }

  free(connection: Connection, isNew: boolean): void {
    if (isNew) this.#connecting -= 1;
    const first = this.#queue.first;
    if (first === undefined) {
      if (this.#retired) connection.lose(dropped());
      else this.#idle.push(connection);
    } else if (first.request.fresh && !isNew) {
      // It makes room for the new connection that the first in line needs.
      connection.lose(dropped());
    } else {
      this.#queue.remove(first);
      connection.take(first);
      if (isNew) connection.start();
      else this.#startSoon(connection);
    }
  }

  gone(connection: Connection, unsent: Call | undefined, failure: Error | undefined): void {
    this.#forget(connection);
    if (this.#closed) {
      unsent?.fail(dropped());
      return;
    }
    if (unsent !== undefined) {
      unsent.connection = undefined;
      this.#queue.pushFirst(unsent);
    }
    if (failure !== undefined) {
      this.#connecting -= 1;
      // One attempt, one failure: the others in line have attempts of their own, or get them now.
      this.#queue.shift()?.fail(failure);
    }
    this.#openAsNeeded();
  }

  #forget(connection: Connection): void {
    const last = this.#all.pop();
    if (last !== undefined && last !== connection) {
      this.#all[connection.place] = last;
      last.place = connection.place;
    }
    const at = this.#idle.lastIndexOf(connection);
    if (at !== -1) this.#idle.splice(at, 1);
    if (this.#all.length === 0) {
      clearInterval(this.#sweeper);
      this.#sweeper = undefined;
    }
  }

  #takeIdle(): Connection | undefined {
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      if (idle.isUsable(performance.now())) return idle;
      idle.lose(dropped());
    }
    return undefined;
  }

  /**
   * Writes the request once this turn of the event loop has read what there was to read. If the upstream has closed
   * the connection meanwhile, or said something that nobody asked for, the call goes to another one, instead of
   * getting somebody else's answer.
   */
  #startSoon(connection: Connection): void {
    if (this.#leaving.push(connection) === 1) setImmediate(this.#startAll);
  }

  readonly #startAll = (): void => {
    const leaving = this.#leaving;
    this.#leaving = [];
    for (const connection of leaving) connection.start();
  };

  #openAsNeeded(): void {
    while (this.#queue.size > this.#connecting) {
      if (this.#all.length < this.#config.connections) {
        this.#open();
        continue;
      }
      // Only calls that need a connection of their own wait while others are idle.
      const [oldest] = this.#idle;
      if (oldest === undefined) return;
      oldest.lose(dropped());
    }
  }

  #open(): void {
    const connection = new Connection(this.#dial, this.#config, this, performance.now());
    connection.place = this.#all.length;
    this.#all.push(connection);
    this.#connecting += 1;
    this.#sweeper ??= this.#startSweeping();
  }

  /** One coarse timer for all connections: one for each request would cost more than the request's own work. */
  #startSweeping(): NodeJS.Timeout {
    const { connectTimeoutMs, headersTimeoutMs, idleTimeoutMs, totalTimeoutMs } = this.#config;
    const answeringMs = Math.min(headersTimeoutMs, idleTimeoutMs, totalTimeoutMs);
    const shortestMs = Math.min(connectTimeoutMs, answeringMs, upstreamKeepAliveMs);
    const everyMs = Math.max(sweepMsMin, Math.min(sweepMsMax, Math.floor(shortestMs / sweepsPerTimeout)));
    const timer = setInterval(() => {
      const nowMs = performance.now();
      for (const connection of [...this.#all]) connection.sweep(nowMs);
      this.#endWaiting(nowMs - connectTimeoutMs);
    }, everyMs);
    return timer.unref();
  }

  /** Those that have waited since before a moment, the oldest first. */
  #endWaiting(beforeMs: number): void {
    let call = this.#queue.first;
    // For the first in line connections are on their way, whose own time-out is the one that counts.
    for (let left = this.#connecting; left > 0; left--) call = call?.after;
    while (call !== undefined && call.queuedMs < beforeMs) {
      const { after } = call;
      this.#queue.remove(call);
      call.fail(busy());
      call = after;
    }
  }

  #stop(call: Call): void {
    if (call.state === 'over') return;
    const { connection } = call;
    call.close();
    if (connection === undefined) this.#queue.remove(call);
    else connection.giveUp(call);
  }
}

function unsendable(): Error {
  return new UpstreamError('upstream_unsendable', 'The request may not be written as HTTP/1.1.');
}
