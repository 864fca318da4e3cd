import { ACCOUNT_OF_STATE, ACCOUNTS, type Account, type BooksFault, type MovementTotal } from '../books.js';
import type { ClaimState } from '../transitions.js';

/** What the claims of one kind in one state sum up to. */
export interface StateSum {
  readonly method: string;
  readonly currency: string;
  readonly route: string;
  readonly state: ClaimState;
  readonly count: number;
  readonly amount: bigint;
}

interface Balances {
  readonly method: string;
  readonly currency: string;
  readonly route: string;
  readonly booked: Record<Account, bigint>;
  readonly claimed: Record<Account, bigint>;
}

/**
 * Compares the books with the claims; both must have been read at one moment.
 *
 * Every claim was entered once, and claims leave only when what they brought is no longer owed: so with fewer claims than
 * first entries, only `owed` can be compared.
 */
export function auditOf(
  movements: readonly MovementTotal[],
  sums: readonly StateSum[],
): { readonly faults: readonly BooksFault[]; readonly partial: boolean } {
  const balances = new Map<string, Balances>();
  const of = (method: string, currency: string, route: string): Balances => {
    const name = JSON.stringify([method, currency, route]);
    const known = balances.get(name) ?? { method, currency, route, booked: nothing(), claimed: nothing() };
    balances.set(name, known);
    return known;
  };
  let entered = 0;
  for (const { method, route, debit, credit, count, amount } of movements) {
    const { booked } = of(method, amount.currency, route);
    if (debit === 'received') entered += count;
    booked[debit] += debit === 'received' ? amount.amount : -amount.amount;
    booked[credit] += amount.amount;
  }
  let there = 0;
  for (const { method, currency, route, state, count, amount } of sums) {
    const { claimed } = of(method, currency, route);
    there += count;
    claimed.received += amount;
    claimed[ACCOUNT_OF_STATE[state]] += amount;
  }
  const partial = there < entered;
  const compared = partial ? (['owed'] as const) : ACCOUNTS;
  const faults: BooksFault[] = [];
  for (const { method, currency, route, booked, claimed } of balances.values()) {
    for (const account of compared) {
      if (booked[account] === claimed[account]) continue;
      const [says, is] = [booked[account], claimed[account]];
      faults.push({ method, currency, route, account, booked: says, claimed: is });
    }
  }
  return { faults, partial };
}

function nothing(): Record<Account, bigint> {
  return { received: 0n, owed: 0n, revenue: 0n, breakage: 0n, refunds: 0n };
}
