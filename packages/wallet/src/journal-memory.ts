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
import { changeColumns, moveColumns } from './journal-changes.js';
import { MemoryCount } from './journal-memory-count.js';
import { assertEntry, planColumns, readRow, type SqlValue } from './journal-row.js';
import { leastRetentionMs } from './limits.js';
import type { Budget, BudgetStanding, OverBudget } from './policy/budget.js';
import { hostOf } from './policy/budget.js';
import { isOpen, isUnfinished, type JournalState, mayFollow, outcomeIn, stateTable } from './states.js';

/** Entries that `list` gives when not told otherwise. */
const listLimit = 100;
/** Random bytes of an id. */
const idBytes = 10;
const owner = 'memory';
/** Most payments that a journal in memory holds; then it refuses, since to forget could be to pay twice. */
export const memoryEntriesMax = 100_000;

type Columns = Record<string, SqlValue>;

/** What SQLite would fill in. */
const emptyColumns: Columns = {
  payload: null,
  source: null,
  paid_amount: null,
  paid_currency: null,
  fee_amount: null,
  fee_currency: null,
  receipt_reference: null,
  receipt: null,
  status: null,
  detail: null,
  presentations: 0,
  paying_ms: null,
  paid_ms: null,
  delivered_ms: null,
};

/**
 * A journal that keeps everything in memory, for browsers and for what lives shorter than its payments. It keeps every
 * promise of a {@link Journal} but the durable one: **when the page is closed or the process ends, it forgets**. A payment
 * that was not delivered by then cannot be resumed, and budgets begin anew. Nobody shares it: other tabs and other
 * processes do not see it.
 *
 * @example
 * ```ts
 * import { createMemoryJournal } from '@farebox/wallet';
 *
 * const journal = createMemoryJournal();
 * console.log(journal.unfinished().length); // 0
 * ```
 */
export function createMemoryJournal(): Journal {
  return new MemoryJournal();
}

class MemoryJournal implements Journal {
  /** In the order in which they were begun. */
  readonly #rows = new Map<string, Columns>();
  readonly #count = new MemoryCount();

