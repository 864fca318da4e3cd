import type { Claim, ClaimState, Entry } from '@farebox/ledger';
import { formatAmount } from '@farebox/protocol';
import type { Command } from 'commander';
import type { Column } from '../ledger/columns.js';
import { type ListRow, writeList } from '../ledger/list.js';
import { showPeriod, showTime } from '../ledger/moments.js';
import { withReader } from '../ledger/open.js';
import { printable } from '../ledger/printable.js';
import { createProgress } from '../ledger/progress.js';
import { streamSink } from '../ledger/sink.js';
import { findTarget } from '../ledger/source.js';
import { showTarget } from '../ledger/target.js';
import { viewClaim, viewEntry } from '../ledger/views.js';
import { createOutput } from '../output.js';
import {
  type FilterOptions,
  type LedgerOptions,
  readFilter,
  withPeriodOptions,
  withPlaceOptions,
  withSourceOptions,
  withStateOption,
} from './ledger-options.js';

/** The states, in the order of a claim's life. A test holds them against the ledger's own list. */
export const claimStateNames = [
  'claimed',
  'unknown',
  'released',
  'delivered',
  'cut',
  'answered',
  'expired',
  'refunded',
] as const satisfies readonly ClaimState[];

/** Adds `farebox ledger entries` and `farebox ledger claims`. */
export function registerLedgerLists(ledger: Command): void {
  const entries = ledger
    .command('entries')
    .description('the entries of the books, in the order in which they were made')
    .option('--json', 'JSON Lines on stdout: one entry a line');
  withPlaceOptions(withPeriodOptions(withSourceOptions(entries)))
    .addHelpText(
      'after',
      `
An entry moves the whole amount of one claim from one account to another.

Examples:
  farebox ledger entries --from 24h
  farebox ledger entries --route 'GET /v1/bitcoin/*' --json | jq -r .amount`,
    )
    .action((options: LedgerOptions & FilterOptions) => list(options, 'entries'));
  const claims = ledger
    .command('claims')
    .description('the claims, oldest first: every payment that was presented, and its state')
    .option('--json', 'JSON Lines on stdout: one claim a line');
  withStateOption(withPlaceOptions(withPeriodOptions(withSourceOptions(claims))), claimStateNames)
    .addHelpText(
      'after',
      `
States: ${claimStateNames.join(', ')}. A period is about when a payment was first presented.

Examples:
  farebox ledger claims --from 24h
  farebox ledger claims --state released,unknown --json | jq -r .claim`,
    )
    .action((options: LedgerOptions & FilterOptions) => list(options, 'claims'));
}

const entryColumns: readonly Column[] = [
  { title: 'time (UTC)', width: 20 },
  { title: 'claim', width: 8, right: true },
  { title: 'amount', width: 14, right: true },
  { title: 'from → to', width: 19 },
  { title: 'method', width: 9 },
  { title: 'route', width: 0 },
];

const claimColumns: readonly Column[] = [
  { title: 'claim', width: 8, right: true },
  { title: 'presented (UTC)', width: 20 },
  { title: 'state', width: 9 },
  { title: 'amount', width: 14, right: true },
  { title: 'method', width: 9 },
  { title: 'resource', width: 0 },
];

async function list(options: LedgerOptions & FilterOptions, what: 'entries' | 'claims'): Promise<void> {
  const output = createOutput({ json: options.json ?? false });
  const filter = readFilter(options, Date.now());
  const target = await findTarget(options);
  await withReader(target, async (reader) => {
    // On a terminal the rows themselves are the progress.
    const stream = { isTTY: process.stderr.isTTY && !process.stdout.isTTY, write: writeToStderr };
    await writeList(
      what === 'entries' ? entryRows(reader.entries(filter)) : claimRows(reader.claims(filter)),
      {
        output,
        columns: what === 'entries' ? entryColumns : claimColumns,
        what,
        title: `${showTarget(target)}, ${showPeriod(filter)} (UTC)`,
        sink: streamSink(process.stdout),
        progress: createProgress(stream, what, `in a ledger of about ${await reader.size()} claims`),
      },
    );
  });
}

function writeToStderr(text: string): void {
  process.stderr.write(text);
}

async function* entryRows(entries: AsyncIterable<Entry>): AsyncGenerator<ListRow> {
  for await (const entry of entries) {
    const { atMs, seq, debit, credit, method, route, amount } = entry;
    const movement = `${debit} → ${credit}`;
    const cells = [showTime(atMs), String(seq), formatAmount(amount), movement, method, printable(route)];
    yield { cells, view: viewEntry(entry), kind: `${method}, ${movement}`, amount };
  }
}

async function* claimRows(claims: AsyncIterable<Claim>): AsyncGenerator<ListRow> {
  for await (const claim of claims) {
    const { seq, createdMs, state, paid, method, resource } = claim;
    const cells = [String(seq), showTime(createdMs), state, formatAmount(paid), method, printable(resource)];
    yield { cells, view: viewClaim(claim), kind: `${method}, ${state}`, amount: paid };
  }
}
