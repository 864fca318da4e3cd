import { randomBytes } from 'node:crypto';
import type { JsonObject, JsonValue } from '@farebox/protocol';
import { WebSocket } from 'ws';
import type { NwcConnection } from './connection.js';
import { type NostrEvent, readEvent, sealAuth } from './envelope.js';

/** Longest message of a relay, bytes. */
export const relayMessageBytesMax = 262_144;

/** What a subscription is told. */
interface Subscriber {
  readonly filter: JsonObject;
  event(event: NostrEvent): void;
  /** Everything that the relay had stored has been sent. */
  stored(): void;
  /** The relay has ended it, for this reason. */
  ended(reason: string): void;
}

/** An end of something that was asked of a relay. */
type Done = (reason: string | undefined) => void;

/** The relay is gone, or never came. */
export class RelayLost extends Error {
  override readonly name = 'RelayLost';
}

/**
 * One WebSocket to one relay (NIP-01), which may want to know who asks (NIP-42). It is used until it breaks; opening
 * another is {@link RelayLink}'s work.
 */
export class Relay {
  readonly url: string;
  readonly #socket: WebSocket;
  readonly #connection: NwcConnection;
  readonly #now: () => number;
  readonly #subscribers = new Map<string, Subscriber>();
  readonly #published = new Map<string, Done>();
  readonly #onLost = new Set<() => void>();
  #answering: Promise<boolean> | undefined;
  #challenge: string | undefined;
  #authentication: Promise<string | undefined> | undefined;

  private constructor(url: string, socket: WebSocket, connection: NwcConnection, now: () => number) {
    this.url = url;
    this.#socket = socket;
    this.#connection = connection;
    this.#now = now;
    socket.on('message', (data) => this.#read(String(data)));
    socket.on('close', () => this.#lose());
    socket.on('error', () => socket.terminate());
  }

  /** @throws RelayLost */
  static open(
    url: string,
    connection: NwcConnection,
    timeoutMs: number,
    now: () => number,
  ): { readonly opened: Promise<Relay>; abort(): void } {
    const socket = new WebSocket(url, {
      handshakeTimeout: timeoutMs,
      maxPayload: relayMessageBytesMax,
      perMessageDeflate: false,
    });
    const opened = new Promise<Relay>((resolve, reject) => {
      const fail = (cause?: Error) => {
        const code = cause !== undefined && 'code' in cause ? String(cause.code) : undefined;
        reject(new RelayLost(code ?? 'it does not take a connection', { cause }));
        socket.terminate();
      };
      socket.on('error', fail);
      socket.once('close', () => fail());
      socket.once('open', () => {
        socket.off('error', fail);
        resolve(new Relay(url, socket, connection, now));
      });
    });
    return { opened, abort: () => socket.terminate() };
  }

  get alive(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** Whether the relay answers right now. One that does not is given up. All who ask at once are answered at once. */
  answers(timeoutMs: number): Promise<boolean> {
    this.#answering ??= this.#ping(timeoutMs).finally(() => {
      this.#answering = undefined;
    });
    return this.#answering;
  }

  async #ping(timeoutMs: number): Promise<boolean> {
    if (!this.alive) return false;
    const answered = await new Promise<boolean>((resolve) => {
      const finish = (yes: boolean) => {
        clearTimeout(timer);
        this.#socket.off('pong', heard).off('message', heard);
        this.#onLost.delete(lost);
        resolve(yes);
      };
      const heard = () => finish(true);
      const lost = () => finish(false);
      const timer = setTimeout(lost, timeoutMs);
      // Whatever it says, it lives.
      this.#socket.once('pong', heard).once('message', heard);
      this.#onLost.add(lost);
      this.#socket.ping();
    });
    if (!answered) this.close();
    return answered;
  }

  /** Calls `lost` once when the relay is gone. The function that is returned takes it back. */
  whenLost(lost: () => void): () => void {
    if (this.alive) this.#onLost.add(lost);
    else lost();
    return () => this.#onLost.delete(lost);
  }

  /** Begins a subscription and returns what ends it. */
  subscribe(filter: JsonObject, on: Omit<Subscriber, 'filter'>): () => void {
    const id = randomBytes(8).toString('hex');
    this.#subscribers.set(id, { filter, ...on });
    this.#send(['REQ', id, filter]);
    return () => {
      if (this.#subscribers.delete(id)) this.#send(['CLOSE', id]);
    };
  }

  /**
   * Publishes an event and returns what stops listening for its fate. `done` is told why the relay refused it, or
   * nothing once it has taken it.
   */
  publish(event: NostrEvent, done: Done): () => void {
    this.#published.set(event.id, (reason) => {
      if (!isAuthRequired(reason)) return done(reason);
      // Refused, so not passed on: the very same event may be sent once more.
      this.#authenticate().then((refused) => {
        if (refused !== undefined) return done(refused);
        if (!this.#published.has(event.id)) return;
        this.#published.set(event.id, done);
        this.#send(['EVENT', { ...event }]);
      });
    });
    this.#send(['EVENT', { ...event }]);
    return () => this.#published.delete(event.id);
  }

  close(): void {
    this.#socket.terminate();
    this.#lose();
  }

  /** Resolves with why the relay refused, or undefined. */
  #authenticate(): Promise<string | undefined> {
    this.#authentication ??= new Promise((resolve) => {
      if (this.#challenge === undefined) return resolve('it asked for no proof of who asks');
      const event = sealAuth(this.#connection, this.url, this.#challenge, this.#now());
      this.#published.set(event.id, resolve);
      this.#send(['AUTH', { ...event }]);
    });
    return this.#authentication;
  }

  #read(text: string): void {
    let message: JsonValue;
    try {
      message = JSON.parse(text);
    } catch {
      return;
    }
    if (!Array.isArray(message)) return;
    const [verb, first, second, third] = message;
    if (typeof first !== 'string') return;
    const reason = typeof second === 'string' ? second : '';
    switch (verb) {
      case 'EVENT': {
        const event = readEvent(second);
        if (event !== undefined) this.#subscribers.get(first)?.event(event);
        return;
      }
      case 'EOSE':
        this.#subscribers.get(first)?.stored();
        return;
      case 'CLOSED':
        this.#ended(first, reason);
        return;
      case 'OK':
        this.#published.get(first)?.(second === true ? undefined : refusalOf(third));
        return;
      case 'AUTH':
        this.#challenge = first;
        this.#authentication = undefined;
        return;
    }
  }

  #ended(id: string, reason: string): void {
    const subscriber = this.#subscribers.get(id);
    if (subscriber === undefined) return;
    if (!isAuthRequired(reason)) {
      this.#subscribers.delete(id);
      subscriber.ended(reason);
      return;
    }
    this.#authenticate().then((refused) => {
      if (refused === undefined) return this.#send(['REQ', id, subscriber.filter]);
      this.#subscribers.delete(id);
      subscriber.ended(refused);
    });
  }

  #send(message: JsonValue[]): void {
    if (this.alive) this.#socket.send(JSON.stringify(message));
  }

  #lose(): void {
    this.#subscribers.clear();
    this.#published.clear();
    for (const lost of [...this.#onLost]) lost();
    this.#onLost.clear();
  }
}

function isAuthRequired(reason: string | undefined): boolean {
  return reason?.startsWith('auth-required') === true;
}

function refusalOf(reason: JsonValue | undefined): string {
  return typeof reason === 'string' && reason !== '' ? reason : 'no reason given';
}
