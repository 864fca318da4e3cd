import type { JournalEntry } from './journal.js';
import { type Counted, countedHost, countedOf, neededBy, standingOf } from './journal-counted.js';
import type { Budget, BudgetStanding, OverBudget } from './policy/budget.js';

interface Row extends Counted {
  readonly payment: string;
  readonly atMs: number;
  readonly host: string | undefined;
  readonly method: string;
}

/** What the payments of a journal in memory take of the budgets: the same rules as those of the file. */
export class MemoryCount {
  #rows: Row[] = [];

  /**
   * Counts a payment anew. The moment that counts is the latest at which the money can have moved, and never goes
   * backwards: a clock that was put back frees nothing.
   */
  recount(entry: JournalEntry, nowMs: number): void {
    const before = this.#rows.filter(({ payment }) => payment === entry.id);
    const closed = before.length > 0 && before.every(({ open }) => !open);
    const latestMs = this.#rows.reduce((latest, { atMs }) => Math.max(latest, atMs), 0);
    const atMs =
      closed && entry.state !== 'paid'
        ? Math.max(...before.map((row) => row.atMs))
        : Math.max(nowMs, latestMs);
    this.drop(entry.id);
    const { method } = entry.challenge;
    const host = countedHost(entry);
    for (const counted of countedOf(entry)) {
      this.#rows.push({ ...counted, payment: entry.id, atMs, host, method });
    }
  }

  drop(payment: string): void {
    this.#rows = this.#rows.filter((row) => row.payment !== payment);
  }

  /** The first budget that has no room for a plan; `planned` is the payment that is planned again. */
  findOver(
    plan: Pick<JournalEntry, 'price' | 'maxFee'> & { readonly budgets?: readonly Budget[] },
    nowMs: number,
    planned?: string,
  ): OverBudget | undefined {
    for (const budget of plan.budgets ?? []) {
      const standing = this.standing(budget, nowMs, planned);
      const needed = neededBy(plan, budget);
      if (standing.spent + standing.reserved + needed <= standing.limit) continue;
      const roomMs = this.#room(standing, needed, nowMs, planned);
      return { standing, needed, ...(roomMs !== undefined && { roomMs }) };
    }
    return undefined;
  }

  standing(budget: Budget, nowMs: number, without?: string): BudgetStanding {
    const { currency } = standingOf(budget, 0n, 0n);
    const rows = this.#counting(budget, currency, nowMs, without);
    const total = (open: boolean) =>
      rows.filter((row) => row.open === open).reduce((sum, { amount }) => sum + amount, 0n);
    return standingOf(budget, total(false), total(true));
  }

  /** Everything that is open, and what was paid within the window; a moment in the future counts too. */
  #counting(
    { windowMs, host, method }: Budget,
    currency: string,
    nowMs: number,
    without: string | undefined,
  ): readonly Row[] {
    return this.#rows.filter(
      (row) =>
        row.currency === currency &&
        (row.open || (row.atMs > nowMs - windowMs && (row.untilMs === undefined || row.untilMs >= nowMs))) &&
        (host === undefined || row.host === host) &&
        (method === undefined || row.method === method) &&
        row.payment !== without,
    );
  }

  /** When enough of what was paid has left the window; undefined when only an open payment stands in the way. */
  #room(
    { budget, currency, limit, reserved, spent }: BudgetStanding,
    needed: bigint,
    nowMs: number,
    without: string | undefined,
  ): number | undefined {
    let excess = spent + reserved + needed - limit;
    if (needed + reserved > limit) return undefined;
    const rows = this.#counting(budget, currency, nowMs, without).filter(({ open }) => !open);
    for (const row of [...rows].sort((a, b) => a.atMs - b.atMs)) {
      excess -= row.amount;
      if (excess <= 0n) return row.atMs + budget.windowMs;
    }
    return undefined;
  }
}
