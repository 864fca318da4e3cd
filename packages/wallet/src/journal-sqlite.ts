import { randomBytes } from 'node:crypto';
import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'libsql';
import { WalletError } from './errors.js';
import type { EntryChanges, Journal, JournalEntry, PaymentPlan, PlanResult, Settled } from './journal.js';
import { changeColumns, stepColumns } from './journal-changes.js';
import { assertEntry, planColumns, type Row, readRow, type SqlValue } from './journal-row.js';
import { migrations } from './journal-schema.js';
import { currentOwner, ownerIsGone } from './process-owner.js';
import { isOpen, type JournalState, journalStates, mayFollow, stateTable } from './states.js';

/** How long one process waits for another one's transaction. */
const busyTimeoutMs = 10_000;
/** Entries that `list` gives when not told otherwise. */
const listLimit = 100;

type Connection = InstanceType<typeof Database>;

/**
 * Opens the journal file, or creates it with mode 0600 (its folder with 0700). Several processes may have it open.
 * Throws {@link WalletError} `journal_unavailable`.
 *
 * @example
 * ```ts
 * import { openJournal } from '@farebox/wallet';
 * const journal = openJournal({ path: '/var/lib/agent/journal.db' });
 * for (const entry of journal.unfinished()) console.log(entry.id, entry.state);
 * journal.close();
 * ```
 */
export function openJournal(options: { readonly path: string }): Journal {
  return guard(() => new SqliteJournal(connect(options.path)));
}

function connect(path: string): Connection {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  createPrivateFile(path);
  const db = new Database(path);
  try {
    db.pragma(`busy_timeout = ${busyTimeoutMs}`);
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    // Proofs that were dropped are overwritten, not only unlinked.
    db.pragma('secure_delete = ON');
    migrate(db);
  } catch (error) {
    db.close();
    throw error;
  }
  return db;
}

/**
 * Created by us first: SQLite would create it readable by others, and its side files take the same mode. A file that is
 * there is not even opened, because closing any descriptor of a file drops every lock that this process holds on it, those
 * of a journal that is open already among them.
 */
function createPrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  chmodSync(path, 0o600);
}

function migrate(db: Connection): void {
  db.transaction(() => {
    // The driver's types say unknown; the pragma gives one row with one number.
    const row = db.prepare('PRAGMA user_version').get() as { user_version: number };
    if (row.user_version > migrations.length) {
      const message =
        'The journal was written by a newer version; update farebox to use it. Nothing was sent.';
      throw new WalletError('journal_unavailable', message);
    }
    for (const sql of migrations.slice(row.user_version)) db.exec(sql);
    db.exec(`PRAGMA user_version = ${migrations.length}`);
  }).immediate();
}

/** Turns every fault of the database into the one error that callers know. */
function guard<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof WalletError) throw cause;
    const message = "The journal cannot be opened or written; check the disk and the file's owner.";
    throw new WalletError('journal_unavailable', message, { cause });
  }
}

const unfinishedStates = journalStates.filter((state) => stateTable[state].unfinished);
const creditStates = unfinishedStates.filter((state) => stateTable[state].spent === 'yes');
const marks = (values: readonly unknown[]) => values.map(() => '?').join(', ');

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
      return { ok: true, entry: this.#must(id) };
    });
  }

  replan(id: string, plan: PaymentPlan, nowMs: number): JournalEntry {
    return this.#write(() => {
      this.#expect(id, 'not-paid', 'planned');
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
      return this.#must(id);
    });
  }

  move(id: string, from: JournalState, to: JournalState, changes: EntryChanges, nowMs: number): JournalEntry {
    return this.#write(() => {
      const before = this.#expect(id, from, to);
      this.#update(id, { ...changeColumns(changes), ...stepColumns(to, before, nowMs), owner: this.#owner });
      // Read back inside the transaction: a row that breaks the table is rolled back, not found later.
      const after = this.#must(id);
      assertEntry(after);
      return after;
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
      const after = this.#must(id);
      assertEntry(after);
      return after;
    });
  }

  find(id: string): JournalEntry | undefined {
    return guard(() => this.#one('id = ?', id));
  }

  findByReference(reference: string): JournalEntry | undefined {
    return guard(() => this.#one('reference = ?', reference));
  }

  list(options: { readonly limit?: number } = {}): readonly JournalEntry[] {
    return guard(() => this.#many('1 ORDER BY created_ms DESC, id LIMIT ?', [options.limit ?? listLimit]));
  }

  unfinished(): readonly JournalEntry[] {
    const where = `state IN (${marks(unfinishedStates)}) ORDER BY created_ms, id`;
    return guard(() => this.#many(where, unfinishedStates));
  }

  credits(fingerprint: string): readonly JournalEntry[] {
    const where = `fingerprint = ? AND state IN (${marks(creditStates)}) ORDER BY created_ms, id`;
    return guard(() => this.#many(where, [fingerprint, ...creditStates]));
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
