import { randomBytes } from 'node:crypto';
import { WalletError } from './errors.js';
import type {
  EntryChanges,
  Journal,
  JournalEntry,
  JournalFilter,
  PaymentPlan,
  PlanResult,
  Retention,
  Settled,
} from './journal.js';
import { findOverBudget, recount, standings } from './journal-budget.js';
import { changeColumns, moveColumns } from './journal-changes.js';
import { type Connection, connect, guard } from './journal-file.js';
import { filterQuery, marks, type PageEnd, pruneQuery } from './journal-query.js';
import { assertEntry, planColumns, type Row, readRow, type SqlValue } from './journal-row.js';
import { leastRetentionMs } from './limits.js';
import type { Budget, BudgetStanding, OverBudget } from './policy/budget.js';
import { currentOwner, ownerIsGone } from './process-owner.js';
import { isOpen, isUnfinished, type JournalState, journalStates, mayFollow, stateTable } from './states.js';

/** Entries that `list` gives when not told otherwise. */
const listLimit = 100;
/** Entries that are read at once. */
const pageSize = 200;
/** Most entries that one call of `prune` drops: a day's work must not wait for a year's. */
const pruneMax = 1_000;

/**
 * Opens the journal file, or creates it with mode 0600 (its folder with 0700). Several processes may have it open.
 * Throws {@link WalletError} `journal_unavailable`.
 *
 * @example
 * ```ts
 * import { openJournal } from '@farebox/wallet/journal-sqlite';
 * const journal = openJournal({ path: '/var/lib/agent/journal.db' });
 * for (const entry of journal.unfinished()) console.log(entry.id, entry.state);
 * journal.close();
 * ```
 */
export function openJournal(options: { readonly path: string }): Journal {
  return guard(() => new SqliteJournal(connect(options.path)));
}

const unfinishedStates = journalStates.filter((state) => stateTable[state].unfinished);
const creditStates = unfinishedStates.filter((state) => stateTable[state].spent === 'yes');

class SqliteJournal implements Journal {
  readonly #db: Connection;
  readonly #owner = currentOwner();

  constructor(db: Connection) {
    this.#db = db;
  }

  plan(plan: PaymentPlan, nowMs: number): PlanResult {
    return this.#write(() => {
      const known = this.#one('challenge_id = ?', plan.challenge.id);
      if (known) return { ok: false, by: 'challenge', entry: known };
      const paid = this.#one('reference = ?', plan.reference);
      if (paid) return { ok: false, by: 'reference', entry: paid };
      const over = findOverBudget(this.#db, plan, nowMs);
      if (over) return { ok: false, by: 'budget', over };
      const id = `pay_${randomBytes(10).toString('hex')}`;
      const columns = {
        id,
        state: 'planned',
        owner: this.#owner,
        created_ms: nowMs,
        updated_ms: nowMs,
        ...planColumns(plan),
      };
      const names = Object.keys(columns);
      const sql = `INSERT INTO payment (${names.join(', ')}) VALUES (${marks(names)})`;
      this.#db.prepare(sql).run(Object.values(columns));
      return { ok: true, entry: this.#counted(id, nowMs) };
    });
  }

