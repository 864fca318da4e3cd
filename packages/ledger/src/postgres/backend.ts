import type { Backend, PostedBatch } from '../front/backend.js';
import type { Applied } from '../front/messages.js';
import type { ClaimTotal, LedgerUnavailable, SweepTerms, Swept } from '../ledger.js';
import { batchFailed, disconnected } from './faults.js';
import type { Holder } from './holder.js';
import { Link } from './link.js';
import type { Session } from './session.js';
import type { Store } from './store.js';
import type { Sweeper } from './sweep.js';

/** @internal What `openPostgresLedger` gives. */
export interface PostgresParts {
  readonly session: Session;
  readonly holder: Holder;
  readonly store: Store;
  readonly sweeper: Sweeper;
  readonly reconnectDelayMaxMs: number;
  /** Opens another connection to the same ledger. */
  readonly connect: () => Promise<Session>;
  readonly totals: () => Promise<readonly ClaimTotal[]>;
}

/**
 * The store of `LedgerFront` in PostgreSQL: batches and the holder's lease on one connection, which is made again when it
 * is lost; counting and housekeeping each on one of their own.
 *
 * While the connection is lost everything is refused at once. What was under way then is refused too, even if it may
 * have been committed: the same credential finds the truth later.
 */
export class PostgresBackend implements Backend {
  readonly #parts: PostgresParts;
  readonly #link: Link;
  readonly #heartbeat: NodeJS.Timeout;
  #underWay: { readonly batch: PostedBatch; readonly lost: (cause: LedgerUnavailable) => void } | undefined;
  // One at a time each.
  #counting: Promise<unknown> = Promise.resolve();
  #sweeping: Promise<unknown> = Promise.resolve();
  #sweepSession: Session | undefined;

  constructor(parts: PostgresParts) {
    this.#parts = parts;
    this.#link = new Link(parts.session, {
      connect: parts.connect,
      reconnectDelayMaxMs: parts.reconnectDelayMaxMs,
      onDown: (cause) => this.#onDown(cause),
    });
    this.#heartbeat = setInterval(() => void this.#beat(), parts.holder.lookEachMs);
    this.#heartbeat.unref();
  }

  /** How often a batch was begun anew. */
  get retries(): number {
    return this.#parts.store.retries;
  }

  /** How often a lost connection was replaced. */
  get reconnects(): number {
    return this.#link.reconnects;
  }

  refusal(): LedgerUnavailable | undefined {
    return this.#link.session === undefined ? disconnected(this.#link.down) : undefined;
  }

  async post(batch: PostedBatch): Promise<Applied> {
    const { store } = this.#parts;
    store.learn(batch.kinds);
    const { session } = this.#link;
    if (session === undefined) throw disconnected(this.#link.down);
    session.hold(true);
    // Whoever waits is not held up by a connection that takes its time to end.
    const lost = new Promise<never>((_, reject) => {
      this.#underWay = { batch, lost: reject };
    });
    try {
      return await Promise.race([store.apply(session, batch.fields), lost]);
    } catch (error) {
      throw batchFailed(error);
    } finally {
      this.#underWay = undefined;
    }
  }

  idle(): void {
    this.#link.session?.hold(false);
  }

  totals(): Promise<readonly ClaimTotal[]> {
    const counted = this.#counting.then(() => this.#parts.totals()).catch(refuse);
    this.#counting = counted.catch(ignore);
    return counted;
  }

  sweep(terms: SweepTerms): Promise<Swept> {
    const swept = this.#sweeping.then(() => this.#sweep(terms)).catch(refuse);
    this.#sweeping = swept.catch(ignore);
    return swept;
  }

  async close(): Promise<void> {
    clearInterval(this.#heartbeat);
    const { session } = this.#link;
    session?.hold(true);
    try {
      if (session !== undefined) await this.#parts.holder.leave(session);
    } catch {
      // Then its lease runs out.
    }
    await Promise.all([this.#sweepSession?.end(), this.#link.close()]);
  }

  // Its connection is kept while there is more to do.
  async #sweep(terms: SweepTerms): Promise<Swept> {
    const kept = this.#sweepSession;
    const session = kept?.alive === true ? kept : await this.#parts.connect();
    session.hold(true);
    this.#sweepSession = session;
    let more = false;
    try {
      const swept = await this.#parts.sweeper.step(session, terms);
      more = swept.more;
      return swept;
    } finally {
      if (more) session.hold(false);
      else {
        this.#sweepSession = undefined;
        await session.end();
      }
    }
  }

  // Rides on a batch where there is one.
  async #beat(): Promise<void> {
    const { session } = this.#link;
    if (session === undefined || this.#underWay !== undefined || !this.#parts.holder.due) return;
    try {
      await this.#parts.holder.renew(session);
    } catch {
      // The next one is soon; if it was fenced, it is a new holder from then on.
    }
  }

  // Nothing waits for a server that may not come back: whoever asked can ask again.
  #onDown(cause: Error): void {
    const lost = disconnected(cause);
    const underWay = this.#underWay;
    underWay?.lost(lost);
    underWay?.batch.giveUp(lost);
  }
}

function refuse(error: unknown): never {
  throw batchFailed(error);
}

function ignore(): void {}
