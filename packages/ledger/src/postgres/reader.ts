import {
  ACCOUNT_OF_STATE,
  type BooksFault,
  type BooksFilter,
  type Entry,
  type LedgerReader,
  MOVEMENTS,
  type Movement,
  type MovementTotal,
} from '../books.js';
import { mergedEntries } from '../front/merge-entries.js';
import { claimOf, DamagedRow, whole } from '../front/rows.js';
import { type Claim, LedgerUnavailable } from '../ledger.js';
import { readRate } from '../quoted-rate.js';
import { isChallengeId } from '../request-bounds.js';
import { stateOfNumber } from '../transitions.js';
import { compareBooks, type NumberSum, type StateSum } from './audit.js';
import { readFailed } from './faults.js';
import { amountOf, readRowOf } from './held.js';
import { storedChallenge, storedReference } from './keys.js';
import { type Query, type ReaderQueries, readerQueries } from './reader-statements.js';
import type { Session } from './session.js';
import { HOLDER_LIVES } from './statements.js';

/** Rows fetched at once. */
const pageRows = 1000;

const BEGIN_SNAPSHOT = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';

/**
 * Reads a ledger in PostgreSQL; see `openPostgresReader`. What streams, and an audit, sees the ledger as it was when it
 * began (one snapshot), on connections of its own, so that no gateway waits for it and it waits for none.
 */
export class PostgresReader implements LedgerReader {
  readonly #queries: ReaderQueries;
  readonly #connect: () => Promise<Session>;
  readonly #sessions = new Set<Session>();
  // For what is read at once; one after the other.
  #kept: Session | undefined;
  #reading: Promise<unknown> = Promise.resolve();
  #closed = false;

  /** @internal The schema's name must have been checked. */
  constructor(schema: string, connect: () => Promise<Session>) {
    this.#queries = readerQueries(schema);
    this.#connect = connect;
  }

  async *claims(filter: BooksFilter = {}): AsyncGenerator<Claim, void, undefined> {
    yield* this.#stream((session) =>
      this.#pages(
        session,
        (after) => this.#queries.claims(filter, after, pageRows),
        readClaim,
        filter.afterSeq,
      ),
    );
  }

  async *entries(filter: BooksFilter = {}): AsyncGenerator<Entry, void, undefined> {
    const { openings, later } = this.#queries;
    yield* this.#stream((session) =>
      mergedEntries(
        this.#pages(session, (after) => openings(filter, after, pageRows), openingOf, filter.afterSeq),
        this.#pages(session, (after) => later(filter, after, pageRows), laterEntryOf),
      ),
    );
  }

  claim(name: string): Promise<{ readonly claim: Claim; readonly entries: readonly Entry[] } | undefined> {
    return this.#snapshot(async (session) => {
      for (const query of this.#named(name)) {
        const [raw] = (await session.run(query.text, query.values)).rows;
        if (raw === undefined) continue;
        const claim = readClaim(raw);
        const { text, values } = this.#queries.laterOf(claim.seq);
        const later = (await session.run(text, values)).rows.map(laterEntryOf);
        const { seq, method, route, paid, rate, createdMs, state } = claim;
        const credit = later[0]?.debit ?? ACCOUNT_OF_STATE[state];
        const opening: Entry = {
          seq,
          method,
          route,
          amount: paid,
          atMs: createdMs,
          debit: 'received',
          credit,
          ...(rate && { rate }),
        };
        return { claim, entries: [opening, ...later] };
      }
      return undefined;
    });
  }

  movements(): Promise<readonly MovementTotal[]> {
    return this.#snapshot(async (session) => (await session.run(this.#queries.movements)).rows.map(totalOf));
  }

  audit(): Promise<{ readonly faults: readonly BooksFault[]; readonly partial: boolean }> {
    return this.#snapshot(async (session) => {
      const { movements, claimed, pruned } = this.#queries;
      const [booked, present, removed] = await Promise.all([
        session.run(movements),
        session.run(claimed),
        session.run(pruned),
      ]);
      const sums = [...present.rows, ...removed.rows].map(stateSumOf);
      return { faults: compareBooks(booked.rows.map(numberSumOf), sums), partial: removed.rows.length > 0 };
    });
  }

  size(): Promise<number> {
    return this.#snapshot(async (session) => {
      const answer = await session.run(this.#queries.size);
      return whole(answer.rows[0]?.[0], 'count');
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#sessions].map((session) => session.end()));
  }

  // A text that could be a challenge id could also be a payment's name.
  #named(name: string): readonly Query[] {
    const { claimBy } = this.#queries;
    const numbered = /^#([1-9][0-9]{0,15})$/.exec(name);
    const queries: Query[] = [];
    if (numbered !== null) queries.push(claimBy('seq', numbered[1]));
    if (isChallengeId(name)) queries.push(claimBy('challenge', storedChallenge(name)));
    if (name !== '') queries.push(claimBy('reference', storedReference(name)));
    return queries;
  }

  async *#pages<T>(
    session: Session,
    query: (after: number) => Query,
    read: (raw: readonly unknown[]) => T,
    first = 0,
  ): AsyncGenerator<T, void, undefined> {
    for (let after = first; ; ) {
      const { text, values } = query(after);
      const { rows } = await session.run(text, values);
      for (const raw of rows) yield read(raw);
      if (rows.length < pageRows) return;
      after = whole(rows.at(-1)?.[0], 'place');
    }
  }

  async *#stream<T>(read: (session: Session) => AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
    const session = await this.#begin();
    try {
      yield* read(session);
    } catch (error) {
      throw readFailed(error);
    } finally {
      await this.#end(session);
    }
  }

  #snapshot<T>(read: (session: Session) => Promise<T>): Promise<T> {
    const answer = this.#reading.then(() => this.#readOnce(read));
    this.#reading = answer.catch(ignore);
    return answer;
  }

  async #readOnce<T>(read: (session: Session) => Promise<T>): Promise<T> {
    const kept = this.#kept;
    // Should it fail to begin, the next one gets another connection.
    this.#kept = undefined;
    const session = await this.#begin(kept);
    try {
      const answer = await read(session);
      await session.run('COMMIT');
      session.hold(false);
      this.#kept = session;
      return answer;
    } catch (error) {
      await this.#end(session);
      throw readFailed(error);
    }
  }

  async #begin(kept?: Session): Promise<Session> {
    if (this.#closed) throw new LedgerUnavailable('The reader is closed; open it again.');
    if (kept?.alive === false) this.#sessions.delete(kept);
    let session: Session | undefined;
    try {
      session = kept?.alive === true ? kept : await this.#connect();
      session.hold(true);
      this.#sessions.add(session);
      await session.run(BEGIN_SNAPSHOT);
      return session;
    } catch (error) {
      // Nobody has it any more: left alone, it would stay open and keep the process running.
      if (session !== undefined) this.#sessions.delete(session);
      session?.destroy();
      throw readFailed(error);
    }
  }

  async #end(session: Session): Promise<void> {
    this.#sessions.delete(session);
    await session.end();
  }
}

