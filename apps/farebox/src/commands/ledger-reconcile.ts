import { formatAmount } from '@farebox/protocol';
import type { Command } from 'commander';
import { exitCodes } from '../exit-codes.js';
import { isoTime, showPeriod, showTime } from '../ledger/moments.js';
import { askNode, namedNode, settledPayments, withNode } from '../ledger/node-side.js';
import { withReader } from '../ledger/open.js';
import { findPresented, presentedPayments } from '../ledger/presented.js';
import { printable } from '../ledger/printable.js';
import { createProgress } from '../ledger/progress.js';
import {
  type Difference,
  type PresentedPayment,
  type ReconcileCounts,
  reconcile,
  type SettledPayment,
} from '../ledger/reconcile.js';
import { findTarget, readConfig } from '../ledger/source.js';
import { createOutput, type Output } from '../output.js';
import {
  type FilterOptions,
  type LedgerOptions,
  ledgerExitCodeHelp,
  readFilter,
  withPeriodOptions,
  withSourceOptions,
} from './ledger-options.js';

/** What is compared when nothing is said. */
const fromDefault = '30d';

/** Adds `farebox ledger reconcile`. */
export function registerLedgerReconcile(ledger: Command): void {
  const command = ledger
    .command('reconcile')
    .description('compares the ledger with the Lightning node and names every difference')
    .option('--json', 'JSON Lines on stdout: one difference a line, then one summary');
  withPeriodOptions(withSourceOptions(command), `${fromDefault}, for 30 days`)
    .addHelpText(
      'after',
      `
The node is the one of the configuration. Named are: invoices that settled and were never presented, payments that were
presented and that the node does not know or has not received, and amounts that differ. Reading moves nothing. Payments by
other methods (tempo) are counted as not compared: look at them on their chain, each reference is its transaction.

An invoice that was never presented may belong to a buyer who paid and has not come back, or to something else that this
node is paid for. Claims that the gateway has removed (redemption.keep_claims) cannot be compared: keep to a period within it.

Examples:
  farebox ledger reconcile
  farebox ledger reconcile --from 2026-01-01 --until 2026-02-01
  farebox ledger reconcile --from 24h --json | jq 'select(.type == "difference")'
${ledgerExitCodeHelp}`,
    )
    .action(run);
}

async function run(options: LedgerOptions & FilterOptions): Promise<void> {
  const output = createOutput({ json: options.json ?? false });
  const nowMs = Date.now();
  const filter = readFilter({ ...options, from: options.from ?? fromDefault }, nowMs);
  const { fromMs = 0, untilMs = nowMs + 1 } = filter;
  const config = namedNode((await readConfig(options.config)).node);
  const target = await findTarget(options);
  output.remark(`Comparing the ledger with the ${config.kind} node, ${showPeriod(filter)} (UTC) …`);
  const others = new Map<string, number>();
  const onOther = (method: string): unknown => others.set(method, (others.get(method) ?? 0) + 1);
  const counts = await withReader(target, (reader) =>
    withNode(config, async (node) => {
      const differences = reconcile({
        settled: settledPayments(node, fromMs, untilMs),
        presented: presentedPayments(reader, fromMs, untilMs, onOther),
        findPresented: (reference) => findPresented(reader, reference),
        findSettled: (reference) => askNode(node, reference),
        lists: (settledMs) => settledMs >= fromMs && settledMs < untilMs,
      });
      return tellAll(differences, output);
    }),
  );
  tellCounts(counts, others, { fromMs, untilMs }, output);
  if (counts.differences > 0) process.exitCode = exitCodes.failed;
}

async function tellAll(
  differences: AsyncGenerator<Difference, ReconcileCounts>,
  output: Output,
): Promise<ReconcileCounts> {
  const quiet = process.stdout.isTTY === true;
  const stream = {
    isTTY: process.stderr.isTTY && !quiet,
    write: (text: string) => process.stderr.write(text),
  };
  const progress = createProgress(stream, 'differences', '');
  try {
    for (;;) {
      const next = await differences.next();
      if (next.done === true) return next.value;
      progress.step();
      if (output.json) output.object({ type: 'difference', ...viewDifference(next.value) });
      else output.text(`  ${showDifference(next.value)}`);
    }
  } finally {
    progress.end();
  }
}

function tellCounts(
  counts: ReconcileCounts,
  others: ReadonlyMap<string, number>,
  period: { fromMs: number; untilMs: number },
  output: Output,
): void {
  const { settled, settledMsat, presented, differences } = counts;
  if (output.json) {
    output.object({
      type: 'summary',
      ok: differences === 0,
      from: isoTime(period.fromMs),
      until: isoTime(period.untilMs),
      settled,
      settledMsat: String(settledMsat),
      presented,
      differences,
      notCompared: Object.fromEntries(others),
    });
    return;
  }
  const seen = `${settled} settled (${formatAmount({ amount: settledMsat, currency: 'msat' })}), ${presented} presented`;
  output.text(
    differences === 0
      ? `They agree: ${seen}.`
      : `${seen}, ${differences} ${differences === 1 ? 'difference' : 'differences'}.`,
  );
  for (const [method, count] of others)
    output.text(
      `Not compared: ${count} ${count === 1 ? 'payment' : 'payments'} by ${printable(method)}; the Lightning node knows nothing of them.`,
    );
}

function showDifference(difference: Difference): string {
  switch (difference.kind) {
    case 'never_presented':
      return `settled, never presented   ${showSettled(difference.settled)}`;
    case 'unknown_to_node':
      return `presented, unknown to node ${showPresented(difference.presented)}`;
    case 'not_settled':
      return `presented, not settled     ${showPresented(difference.presented)}: the invoice is ${difference.status}`;
    case 'amount_differs':
      return `amounts differ             ${showPresented(difference.presented)}: the node received ${difference.settled.receivedMsat} msat`;
  }
}

function showSettled({ reference, receivedMsat, settledMs, description }: SettledPayment): string {
  const when = settledMs === undefined ? '' : `, ${showTime(settledMs)}`;
  const about = description === undefined ? '' : `, “${printable(description)}”`;
  return `${reference}: ${receivedMsat} msat${when}${about}`;
}

function showPresented({ seq, reference, paid, createdMs, route }: PresentedPayment): string {
  return `${reference}: claim ${seq}, ${formatAmount(paid)}, ${showTime(createdMs)}, ${printable(route)}`;
}

function viewDifference(difference: Difference) {
  const settled = 'settled' in difference ? difference.settled : undefined;
  const presented = 'presented' in difference ? difference.presented : undefined;
  return {
    kind: difference.kind,
    reference: (settled ?? presented)?.reference,
    claim: presented?.seq ?? null,
    amount: presented === undefined ? null : String(presented.paid.amount),
    currency: presented?.paid.currency ?? null,
    presented: presented === undefined ? null : isoTime(presented.createdMs),
    route: presented?.route ?? null,
    receivedMsat: settled === undefined ? null : String(settled.receivedMsat),
    settled: settled?.settledMs === undefined ? null : isoTime(settled.settledMs),
    description: settled?.description ?? null,
    invoice: difference.kind === 'not_settled' ? difference.status : null,
  };
}
