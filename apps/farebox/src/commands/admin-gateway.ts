import type { Command } from 'commander';
import { findAdmin } from '../keys/admin-client.js';
import { type JsonColumn, rowsOf, writeTable } from '../keys/admin-table.js';
import { createOutput, table } from '../output.js';
import { type AdminOptions, withAdminOptions } from './admin-options.js';

/** Keys that are asked for at a time. */
const pageKeys = 500;

/** Adds `farebox admin state`, `routes` and `keys`. */
export function registerAdminGateway(admin: Command): void {
  const state = admin.command('state').description('how the gateway, its ledger, node and upstreams stand');
  withAdminOptions(state).addHelpText('after', stateHelp).action(tellState);
  const routes = admin
    .command('routes')
    .description('the routes in force, and what was counted since the start');
  withAdminOptions(routes).addHelpText('after', routesHelp).action(tellRoutes);
  const keys = admin.command('keys').description('the keys, oldest first');
  withAdminOptions(keys).addHelpText('after', keysHelp).action(tellKeys);
}

const stateHelp = `
Examples:
  farebox admin state
  farebox admin state --json | jq -r .status`;
const routesHelp = `
Examples:
  farebox admin routes
  farebox admin routes --url http://10.0.0.5:8403 --token-file admin.token`;
const keysHelp = `
Examples:
  farebox admin keys
  farebox admin keys --json | jq -r '.keys[] | select(.state == "active") | .name'`;

async function tellState(options: AdminOptions): Promise<void> {
  const output = createOutput({ json: options.json ?? false });
  const { url, get } = await findAdmin(options);
  const state = await get('/v1/state');
  if (output.json) {
    output.object({ ok: true, ...state });
    return;
  }
  const rows = Object.entries(state).map(
    ([name, value]) => [name, typeof value === 'object' ? JSON.stringify(value) : String(value)] as const,
  );
  output.text(`${url}\n${table(rows, output.color)}`);
}

const priceOf = (row: Readonly<Record<string, unknown>>): string =>
  rowsOf(row, 'prices')
    .map(({ amount, currency }) => `${amount} ${currency}`)
    .join(' or ');

const count = (name: string) => (row: Readonly<Record<string, unknown>>) =>
  typeof row.counts === 'object' && row.counts !== null
    ? Object.entries(row.counts).find(([key]) => key === name)?.[1]
    : 0;

const routeColumns: readonly JsonColumn[] = [
  { title: 'route', of: ({ match }) => match },
  { title: 'mode', of: ({ mode }) => mode },
  { title: 'price', of: priceOf },
  { title: 'upstream', of: ({ upstream }) => upstream },
  { title: 'challenges', of: count('challenges'), right: true },
  { title: 'deliveries', of: count('deliveries'), right: true },
  { title: 'credits', of: count('credits'), right: true },
];

async function tellRoutes(options: AdminOptions): Promise<void> {
  const output = createOutput({ json: options.json ?? false });
  const answer = await (await findAdmin(options)).get('/v1/routes');
  if (output.json) output.object({ ok: true, ...answer });
  else writeTable(output, routeColumns, rowsOf(answer, 'routes'));
}

const keyColumns: readonly JsonColumn[] = [
  { title: 'id', of: ({ id }) => id },
  { title: 'begins with', of: ({ shown }) => shown },
  { title: 'state', of: ({ state }) => state },
  { title: 'plan', of: ({ plan }) => plan },
  { title: 'expires', of: ({ expires }) => expires },
  { title: 'last used', of: ({ lastUsed }) => lastUsed },
  { title: 'name', of: ({ name }) => name },
];

async function tellKeys(options: AdminOptions): Promise<void> {
  const output = createOutput({ json: options.json ?? false });
  const { get } = await findAdmin(options);
  const keys: Record<string, unknown>[] = [];
  for (let after = ''; ; ) {
    const page = await get(`/v1/keys?limit=${pageKeys}${after}`);
    keys.push(...rowsOf(page, 'keys'));
    if (typeof page.next !== 'string') break;
    after = `&after=${encodeURIComponent(page.next)}`;
  }
  if (output.json) output.object({ ok: true, keys });
  else writeTable(output, keyColumns, keys);
}
