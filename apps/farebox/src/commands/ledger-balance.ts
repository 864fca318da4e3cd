import type { BooksFilter, LedgerReader } from '@farebox/ledger';
import type { Command } from 'commander';
import { BalanceSheet, type MethodBalance } from '../ledger/balance.js';
import { fitted, tableLine, titleLine } from '../ledger/columns.js';
import { isoTime, showPeriod } from '../ledger/moments.js';
import { withReader } from '../ledger/open.js';
import { printable } from '../ledger/printable.js';
import { createProgress } from '../ledger/progress.js';
import { findTarget } from '../ledger/source.js';
import { showTarget } from '../ledger/target.js';
import { viewBalance } from '../ledger/views.js';
import { createOutput, type Output } from '../output.js';
import {
  type FilterOptions,
  type LedgerOptions,
  readFilter,
  withPeriodOptions,
  withPlaceOptions,
  withSourceOptions,
} from './ledger-options.js';

/** Adds `farebox ledger balance`. */
export function registerLedgerBalance(ledger: Command): void {
  const command = ledger
    .command('balance')
    .description('what was received, and where it stands: owed, revenue by route, breakage, refunds')
    .option('--json', 'one JSON object on stdout');
  withPlaceOptions(withPeriodOptions(withSourceOptions(command)))
    .addHelpText(
      'after',
      `
Without a period it is the balance of the whole ledger, also of claims that were removed since. With one it is what moved
within that period, from the entries that are still kept; an account can then be negative (a credit of last month that
was delivered in this one takes from what is owed).

Examples:
  farebox ledger balance
  farebox ledger balance --from 2026-01-01 --until 2026-02-01
  farebox ledger balance --ledger sqlite:farebox.db --json | jq '.balances[].owed'`,
    )
    .action(run);
}

async function run(options: LedgerOptions & FilterOptions): Promise<void> {
  const output = createOutput({ json: options.json ?? false });
  const filter = readFilter(options, Date.now());
  const target = await findTarget(options);
  const balances = await withReader(target, (reader) => readBalances(reader, filter));
  if (output.json) {
    output.object({
      ok: true,
      ledger: showTarget(target),
      from: filter.fromMs === undefined ? null : isoTime(filter.fromMs),
      until: filter.untilMs === undefined ? null : isoTime(filter.untilMs),
      balances: balances.map(viewBalance),
    });
    return;
  }
  output.text(`${showTarget(target)}, ${showPeriod(filter)} (UTC)`);
  if (balances.length === 0) output.text('\nNothing was received.');
  for (const balance of balances) tell(balance, output);
}

async function readBalances(reader: LedgerReader, filter: BooksFilter): Promise<readonly MethodBalance[]> {
  const { fromMs, untilMs, route, method } = filter;
  const sheet = new BalanceSheet();
  if (fromMs === undefined && untilMs === undefined) {
    for (const total of await reader.movements()) {
      if (route !== undefined && total.route !== route) continue;
      if (method === undefined || total.method === method) sheet.add(total);
    }
    return sheet.balances();
  }
  const progress = createProgress(process.stderr, 'entries', '');
  try {
    for await (const entry of reader.entries(filter)) {
      sheet.add({ ...entry, count: 1 });
      progress.step();
    }
  } finally {
    progress.end();
  }
  return sheet.balances();
}

const columns = [
  { title: 'route', width: 0 },
  { title: 'payments', width: 0, right: true },
  { title: 'received', width: 0, right: true },
  { title: 'owed', width: 0, right: true },
  { title: 'revenue', width: 0, right: true },
  { title: 'breakage', width: 0, right: true },
  { title: 'refunds', width: 0, right: true },
];

function tell(balance: MethodBalance, output: Output): void {
  const row = (name: string, of: Omit<MethodBalance, 'routes' | 'method' | 'currency'>) => [
    name,
    String(of.payments),
    ...[of.received, of.owed, of.revenue, of.breakage, of.refunds].map(String),
  ];
  const rows = [...balance.routes.map((route) => row(printable(route.route), route)), row('total', balance)];
  const fit = fitted(columns, rows);
  const lines = rows.map((cells) => `  ${tableLine(fit, cells)}`).join('');
  output.text(
    `\n${output.color.bold(`${printable(balance.method)}, in ${printable(balance.currency)}`)}\n  ${output.color.dim(titleLine(fit).trimEnd())}\n${lines.trimEnd()}`,
  );
}
