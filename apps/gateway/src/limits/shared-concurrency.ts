import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import type { Concurrency } from './concurrency.js';

/** How long a gateway's count stands without being told anew, milliseconds: after that a dead gateway's places are free. */
export const placesLeaseMs = 15_000;
/** How often a gateway tells what it has going on. */
const tellEveryMs = 5_000;
/** How long a gateway counts by itself after the server has not answered. */
const aloneMs = 1_000;
/** How often rows that nobody stands behind are removed. */
const sweepEveryMs = 60_000;
/** Most rows that one removal takes. */
const sweepRowsMax = 5_000;

/** What a gateway has going on for one key. */
interface Going {
  /** Let in, and not over. */
  count: number;
  /** What the server has of us, as far as we know; undefined: nobody knows. */
  told: number | undefined;
  /** The limit, as it was last asked with. */
  most: number;
  /** Who waits to be let in. */
  waiting: ((entered: boolean) => void)[];
  /** The statement that is on its way. */
  asking: Promise<void> | undefined;
}

/** What shared concurrency is made of. */
export interface SharedConcurrencyOptions {
  /** Its connections are the giver's. */
  readonly pool: Pick<Pool, 'query'>;
  readonly schema: string;
  readonly leaseMs?: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/**
 * Counts in PostgreSQL, for all gateways together: a row for each key, with what each gateway has going on and until when
 * that stands, by the server's clock. A gateway says how many it has and how many it wants in one statement, and is told
 * how many it may have; one statement a key is on its way at a time, and those who come meanwhile share the next. What is
 * said is the whole count, never a difference: a statement that was lost is made good by the next one.
 *
 * While the server does not answer each gateway counts by itself, as the limiter does. A gateway that was paused for longer
 * than its lease, and goes on, has what it had beside what others were given meanwhile.
 */
export class SharedConcurrency implements Concurrency {
  readonly #pool: Pick<Pool, 'query'>;
  readonly #schema: string;
  readonly #now: () => number;
  readonly #leaseMs: number;
  readonly #gateway = randomUUID();
  readonly #going = new Map<string, Going>();
  readonly #timers: readonly NodeJS.Timeout[];
  #aloneUntilMs = 0;
  #telling = false;
  #closed = false;

