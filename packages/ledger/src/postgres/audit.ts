import { ACCOUNT_OF_STATE, ACCOUNTS, type Account, type BooksFault, MOVEMENTS } from '../books.js';
import type { ClaimState } from '../transitions.js';

/** Whose accounts: sums are kept apart by all three. */
export interface Owner {
  readonly method: string;
  readonly currency: string;
  readonly route: string;
}

/** What the claims in one state sum up to. */
export interface StateSum extends Owner {
  readonly state: ClaimState;
  readonly amount: bigint;
}

/** What one movement sums up to; its number as in `MOVEMENTS`, from 1. */
export interface NumberSum extends Owner {
  readonly number: number;
  readonly amount: bigint;
}

interface Balance extends Owner {
  readonly booked: Map<Account, bigint>;
  readonly claimed: Map<Account, bigint>;
}

/**
 * Compares the books with the claims, those that were removed included: every account, for every method, currency and
 * route. `received` is what came in, all else is what stands in credit.
 */
export function compareBooks(movements: readonly NumberSum[], claims: readonly StateSum[]): BooksFault[] {
  const balances = new Map<string, Balance>();
  const balanceOf = ({ method, currency, route }: Owner): Balance => {
    const name = JSON.stringify([method, currency, route]);
    const balance = balances.get(name) ?? { method, currency, route, booked: new Map(), claimed: new Map() };
    balances.set(name, balance);
    return balance;
  };
  for (const sum of movements) {
    const movement = MOVEMENTS[sum.number - 1];
    if (movement === undefined)
      throw new RangeError(`The books hold a movement that there is not: ${sum.number}.`);
    const { booked } = balanceOf(sum);
    add(booked, movement.debit, movement.debit === 'received' ? sum.amount : -sum.amount);
    add(booked, movement.credit, sum.amount);
  }
  for (const sum of claims) {
    const { claimed } = balanceOf(sum);
    add(claimed, 'received', sum.amount);
    add(claimed, ACCOUNT_OF_STATE[sum.state], sum.amount);
  }
  return [...balances.values()].flatMap(faultsOf);
}

function faultsOf({ method, currency, route, booked, claimed }: Balance): BooksFault[] {
  return ACCOUNTS.flatMap((account) => {
    const sums = { booked: booked.get(account) ?? 0n, claimed: claimed.get(account) ?? 0n };
    return sums.booked === sums.claimed ? [] : [{ method, currency, route, account, ...sums }];
  });
}

function add(sums: Map<Account, bigint>, account: Account, amount: bigint): void {
  sums.set(account, (sums.get(account) ?? 0n) + amount);
}
