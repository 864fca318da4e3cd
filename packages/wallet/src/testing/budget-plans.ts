import type { Journal, PaymentPlan, PlanResult } from '../journal.js';
import type { Budget } from '../policy/budget.js';

/** Milliseconds. */
export const hour = 3_600_000;
/** When the tests begin, milliseconds since the epoch. */
export const start = 1_900_000_000_000;
/** Satoshis. */
export const sat = (amount: bigint) => ({ amount, currency: 'sat' });
/** Their thousandths. */
export const msat = (amount: bigint) => ({ amount, currency: 'msat' });
/** A budget of so many satoshis within 24 hours. */
export const day = (limit: bigint, more: Partial<Budget> = {}): Budget => ({
  rule: 'limits.day',
  windowMs: 24 * hour,
  limit: sat(limit),
  ...more,
});

let count = 0;

/** A payment of 10 sat with a fee cap of 2. */
export function plan(
  budgets: readonly Budget[],
  changes: Partial<PaymentPlan> & { url?: string } = {},
): PaymentPlan {
  count += 1;
  const { url = 'https://api.example.com/v1/price', ...others } = changes;
  return {
    request: {
      url,
      method: 'GET',
      headers: [],
      withheld: [],
      fingerprint: 'f',
      credentialHeader: 'authorization',
    },
    challenge: { id: `c${count}`, realm: 'r', method: 'lightning', intent: 'charge', request: 'e30' },
    price: sat(10n),
    maxFee: sat(2n),
    payee: '02',
    network: 'regtest',
    reference: `hash${count}`,
    expiresMs: start + 60_000,
    payDeadlineMs: start + 60_000,
    budgets,
    ...others,
  };
}

/** The payment that was planned. */
export function idOf(result: PlanResult): string {
  if (!result.ok) throw new Error('not planned');
  return result.entry.id;
}

/** Pays: 10 sat and so much in fees. */
export function pay(
  journal: Journal,
  budgets: readonly Budget[],
  feeMsat: bigint,
  nowMs: number,
  changes: Parameters<typeof plan>[1] = {},
): string {
  const id = idOf(journal.plan(plan(budgets, changes), nowMs));
  journal.move(id, 'planned', 'paying', {}, nowMs);
  const paid = { payload: { preimage: 'x' }, paid: sat(10n), fee: msat(feeMsat) };
  journal.move(id, 'paying', 'paid', paid, nowMs);
  return id;
}

/** What was spent, what is held, what is left. */
export function standing(journal: Journal, budget: Budget, nowMs: number) {
  const [found] = journal.standing([budget], nowMs);
  return [found?.spent, found?.reserved, found?.left];
}
