import { NodeError } from '../../node.js';
import { cleanDetail } from '../http/detail.js';
import { CallLost } from '../http/lost.js';
import type { NwcConnection } from './connection.js';
import {
  eventKinds,
  isFromWallet,
  type NostrEvent,
  openResponse,
  readAnnouncement,
  type SealedRequest,
  type WalletAnnouncement,
  type WalletAnswer,
} from './envelope.js';
import { Relay, RelayLost } from './relay.js';

/** How a {@link RelayLink} is made. */
export interface RelayLinkOptions {
  /** How long connecting, and an answer that moves no money, may take, milliseconds. */
  readonly answerMs: number;
  readonly now: () => number;
}

/**
 * The way to one wallet service: one relay at a time, the first that can be reached, opened when it is needed and
 * opened anew when it has broken. A request goes to one relay only, once.
 */
export class RelayLink {
  readonly #connection: NwcConnection;
  readonly #options: RelayLinkOptions;
  #relay: Relay | undefined;
  #opening: { readonly opened: Promise<Relay>; abort(): void } | undefined;
  #announcement: WalletAnnouncement | undefined;
  #closed = false;

  constructor(connection: NwcConnection, options: RelayLinkOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  /** What the wallet has announced, once it has been read. */
  get announced(): WalletAnnouncement | undefined {
    return this.#announcement;
  }

  /**
   * The wallet's info event, read once.
   *
   * @throws CallLost with `sent: false`
   */
  async announcement(): Promise<WalletAnnouncement> {
    if (this.#announcement !== undefined) return this.#announcement;
    const event = await this.#retried(() => this.#infoEvent());
    if (event === undefined) {
      throw this.#lost(
        'has nothing of this wallet; check that the wallet runs and the connection is its own',
        false,
      );
    }
    this.#announcement = readAnnouncement(event);
    return this.#announcement;
  }

  /**
   * Asks what may be asked again: over a connection that turns out to be dead it is asked once more.
   *
   * @throws CallLost
   */
  ask(request: SealedRequest): Promise<WalletAnswer> {
    return this.#retried(async () =>
      this.#exchange(await this.#open(), request, this.#options.answerMs, 'harmless'),
    );
  }

  /**
   * Sends what must not be sent twice, over a connection that has just proved to be alive. That the relay says it
   * refused the order proves nothing, because it may have passed it on: the wallet's answer is waited for all the same.
   *
   * @throws CallLost whose `sent` says whether the wallet may have got it
   */
  async order(request: SealedRequest, timeoutMs: number): Promise<WalletAnswer> {
    const known = await this.#open();
    const relay = (await known.answers(this.#options.answerMs)) ? known : await this.#open();
    return this.#exchange(relay, request, timeoutMs, 'moves-money');
  }

  close(): void {
    this.#closed = true;
    this.#opening?.abort();
    this.#relay?.close();
  }

  async #retried<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      const broken =
        error instanceof CallLost && error.cause instanceof RelayLost && error.sent && !this.#closed;
      if (!broken) throw error;
      return ask();
    }
  }

