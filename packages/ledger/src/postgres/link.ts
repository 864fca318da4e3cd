import type { Session } from './session.js';

/** Longest wait before the first attempt to reconnect. */
const reconnectDelayMinMs = 50;

/** What a link needs to keep a connection. */
export interface LinkOptions {
  /** Opens a connection that is fit for use, or rejects. */
  readonly connect: () => Promise<Session>;
  /** The connection is lost: what was sent and not answered is unknown. */
  readonly onDown: (cause: Error) => void;
  /** Longest wait between two attempts to reconnect. */
  readonly reconnectDelayMaxMs: number;
}

/**
 * Keeps one connection, and makes another when it is lost: after a random part of a delay that doubles up to its bound,
 * so that many gateways do not come back in one moment. In between there is none: nothing queues here.
 */
export class Link {
  readonly #options: LinkOptions;
  #session: Session | undefined;
  #down: Error = new Error('there was no connection yet');
  #timer: NodeJS.Timeout | undefined;
  #attempts = 0;
  #reconnects = 0;
  #closed = false;

  constructor(session: Session, options: LinkOptions) {
    this.#options = options;
    this.#use(session);
  }

  /** The connection; undefined while it is lost. */
  get session(): Session | undefined {
    return this.#session;
  }

  /** Why there is none. */
  get down(): Error {
    return this.#down;
  }

  /** How often a lost connection was replaced. */
  get reconnects(): number {
    return this.#reconnects;
  }

  /** Ends the connection and makes no other. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    const session = this.#session;
    this.#session = undefined;
    this.#down = new Error('it was closed');
    await session?.end();
  }

  #use(session: Session): void {
    this.#session = session;
    this.#attempts = 0;
    // An idle ledger does not keep the process running.
    session.hold(false);
    session.onLost((cause) => this.#lost(cause));
  }

  #lost(cause: Error): void {
    if (this.#closed) return;
    this.#session = undefined;
    this.#down = cause;
    this.#options.onDown(cause);
    this.#retryLater();
  }

  #retryLater(): void {
    const ceiling = Math.min(this.#options.reconnectDelayMaxMs, reconnectDelayMinMs * 2 ** this.#attempts++);
    this.#timer = setTimeout(() => void this.#reconnect(), Math.random() * ceiling);
    this.#timer.unref();
  }

  async #reconnect(): Promise<void> {
    try {
      const session = await this.#options.connect();
      if (this.#closed) {
        await session.end();
        return;
      }
      this.#reconnects++;
      this.#use(session);
    } catch (error) {
      if (this.#closed) return;
      this.#down = error instanceof Error ? error : new Error(String(error));
      this.#retryLater();
    }
  }
}