  plan(plan: PaymentPlan, nowMs: number): PlanResult {
    const known = this.#first('challenge_id', plan.challenge.id);
    if (known) return { ok: false, by: 'challenge', entry: known };
    const paid = this.#first('reference', plan.reference);
    if (paid) return { ok: false, by: 'reference', entry: paid };
    if (this.#rows.size >= memoryEntriesMax) {
      const message = `The journal in memory is full (${memoryEntriesMax} payments), so nothing is paid; prune it.`;
      throw new WalletError('journal_unavailable', message);
    }
    const over = this.#count.findOver(plan, nowMs);
    if (over) return { ok: false, by: 'budget', over };
    const id = `pay_${randomHex()}`;
    const step = { id, state: 'planned', owner, created_ms: nowMs, updated_ms: nowMs };
    return { ok: true, entry: this.#write(id, { ...emptyColumns, ...step, ...planColumns(plan) }, nowMs) };
  }

  replan(id: string, plan: PaymentPlan, nowMs: number): PlanResult {
    this.#expect(id, 'not-paid', 'planned');
    const over = this.#count.findOver(plan, nowMs, id);
    if (over) return { ok: false, by: 'budget', over };
    const step = { state: 'planned', updated_ms: nowMs, detail: null, paying_ms: null, presentations: 0 };
    return { ok: true, entry: this.#write(id, { ...step, ...planColumns(plan) }, nowMs) };
  }

  move(id: string, from: JournalState, to: JournalState, changes: EntryChanges, nowMs: number): JournalEntry {
    const before = this.#expect(id, from, to);
    return this.#write(id, moveColumns(to, before, changes, nowMs), nowMs);
  }

  settle(id: string, from: JournalState, settled: Settled, nowMs: number): JournalEntry {
    if (!isOpen(this.#inState(id, from)))
      throw new WalletError('journal_corrupt', `Payment ${id} is not one whose settlement is open.`);
    return this.#write(id, { ...changeColumns(settled), settlement: 'made', updated_ms: nowMs }, nowMs);
  }

  renew(id: string, nowMs: number): void {
    if (this.find(id)?.state === 'presented') this.#write(id, { updated_ms: nowMs }, nowMs);
  }

  findOver(plan: Pick<PaymentPlan, 'price' | 'maxFee' | 'budgets'>, nowMs: number): OverBudget | undefined {
    return this.#count.findOver(plan, nowMs);
  }

  standing(budgets: readonly Budget[], nowMs: number): readonly BudgetStanding[] {
    return budgets.map((budget) => this.#count.standing(budget, nowMs));
  }

  find(id: string): JournalEntry | undefined {
    const row = this.#rows.get(id);
    return row && readRow(row);
  }

  findByReference(reference: string): JournalEntry | undefined {
    return this.#first('reference', reference);
  }

  list(options: JournalFilter & { readonly limit?: number } = {}): readonly JournalEntry[] {
    return [...this.each(options)].slice(0, options.limit ?? listLimit);
  }

  each({ sinceMs, untilMs, host, method, states, outcomes }: JournalFilter = {}): Iterable<JournalEntry> {
    return this.#all()
      .filter((entry) => sinceMs === undefined || entry.createdMs >= sinceMs)
      .filter((entry) => untilMs === undefined || entry.createdMs < untilMs)
      .filter((entry) => host === undefined || hostIn(entry) === host.toLowerCase())
      .filter((entry) => method === undefined || entry.challenge.method === method)
      .filter(
        (entry) =>
          (states === undefined && outcomes === undefined) ||
          states?.includes(entry.state) ||
          outcomes?.includes(outcomeIn(entry)),
      )
      .sort((a, b) => b.createdMs - a.createdMs || order(a, b));
  }

  unfinished(): readonly JournalEntry[] {
    return this.#oldestFirst(isUnfinished);
  }

  credits(fingerprint: string): readonly JournalEntry[] {
    return this.#oldestFirst(({ state, request }) => {
      const { unfinished, spent } = stateTable[state];
      return unfinished && spent === 'yes' && request?.fingerprint === fingerprint;
    });
  }

  prune(retention: Retention, nowMs: number): number {
    const finishedBefore = nowMs - Math.max(retention.finishedMs, leastRetentionMs);
    const creditBefore = nowMs - Math.max(retention.creditMs, leastRetentionMs);
    const old = this.#all().filter((entry) => {
      const { unfinished, payload } = stateTable[entry.state];
      const latest = Math.max(entry.updatedMs, entry.expiresMs);
      if (!unfinished) return latest < finishedBefore;
      return payload === 'held' && entry.settlement !== 'open' && latest < creditBefore;
    });
    for (const { id } of old) {
      this.#rows.delete(id);
      this.#count.drop(id);
    }
    return old.length;
  }

  /** Whoever can see this journal is the one that wrote it. */
  ownerIsGone(): boolean {
    return false;
  }

  isOwn(): boolean {
    return true;
  }

  close(): void {}

  /** Checked before it is kept: a row that breaks the table is refused, not found later. */
  #write(id: string, columns: Columns, nowMs: number): JournalEntry {
    const row = { ...this.#rows.get(id), ...columns };
    const entry = readRow(row);
    assertEntry(entry);
    this.#rows.set(id, row);
    this.#count.recount(entry, nowMs);
    return entry;
  }

  #expect(id: string, from: JournalState, to: JournalState): JournalEntry {
    const entry = this.#inState(id, from);
    if (!mayFollow(from, to, entry.settlement))
      throw new WalletError('journal_corrupt', `A payment cannot go from ${from} to ${to}.`);
    return entry;
  }

  #inState(id: string, from: JournalState): JournalEntry {
    const entry = this.find(id);
    if (entry === undefined)
      throw new WalletError('payment_not_found', 'There is no such payment in the journal.');
    if (entry.state === from) return entry;
    const message = `Payment ${id} is ${entry.state} now: another wallet of this page changed it.`;
    throw new WalletError('state_changed', message, { paymentId: id });
  }

  #all(): JournalEntry[] {
    return [...this.#rows.values()].map(readRow);
  }

  #first(column: string, value: string): JournalEntry | undefined {
    for (const row of this.#rows.values()) if (row[column] === value) return readRow(row);
    return undefined;
  }

  #oldestFirst(wanted: (entry: JournalEntry) => boolean): readonly JournalEntry[] {
    return this.#all()
      .filter(wanted)
      .sort((a, b) => a.createdMs - b.createdMs || order(a, b));
  }
}

function hostIn({ request }: JournalEntry): string | undefined {
  return request && hostOf(request.url);
}

function order(a: JournalEntry, b: JournalEntry): number {
  return a.id < b.id ? -1 : 1;
}

function randomHex(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(idBytes));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