  async #open(): Promise<Relay> {
    if (this.#closed)
      throw new CallLost('node_unreachable', 'This connection to the wallet was closed.', false);
    if (this.#relay?.alive === true) return this.#relay;
    this.#opening ??= this.#connect();
    const opening = this.#opening;
    try {
      this.#relay = await opening.opened;
      return this.#relay;
    } finally {
      if (this.#opening === opening) this.#opening = undefined;
    }
  }

  #connect(): { readonly opened: Promise<Relay>; abort(): void } {
    const { answerMs, now } = this.#options;
    let current: { abort(): void } | undefined;
    const tryAll = async (): Promise<Relay> => {
      let last: unknown;
      for (const url of this.#connection.relays) {
        if (this.#closed) break;
        const attempt = Relay.open(url, this.#connection, answerMs, now);
        current = attempt;
        try {
          return await attempt.opened;
        } catch (error) {
          last = error;
        }
      }
      const why = last instanceof Error ? last.message : 'this connection was closed';
      throw this.#lost(`cannot be reached (${why}); check the network`, false);
    };
    return { opened: tryAll(), abort: () => current?.abort() };
  }

  async #infoEvent(): Promise<NostrEvent | undefined> {
    const relay = await this.#open();
    const filter = { kinds: [eventKinds.info], authors: [this.#connection.walletKey], limit: 1 };
    return this.#waiting<NostrEvent | undefined>(
      relay,
      this.#options.answerMs,
      () => true,
      (resolve, reject) => {
        let newest: NostrEvent | undefined;
        return relay.subscribe(filter, {
          event: (event) => {
            if (!isFromWallet(event, eventKinds.info, this.#connection)) return;
            if (newest === undefined || event.created_at > newest.created_at) newest = event;
          },
          stored: () => resolve(newest),
          ended: (reason) => reject(this.#refused(reason)),
        });
      },
    );
  }

  #exchange(
    relay: Relay,
    request: SealedRequest,
    timeoutMs: number,
    what: 'harmless' | 'moves-money',
  ): Promise<WalletAnswer> {
    const filter = {
      kinds: [eventKinds.response],
      authors: [this.#connection.walletKey],
      '#e': [request.event.id],
    };
    let sent = false;
    return this.#waiting<WalletAnswer>(
      relay,
      timeoutMs,
      () => sent,
      (resolve, reject) => {
        // First the ear, then the mouth: the answer is stored by nobody.
        const end = relay.subscribe(filter, {
          event: (event) => {
            const answer = openResponse(event, request, this.#connection);
            if (answer !== undefined) resolve(answer);
          },
          stored: () => {},
          ended: (reason) =>
            reject(
              sent ? this.#lost(`stopped listening (${cleanDetail(reason)})`, true) : this.#refused(reason),
            ),
        });
        sent = relay.alive;
        const forget = relay.publish(request.event, (refused) => {
          // Of an order "refused" would be read as "not paid", on the word of a stranger in between.
          if (refused !== undefined && what === 'harmless') reject(this.#refused(refused));
        });
        return () => {
          forget();
          end();
        };
      },
    );
  }

  /** Waits for one outcome, no longer than the time that is given and the relay stands. */
  #waiting<T>(
    relay: Relay,
    timeoutMs: number,
    sent: () => boolean,
    begin: (resolve: (value: T) => void, reject: (error: Error) => void) => () => void,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const ends: (() => void)[] = [];
      const finish = (settle: () => void) => {
        clearTimeout(timer);
        for (const end of ends.splice(0)) end();
        settle();
      };
      const timer = setTimeout(() => {
        finish(() => reject(this.#lost(`brought no answer within ${timeoutMs} ms`, sent())));
        // Perhaps the wallet is slow, perhaps the connection is dead: the next call shall not have to find out.
        if (this.#relay === relay) relay.answers(this.#options.answerMs).catch(() => {});
      }, timeoutMs);
      ends.push(
        relay.whenLost(() => {
          const cause = new RelayLost('the connection was lost');
          finish(() => reject(this.#lost('was lost before the answer came', sent(), cause)));
        }),
      );
      ends.push(
        begin(
          (value) => finish(() => resolve(value)),
          (error) => finish(() => reject(error)),
        ),
      );
    });
  }

  #lost(what: string, sent: boolean, cause?: Error): CallLost {
    const relay = new URL(this.#relay?.url ?? this.#connection.relays[0] ?? 'wss://relay').host;
    const options = cause === undefined ? undefined : { cause };
    return new CallLost('node_unreachable', `The wallet's relay ${relay} ${what}.`, sent, options);
  }

  #refused(reason: string): NodeError {
    const code = /^(auth-required|restricted|blocked)/.test(reason) ? 'node_unauthorized' : 'node_refused';
    return new NodeError(code, `The wallet's relay refused the request (${cleanDetail(reason)}).`);
  }
}
