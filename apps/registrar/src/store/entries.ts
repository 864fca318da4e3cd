import { amount, type Sql, text } from './database.js';

/** Millionths of a dollar: what balances are kept in. */
export const usdMicrosCurrency = 'usd-micros';

/** One line of the registrar's own books: what came to an account (positive) or left it. */
export interface EntryLine {
  /** `payment:tempo`, `sales:register`, `balance:agt_…`, `reserved`, `converted`, `gift`. */
  readonly account: string;
  readonly currency: string;
  readonly amount: bigint;
}

/**
 * Books one step of an order, once. Each currency's lines come to nothing: what arrives somewhere has left somewhere else.
 *
 * @param first the number of the first line: after those of the order's earlier steps
 * @throws Error for lines that do not balance; the transaction goes with it
 */
export async function book(
  sql: Sql,
  purchase: string,
  lines: readonly EntryLine[],
  nowMs: number,
  first = 0,
): Promise<void> {
  const sums = new Map<string, bigint>();
  for (const { currency, amount: each } of lines) sums.set(currency, (sums.get(currency) ?? 0n) + each);
  if ([...sums.values()].some((sum) => sum !== 0n)) throw new Error('The entries do not balance.');
  for (const [line, { account, currency, amount: each }] of lines.entries()) {
    await sql.run(
      'INSERT INTO entry (purchase, line, account, currency, amount, at_ms) VALUES (?, ?, ?, ?, ?, ?)',
      [purchase, first + line, account, currency, each, nowMs],
    );
  }
}

/** The account of an agent's prepaid balance. */
export function balanceAccount(agent: string): string {
  return `balance:${agent}`;
}

/** What has left a balance for orders whose outcome is not known. */
export const reservedAccount = 'reserved';

/** Takes what an order costs off a balance before the registry is asked: nothing of it can be spent a second time. */
export function reserve(
  sql: Sql,
  purchase: string,
  agent: string,
  usdMicros: bigint,
  nowMs: number,
): Promise<void> {
  const currency = usdMicrosCurrency;
  const lines = [
    { account: balanceAccount(agent), currency, amount: -usdMicros },
    { account: reservedAccount, currency, amount: usdMicros },
  ];
  return book(sql, purchase, lines, nowMs);
}

/** How many lines of an order have {@link reserve}d what it costs; 0: nothing is reserved. */
export async function reservedLines(sql: Sql, purchase: string): Promise<number> {
  const rows = await sql.all('SELECT account FROM entry WHERE purchase = ?', [purchase]);
  return rows.some((row) => text(row, 'account') === reservedAccount) ? rows.length : 0;
}

/** An agent's prepaid balance, in millionths of a dollar. */
export async function balanceOf(sql: Sql, agent: string): Promise<bigint> {
  const [row] = await sql.all(
    'SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) AS balance FROM entry WHERE account = ? AND currency = ?',
    [balanceAccount(agent), usdMicrosCurrency],
  );
  return row === undefined ? 0n : amount(row, 'balance');
}

/** Every account with what is on it, for audits. Those of agents are put together as `balance`. */
export async function accountSums(
  sql: Sql,
): Promise<readonly { readonly account: string; readonly currency: string; readonly amount: bigint }[]> {
  const rows = await sql.all(
    `SELECT CASE WHEN account LIKE 'balance:%' THEN 'balance' ELSE account END AS name, currency,
       CAST(SUM(amount) AS BIGINT) AS total FROM entry GROUP BY 1, 2 ORDER BY 1, 2`,
  );
  return rows.map((row) => ({
    account: text(row, 'name'),
    currency: text(row, 'currency'),
    amount: amount(row, 'total'),
  }));
}