function ignore(): void {}

// A reader holds nothing.
function readClaim(raw: readonly unknown[]): Claim {
  const { row, standing, answerKept } = readRowOf(raw);
  const hold = standing != null && whole(standing, 'holder') === HOLDER_LIVES ? 'theirs' : 'orphaned';
  return claimOf(row(), { hold, key: undefined, answerKept });
}

function openingOf(raw: readonly unknown[]): Entry {
  const [seq, created, method, route, currency, paid, rate, stored, first] = raw;
  const state = stateOfNumber(whole(stored, 'state'));
  if (state === undefined) throw new DamagedRow(`Claim ${String(seq)} is in no known state.`);
  const credit = first == null ? ACCOUNT_OF_STATE[state] : movementOf(first).debit;
  return entryOf(seq, created, { debit: 'received', credit }, method, route, currency, paid, rate);
}

function laterEntryOf(raw: readonly unknown[]): Entry {
  const [, claim, at, method, route, currency, paid, rate, number] = raw;
  return entryOf(claim, at, movementOf(number), method, route, currency, paid, rate);
}

function entryOf(seq: unknown, at: unknown, movement: Movement, ...named: readonly unknown[]): Entry {
  const [method, route, currency, paid, stored] = named;
  const rate = readRate(stored);
  return {
    atMs: whole(at, 'time'),
    seq: whole(seq, 'seq'),
    method: text(method),
    route: text(route),
    ...{ debit: movement.debit, credit: movement.credit },
    amount: { amount: amountOf(paid, seq), currency: text(currency) },
    ...(rate && { rate }),
  };
}

function movementOf(number: unknown): Movement {
  const movement = MOVEMENTS[whole(number, 'movement') - 1];
  if (movement === undefined) throw new DamagedRow('The books hold a movement that there is not.');
  return movement;
}

function totalOf(raw: readonly unknown[]): MovementTotal {
  const [method, intent, route, currency, number, count, amount] = raw;
  return {
    ...movementOf(number),
    method: text(method),
    intent: text(intent),
    route: text(route),
    count: whole(count, 'count'),
    amount: { amount: BigInt(text(amount)), currency: text(currency) },
  };
}

function numberSumOf(raw: readonly unknown[]): NumberSum {
  const { method, route, amount } = totalOf(raw);
  return {
    method,
    route,
    currency: amount.currency,
    number: whole(raw[4], 'movement'),
    amount: amount.amount,
  };
}

function stateSumOf([method, currency, route, stored, amount]: readonly unknown[]): StateSum {
  const state = stateOfNumber(whole(stored, 'state'));
  if (state === undefined) throw new DamagedRow('Some claims are in no known state.');
  return {
    method: text(method),
    currency: text(currency),
    route: text(route),
    state,
    amount: BigInt(text(amount)),
  };
}

function text(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new DamagedRow('Some claims are of no known kind.');
}
