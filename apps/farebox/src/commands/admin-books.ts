import { type Command, InvalidArgumentError } from 'commander';
import { usageError } from '../cli-error.js';
import { findAdmin } from '../keys/admin-client.js';
import { type JsonColumn, rowsOf, writeTable } from '../keys/admin-table.js';
import { isoTime, parseMoment } from '../ledger/moments.js';
import { createOutput } from '../output.js';
import { type AdminOptions, withAdminOptions } from './admin-options.js';
import { withPeriodOptions, withPlaceOptions } from './ledger-options.js';

interface BooksOptions extends AdminOptions {
  readonly from?: string;
  readonly until?: string;
  readonly route?: string;
  readonly method?: string;
}

interface ClaimsOptions extends BooksOptions {
  readonly state?: string;
  readonly after?: string;
  readonly limit: string;
}

/** Adds `farebox admin claims` and `farebox admin revenue`. */
export function registerAdminBooks(admin: Command): void {
  const claims = admin
    .command('claims')
    .argument('[claim]', 'one claim, by its number, challenge id or payment reference')
    .description('claims in the order in which they were presented, a page at a time')
    .option('--state <states>', 'only claims in these states, with commas between')
    .option('--after <number>', 'only claims after this one', readCount)
    .option('--limit <count>', 'most claims of the page, up to 500', readCount, '100');
  withAdminOptions(withPlaceOptions(withPeriodOptions(claims)))
    .addHelpText('after', claimsHelp)
    .action(tellClaims);
  const revenue = admin
    .command('revenue')
    .description('what was received and what became of it, by route and time')
    .option('--by <stretch>', 'hour, day, month or total', 'total');
  withAdminOptions(withPlaceOptions(withPeriodOptions(revenue)))
    .addHelpText('after', revenueHelp)
    .action(tellRevenue);
}

const claimsHelp = `
Examples:
  farebox admin claims --state released,unknown
  farebox admin claims 12
  farebox admin claims --from 24h --limit 500 --json`;
const revenueHelp = `
Examples:
  farebox admin revenue --by day --from 7d
  farebox admin revenue --route 'GET /v1/bitcoin/*' --json`;

function readCount(text: string): string {
  if (!/^[0-9]{1,15}$/.test(text)) throw new InvalidArgumentError('Write a whole number.');
  return text;
}

const claimColumns: readonly JsonColumn[] = [
  { title: 'claim', of: ({ claim }) => claim, right: true },
  { title: 'presented', of: ({ created }) => created },
  { title: 'state', of: ({ state }) => state },
  { title: 'amount', of: ({ amount, currency }) => `${amount} ${currency}`, right: true },
  { title: 'method', of: ({ method }) => method },
  { title: 'resource', of: ({ resource }) => resource },
];

async function tellClaims(name: string | undefined, options: ClaimsOptions): Promise<void> {
  const output = createOutput({ json: options.json ?? false });
  const { get } = await findAdmin(options);
  if (name !== undefined) {
    const claim = await get(`/v1/claims/${encodeURIComponent(name)}`);
    if (output.json) output.object({ ok: true, ...claim });
    else writeTable(output, claimColumns, [claim]);
    return;
  }
  const { state, after, limit } = options;
  const answer = await get(`/v1/claims?${queryOf(options, { state, after, limit })}`);
  if (output.json) {
    output.object({ ok: true, ...answer });
    return;
  }
  writeTable(output, claimColumns, rowsOf(answer, 'claims'));
  if (answer.next !== null) output.remark(`There are more: --after ${String(answer.next)}`);
}

const revenueColumns: readonly JsonColumn[] = [
  { title: 'from', of: ({ start }) => start },
  { title: 'route', of: ({ route }) => route },
  { title: 'method', of: ({ method }) => method },
  { title: 'currency', of: ({ currency }) => currency },
  { title: 'payments', of: ({ payments }) => payments, right: true },
  { title: 'received', of: ({ received }) => received, right: true },
  { title: 'revenue', of: ({ revenue }) => revenue, right: true },
  { title: 'owed', of: ({ owed }) => owed, right: true },
  { title: 'breakage', of: ({ breakage }) => breakage, right: true },
  { title: 'refunds', of: ({ refunds }) => refunds, right: true },
];

async function tellRevenue(options: BooksOptions & { readonly by: string }): Promise<void> {
  const output = createOutput({ json: options.json ?? false });
  const { get } = await findAdmin(options);
  const answer = await get(`/v1/revenue?${queryOf(options, { by: options.by })}`);
  if (output.json) output.object({ ok: true, ...answer });
  else writeTable(output, revenueColumns, rowsOf(answer, 'rows'));
}

function queryOf(options: BooksOptions, more: Readonly<Record<string, string | undefined>>): URLSearchParams {
  const nowMs = Date.now();
  const { route, method } = options;
  const [from, until] = [moment('--from', options.from, nowMs), moment('--until', options.until, nowMs)];
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...more, from, until, route, method }))
    if (value !== undefined) query.set(name, value);
  return query;
}

function moment(option: string, text: string | undefined, nowMs: number): string | undefined {
  if (text === undefined) return undefined;
  const ms = parseMoment(text, nowMs);
  if (ms === undefined)
    throw usageError(
      `${option} is a date (2026-01-31), a time (2026-01-31T12:00, UTC) or a duration for that long ago (24h).`,
    );
  return isoTime(ms);
}
