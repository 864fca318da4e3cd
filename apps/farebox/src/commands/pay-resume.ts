import { existsSync } from 'node:fs';
import type { Header, Journal, ResumeResult, WalletError } from '@farebox/wallet';
import type { Command } from 'commander';
import { type BodyFile, openBodyFile, readBodyView } from '../body-view.js';
import { usageError } from '../cli-error.js';
import { exitCodeHelp } from '../exit-codes.js';
import { findHome, type Home } from '../home.js';
import { createOutput, type Output } from '../output.js';
import { openPurse, type Purse } from '../purse.js';
import { reportWalletError, viewEntry } from '../views.js';
import { collectHeader } from './header-option.js';
import { deliver } from './pay-delivery.js';
import { type NodeOptions, withNodeOptions } from './pay-options.js';

interface Options extends NodeOptions {
  readonly all?: boolean;
  readonly header?: readonly Header[];
  readonly evenExpired?: boolean;
  readonly json?: boolean;
  readonly body?: boolean;
  readonly output?: string;
}

/** Adds `farebox pay resume`. */
export function registerPayResume(pay: Command): void {
  const command = pay
    .command('resume')
    .description('finish interrupted payments: ask the node, present the credential again; never pays')
    .argument('[id]', 'the payment, as farebox pay history names it')
    .option('--all', 'everything that is unfinished')
    .option(
      '-H, --header <header>',
      'secret headers of the request, which are not stored, or @file with them; repeatable',
      collectHeader,
    )
    .option('--even-expired', 'present it although the challenge has expired; the seller need not honour it')
    .option('--body', 'write only the body to stdout, unchanged')
    .option('-o, --output <path>', 'write the body to a file');
  withNodeOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  farebox pay resume pay_0123456789abcdef0123
  farebox pay resume --all --json
${exitCodeHelp}`,
    )
    .action(run);
}

async function run(id: string | undefined, options: Options): Promise<void> {
  if ((id === undefined) === (options.all !== true)) throw usageError('Name a payment, or give --all.');
  if (options.all && (options.body || options.output !== undefined)) {
    throw usageError(
      'With --all, answers go into the JSON object or onto the terminal; resume one by one for --body or -o.',
    );
  }
  const output = createOutput({ json: options.json, raw: options.body });
  if (!(await hasWork(findHome(), id))) return writeNothing(output);
  const file = options.output === undefined ? undefined : await openBodyFile(options.output);
  try {
    const purse = await openPurse({
      home: findHome(),
      node: options.node,
      tempo: options,
      account: options,
      paying: true,
      resuming: true,
    });
    try {
      if (id === undefined) await resumeAll(purse, options, output);
      else await resumeOne(purse, id, options, output, file);
    } finally {
      await purse.close();
    }
  } finally {
    await file?.discard();
  }
}

/**
 * Whether there is anything to resume: asked before anything that pays is opened, which a wrong id would not need. Throws
 * `payment_not_found`.
 */
async function hasWork(home: Home, id: string | undefined): Promise<boolean> {
  const { WalletError } = await import('@farebox/wallet');
  const { openJournal } = await import('@farebox/wallet/journal-sqlite');
  const journal = existsSync(home.journal) ? openJournal({ path: home.journal }) : undefined;
  try {
    if (id === undefined) return journal !== undefined && journal.unfinished().length > 0;
    if (journal?.find(id)) return true;
  } finally {
    journal?.close();
  }
  const message = 'There is no such payment in the journal; list them with: farebox pay history';
  throw new WalletError('payment_not_found', message);
}

function writeNothing(output: Output): void {
  if (output.json) output.object({ ok: true, payments: [] });
  else output.text('Nothing is unfinished.');
}

function resumeOptions(options: Options) {
  return { headers: options.header ?? [], evenExpired: options.evenExpired };
}

async function resumeOne(
  purse: Purse,
  id: string,
  options: Options,
  output: Output,
  file: BodyFile | undefined,
): Promise<void> {
  const result = await purse.wallet.resume(id, resumeOptions(options));
  if (result.kind === 'delivered') {
    const { request } = result.entry;
    const asked = { url: request?.url ?? '', method: request?.method ?? '', dryRun: false };
    return deliver(result, asked, purse.journal, { output, file, body: options.body === true });
  }
  if (output.json) output.object({ ok: true, ...viewEntry(result.entry) });
  else output.text(describe(result));
}

async function resumeAll(purse: Purse, options: Options, output: Output): Promise<void> {
  const payments: object[] = [];
  let worst: WalletError | undefined;
  for await (const report of purse.wallet.resumeAll(resumeOptions(options))) {
    const outcome = report.ok ? await finish(report.result, purse.journal) : reportWalletError(report.error);
    if (!report.ok) worst ??= report.error;
    payments.push({ id: report.id, ...outcome });
    if (!output.json)
      output.text(report.ok ? describe(report.result) : `  ${report.id}  ${report.error.message}`);
  }
  if (output.json) output.object({ ok: worst === undefined, payments });
  else if (payments.length === 0) writeNothing(output);
  if (worst) process.exitCode = reportWalletError(worst).exitCode;
}

async function finish(result: ResumeResult, journal: Journal): Promise<object> {
  if (result.kind !== 'delivered') return { ok: true, ...viewEntry(result.entry) };
  const body = await readBodyView(result.answer, result.entry.id);
  return { ok: true, ...viewEntry(journal.find(result.entry.id) ?? result.entry), ...body };
}

function describe(result: ResumeResult): string {
  const { id, state } = result.entry;
  if (result.kind === 'delivered') return `  ${id}  delivered`;
  if (result.kind === 'proof') return `  ${id}  paid; its preimage: farebox pay invoice <bolt11> --yes`;
  const why = state === 'not-paid' && result.entry.detail ? ` (${result.entry.detail})` : '';
  return `  ${id}  ${state}: nothing to do${why}`;
}