  constructor({ pool, schema, leaseMs = placesLeaseMs, now = Date.now }: SharedConcurrencyOptions) {
    this.#pool = pool;
    this.#leaseMs = leaseMs;
    this.#now = now;
    this.#schema = schema;
    this.#timers = [
      setInterval(() => void this.#tellAll(), Math.min(tellEveryMs, leaseMs / 3)),
      setInterval(() => void this.#sweep(), sweepEveryMs),
    ];
    for (const timer of this.#timers) timer.unref();
  }

  get size(): number {
    let size = 0;
    for (const { count } of this.#going.values()) if (count > 0) size += 1;
    return size;
  }

  enter(subject: string, most: number): Promise<boolean> {
    const going = this.#going.get(subject) ?? { count: 0, told: 0, most, waiting: [], asking: undefined };
    this.#going.set(subject, going);
    going.most = most;
    return new Promise((resolve) => {
      going.waiting.push(resolve);
      this.#ask(subject, going);
    });
  }

  leave(subject: string): void {
    const going = this.#going.get(subject);
    if (going === undefined || going.count === 0) return;
    going.count -= 1;
    this.#ask(subject, going);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers) clearInterval(timer);
    const asking = () => [...this.#going.values()].flatMap((going) => going.asking ?? []);
    for (let all = asking(); all.length > 0; all = asking()) await Promise.all(all);
  }

  /** Says what has changed and asks for those who wait; nothing where a statement is on its way, whose end does. */
  #ask(subject: string, going: Going): void {
    if (going.asking !== undefined) return;
    if (going.waiting.length > 0 || going.told !== going.count) going.asking = this.#settle(subject, going);
    else if (going.count === 0) this.#forget(subject, going);
  }

  /** Only itself: a key that came back has an entry of its own, with what is going on now. */
  #forget(subject: string, going: Going): void {
    if (this.#going.get(subject) === going) this.#going.delete(subject);
  }

  async #settle(subject: string, going: Going): Promise<void> {
    const { count, most } = going;
    const waiting = going.waiting.splice(0);
    const granted = await this.#places(subject, count, waiting.length, most);
    // Who has left meanwhile has left room that the server does not know of yet: it is not given away here. Where nobody
    // answers, we count by ourselves.
    const room = granted === undefined ? Math.max(0, most - going.count) : granted - count;
    going.count += Math.min(room, waiting.length);
    going.told = granted;
    going.asking = undefined;
    for (const [at, enter] of waiting.entries()) enter(at < room);
    if (granted !== undefined || going.waiting.length > 0) this.#ask(subject, going);
    // What could not be told waits for the timer; with nothing going on, the end of the lease says it.
    else if (going.count === 0) this.#forget(subject, going);
  }

  /** How many the server lets us have, of those that we have and those that we want; undefined: it does not answer. */
  async #places(subject: string, count: number, wanted: number, most: number): Promise<number | undefined> {
    if (this.#now() < this.#aloneUntilMs) return undefined;
    try {
      const values = [subject, this.#gateway, count, count + wanted, most, this.#leaseMs];
      const { rows } = await this.#pool.query<{ places: number }>(placesStatement(this.#schema), values);
      return rows[0]?.places ?? count;
    } catch {
      this.#aloneUntilMs = this.#now() + aloneMs;
      return undefined;
    }
  }

  /** So that what is going on stands, and what could not be told is. One after the other: there is time. */
  async #tellAll(): Promise<void> {
    if (this.#telling) return;
    this.#telling = true;
    for (const [subject, going] of [...this.#going]) {
      if (this.#closed) break;
      // Gone idle since this walk began: what it would say is no longer so, if the key came back.
      if (this.#going.get(subject) !== going) continue;
      if (going.asking === undefined) {
        going.told = undefined;
        this.#ask(subject, going);
      }
      await going.asking;
    }
    this.#telling = false;
  }

  /** What this one leaves the next one takes; a server that does not answer has other worries. */
  async #sweep(): Promise<void> {
    const table = `"${this.#schema}".limit_going`;
    const gone = `SELECT subject FROM ${table} WHERE until < ${serverNow} LIMIT ${sweepRowsMax}`;
    await this.#pool
      .query(`DELETE FROM ${table} WHERE until < ${serverNow} AND subject IN (${gone})`)
      .catch(() => {});
  }
}

/** Milliseconds since the epoch, by the one clock that all gateways share. */
const serverNow = '(extract(epoch FROM clock_timestamp()) * 1000)::bigint';

/**
 * `ON CONFLICT DO UPDATE` locks the row and reads its newest state, so of many gateways each sees what the one before it was
 * given. Nobody is given less than is going on already.
 */
function placesStatement(schema: string): string {
  const entry = (places: string) =>
    `jsonb_build_object($2::text, jsonb_build_array(${places}, ${serverNow} + $6::bigint))`;
  const others = `(SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM jsonb_each(held.gateways)
    WHERE key <> $2::text AND (value->>1)::bigint > ${serverNow})`;
  const taken = `(SELECT coalesce(sum((value->>0)::integer), 0) FROM jsonb_each(held.gateways)
    WHERE key <> $2::text AND (value->>1)::bigint > ${serverNow})`;
  const granted = `greatest($3::integer, least($4::integer, $5::integer - ${taken}::integer))`;
  return `INSERT INTO "${schema}".limit_going AS held (subject, gateways, until)
    VALUES ($1, ${entry('greatest($3::integer, least($4::integer, $5::integer))')}, ${serverNow} + $6::bigint)
    ON CONFLICT (subject) DO UPDATE
      SET gateways = ${others} || ${entry(granted)}, until = ${serverNow} + $6::bigint
    RETURNING (gateways->$2::text->>0)::integer AS places`;
}