  replan(id: string, plan: PaymentPlan, nowMs: number): PlanResult {
    return this.#write(() => {
      this.#expect(id, 'not-paid', 'planned');
      const over = findOverBudget(this.#db, plan, nowMs, id);
      if (over) return { ok: false, by: 'budget', over };
      this.#update(id, {
        state: 'planned',
        owner: this.#owner,
        updated_ms: nowMs,
        detail: null,
        paying_ms: null,
        // What was signed before is dead for certain; nobody has seen what will be signed now.
        presentations: 0,
        ...planColumns(plan),
      });
      return { ok: true, entry: this.#counted(id, nowMs) };
    });
  }

  move(id: string, from: JournalState, to: JournalState, changes: EntryChanges, nowMs: number): JournalEntry {
    return this.#write(() => {
      const before = this.#expect(id, from, to);
      this.#update(id, { ...moveColumns(to, before, changes, nowMs), owner: this.#owner });
      return this.#counted(id, nowMs);
    });
  }

  settle(id: string, from: JournalState, settled: Settled, nowMs: number): JournalEntry {
    return this.#write(() => {
      const before = this.#inState(id, from);
      if (!isOpen(before))
        throw new WalletError('journal_corrupt', `Payment ${id} is not one whose settlement is open.`);
      this.#update(id, {
        ...changeColumns(settled),
        settlement: 'made',
        updated_ms: nowMs,
        owner: this.#owner,
      });
      return this.#counted(id, nowMs);
    });
  }

  renew(id: string, nowMs: number): void {
    const sql = `UPDATE payment SET updated_ms = ? WHERE id = ? AND state = 'presented' AND owner = ?`;
    this.#write(() => this.#db.prepare(sql).run([nowMs, id, this.#owner]));
  }

  findOver(plan: Pick<PaymentPlan, 'price' | 'maxFee' | 'budgets'>, nowMs: number): OverBudget | undefined {
    return guard(() => this.#db.transaction(() => findOverBudget(this.#db, plan, nowMs)).deferred());
  }

  standing(budgets: readonly Budget[], nowMs: number): readonly BudgetStanding[] {
    // One moment for all of them.
    return guard(() => this.#db.transaction(() => standings(this.#db, budgets, nowMs)).deferred());
  }

  find(id: string): JournalEntry | undefined {
    return guard(() => this.#one('id = ?', id));
  }

  findByReference(reference: string): JournalEntry | undefined {
    return guard(() => this.#one('reference = ?', reference));
  }

  list(options: JournalFilter & { readonly limit?: number } = {}): readonly JournalEntry[] {
    return this.#page(options, options.limit ?? listLimit);
  }

  *each(filter: JournalFilter = {}): Generator<JournalEntry> {
    let after: PageEnd | undefined;
    do {
      const page = this.#page(filter, pageSize, after);
      yield* page;
      after = page.length < pageSize ? undefined : page.at(-1);
    } while (after !== undefined);
  }

  unfinished(): readonly JournalEntry[] {
    const where = `state IN (${marks(unfinishedStates)}) ORDER BY created_ms, id`;
    return guard(() => this.#many(where, unfinishedStates).filter(isUnfinished));
  }

  credits(fingerprint: string): readonly JournalEntry[] {
    const where = `fingerprint = ? AND state IN (${marks(creditStates)}) ORDER BY created_ms, id`;
    return guard(() => this.#many(where, [fingerprint, ...creditStates]));
  }

  prune(retention: Retention, nowMs: number): number {
    const kept = {
      finishedMs: Math.max(retention.finishedMs, leastRetentionMs),
      creditMs: Math.max(retention.creditMs, leastRetentionMs),
    };
    return this.#write(() => {
      const { where, values } = pruneQuery(kept, nowMs);
      // The driver's types say unknown; the id is text.
      const rows = this.#db
        .prepare(`SELECT id FROM payment WHERE ${where} LIMIT ?`)
        .all([...values, pruneMax]) as { id: string }[];
      const ids = JSON.stringify(rows.map(({ id }) => id));
      for (const [table, key] of [
        ['counted', 'payment'],
        ['payment', 'id'],
      ] as const) {
        this.#db.prepare(`DELETE FROM ${table} WHERE ${key} IN (SELECT value FROM json_each(?))`).run([ids]);
      }
      return rows.length;
    });
  }

  ownerIsGone(entry: JournalEntry): boolean {
    return ownerIsGone(entry.owner);
  }

  isOwn(entry: JournalEntry): boolean {
    return entry.owner === this.#owner;
  }

  close(): void {
    this.#db.close();
  }

  #write<T>(work: () => T): T {
    return guard(() => this.#db.transaction(work).immediate());
  }

  #expect(id: string, from: JournalState, to: JournalState): JournalEntry {
    const entry = this.#inState(id, from);
    if (!mayFollow(from, to, entry.settlement))
      throw new WalletError('journal_corrupt', `A payment cannot go from ${from} to ${to}.`);
    return entry;
  }

  #inState(id: string, from: JournalState): JournalEntry {
    const entry = this.#must(id);
    if (entry.state !== from) {
      const message = `Payment ${id} is ${entry.state} now: another process changed it. Look at it with: farebox pay history.`;
      throw new WalletError('state_changed', message, { paymentId: id });
    }
    return entry;
  }

  /** Writes what the payment takes of the budgets, in the same transaction as the payment itself. */
  #counted(id: string, nowMs: number): JournalEntry {
    // Read back inside the transaction: a row that breaks the table is rolled back, not found later.
    const entry = this.#must(id);
    assertEntry(entry);
    recount(this.#db, entry, nowMs);
    return entry;
  }

  #page(filter: JournalFilter, limit: number, after?: PageEnd): readonly JournalEntry[] {
    const { where, values } = filterQuery(filter, after);
    return guard(() => this.#many(`${where} ORDER BY created_ms DESC, id LIMIT ?`, [...values, limit]));
  }

  #must(id: string): JournalEntry {
    const entry = this.#one('id = ?', id);
    if (entry === undefined)
      throw new WalletError('payment_not_found', 'There is no such payment in the journal.');
    return entry;
  }

  #one(where: string, value: string): JournalEntry | undefined {
    // The driver's types say unknown; readRow checks every column.
    const row = this.#db.prepare(`SELECT * FROM payment WHERE ${where}`).get(value) as Row | undefined;
    return row === undefined ? undefined : readRow(row);
  }

  #many(where: string, values: readonly SqlValue[]): readonly JournalEntry[] {
    // As above.
    const rows = this.#db.prepare(`SELECT * FROM payment WHERE ${where}`).all(values) as Row[];
    return rows.map(readRow);
  }

  #update(id: string, columns: Record<string, SqlValue>): void {
    const names = Object.keys(columns);
    const sql = `UPDATE payment SET ${names.map((name) => `${name} = ?`).join(', ')} WHERE id = ?`;
    this.#db.prepare(sql).run([...Object.values(columns), id]);
  }
}
