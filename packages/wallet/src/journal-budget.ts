import type { JournalEntry } from './journal.js';
import { countedHost, countedOf, neededBy, standingOf } from './journal-counted.js';
import type { Connection } from './journal-file.js';
import { all, marks, type Query } from './journal-query.js';
import type { SqlValue } from './journal-row.js';
import type { Budget, BudgetStanding, OverBudget } from './policy/budget.js';
import { ownerIsGone } from './process-owner.js';

/** What a budget is counted over. */
interface Scope {
  readonly nowMs: number;
  /** Payments that are left out: one that is being planned again, and plans of processes that have died. */
  readonly without: readonly string[];
}

/**
 * Writes what a payment takes of the budgets now, in the transaction that changes the payment.
 *
 * The moment that counts is the latest at which the money can have moved, so it is set anew while the payment is open and
 * by the step that closes it. It never goes backwards: a clock that was put back does not make anything look older than
 * what is in the journal already.
 */
export function recount(db: Connection, entry: JournalEntry, nowMs: number): void {
  // As the table has them.
  const before = db.prepare('SELECT open, at_ms FROM counted WHERE payment = ?').all([entry.id]) as {
    open: number;
    at_ms: number;
  }[];
  const closed = before.length > 0 && before.every(({ open }) => open === 0);
  // `paid` is entered once, and last from `not-paid`, when a node has corrected itself.
  const atMs =
    closed && entry.state !== 'paid' ? Math.max(...before.map((row) => row.at_ms)) : stamp(db, nowMs);
  db.prepare('DELETE FROM counted WHERE payment = ?').run([entry.id]);
  for (const { currency, amount, open, untilMs } of countedOf(entry)) {
    const columns = {
      payment: entry.id,
      currency,
      amount: String(amount),
      at_ms: atMs,
      open: open ? 1 : 0,
      until_ms: untilMs ?? null,
      host: countedHost(entry) ?? null,
      method: entry.challenge.method,
    };
    const names = Object.keys(columns);
    const sql = `INSERT INTO counted (${names.join(', ')}) VALUES (${marks(names)})`;
    db.prepare(sql).run(Object.values(columns));
  }
}

/** Now, or the latest moment of the journal where that is later. */
function stamp(db: Connection, nowMs: number): number {
  // One row with one number, or null where there is nothing.
  const row = db.prepare('SELECT max(at_ms) AS latest FROM counted').get() as { latest: number | null };
  return Math.max(nowMs, row.latest ?? 0);
}

/** The first budget that has no room for a plan; undefined when all have. */
export function findOverBudget(
  db: Connection,
  plan: Pick<JournalEntry, 'price' | 'maxFee'> & { readonly budgets?: readonly Budget[] },
  nowMs: number,
  planned?: string,
): OverBudget | undefined {
  const { budgets = [] } = plan;
  if (budgets.length === 0) return undefined;
  const scope = { nowMs, without: [...deadPlans(db), ...(planned === undefined ? [] : [planned])] };
  for (const budget of budgets) {
    const standing = standingIn(db, budget, scope);
    const needed = neededBy(plan, budget);
    if (standing.spent + standing.reserved + needed <= standing.limit) continue;
    const roomMs = findRoom(db, standing, needed, scope);
    return { standing, needed, ...(roomMs !== undefined && { roomMs }) };
  }
  return undefined;
}

/** How budgets stand. */
export function standings(
  db: Connection,
  budgets: readonly Budget[],
  nowMs: number,
): readonly BudgetStanding[] {
  const scope = { nowMs, without: deadPlans(db) };
  return budgets.map((budget) => standingIn(db, budget, scope));
}

/**
 * Plans whose process has died: `paying` was never written, so nobody was asked and nobody ever will be. They take
 * nothing, although nobody has cleared them away yet.
 */
function deadPlans(db: Connection): readonly string[] {
  // Both columns are text and never null.
  const rows = db.prepare(`SELECT id, owner FROM payment WHERE state = 'planned'`).all([]) as {
    id: string;
    owner: string;
  }[];
  return rows.filter(({ owner }) => ownerIsGone(owner)).map(({ id }) => id);
}

function standingIn(db: Connection, budget: Budget, scope: Scope): BudgetStanding {
  const { currency } = standingOf(budget, 0n, 0n);
  // As text: a sum can be larger than what a number holds exactly. Beyond 63 bits SQLite refuses to add up.
  const total = ({ where, values }: Query) => {
    const sql = `SELECT CAST(sum(CAST(amount AS INTEGER)) AS TEXT) AS total FROM counted WHERE ${where}`;
    // One row; null where there is nothing.
    return BigInt((db.prepare(sql).get(values) as { total: string | null }).total ?? '0');
  };
  const spent = total(conditions(budget, currency, scope, 'spent'));
  return standingOf(budget, spent, total(conditions(budget, currency, scope, 'reserved')));
}

/**
 * What counts: everything that is open, and what was paid within the window. A moment in the future counts too, so that a
 * clock that was put back frees nothing.
 */
function conditions(
  { windowMs, host, method }: Budget,
  currency: string,
  { nowMs, without }: Scope,
  kind: 'spent' | 'reserved',
): Query {
  const parts: (readonly [string, ...SqlValue[]])[] = [['currency = ?', currency]];
  if (kind === 'reserved') parts.push(['open = 1']);
  else
    parts.push(['open = 0 AND at_ms > ?', nowMs - windowMs], ['(until_ms IS NULL OR until_ms >= ?)', nowMs]);
  if (host !== undefined) parts.push(['host = ?', host]);
  if (method !== undefined) parts.push(['method = ?', method]);
  // One mark for the whole list: there is a limit of marks.
  if (without.length > 0)
    parts.push(['payment NOT IN (SELECT value FROM json_each(?))', JSON.stringify(without)]);
  return all(parts);
}

/** When enough of what was paid has left the window; undefined when only a payment that is open stands in the way. */
function findRoom(
  db: Connection,
  { budget, currency, limit, reserved, spent }: BudgetStanding,
  needed: bigint,
  scope: Scope,
): number | undefined {
  let excess = spent + reserved + needed - limit;
  if (needed + reserved > limit) return undefined;
  const { where, values } = conditions(budget, currency, scope, 'spent');
  // Both columns are as the table has them.
  const rows = db.prepare(`SELECT amount, at_ms FROM counted WHERE ${where} ORDER BY at_ms`).all(values) as {
    amount: string;
    at_ms: number;
  }[];
  for (const row of rows) {
    excess -= BigInt(row.amount);
    if (excess <= 0n) return row.at_ms + budget.windowMs;
  }
  return undefined;
}
