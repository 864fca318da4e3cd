import { existsSync } from 'node:fs';
import type { Budget, BudgetStanding } from '@farebox/wallet';
import type { Home } from '../home.js';

/** How budgets stand now. Where there is no journal, nothing has been spent, and none is made for the question. */
export async function readStandings(
  home: Home,
  budgets: readonly Budget[],
): Promise<readonly BudgetStanding[]> {
  if (!existsSync(home.journal)) {
    const { finest } = await import('@farebox/wallet');
    return budgets.map((budget) => {
      const { currency, amount: limit } = finest(budget.limit);
      return { budget, currency, limit, spent: 0n, reserved: 0n, left: limit };
    });
  }
  const { openJournal } = await import('@farebox/wallet/journal-sqlite');
  const journal = openJournal({ path: home.journal });
  try {
    return journal.standing(budgets, Date.now());
  } finally {
    journal.close();
  }
}
