import { existsSync } from 'node:fs';
import { type Header, type ResumeReport, type ResumeResult, WalletError } from '@farebox/wallet';
import type { Command } from 'commander';
import { openBodyFile } from '../body-file.js';
import { type BodyView, shownBodyBytesMax } from '../body-view.js';
import { usageError } from '../cli-error.js';
import { exitCodeHelp } from '../exit-codes.js';
import { findHome, type Home } from '../home.js';
import { findKeptAnswer, type KeptAnswer, keepAnswer } from '../kept-answer.js';
import { createOutput, type Output } from '../output.js';
import { openPurse, type Purse } from '../purse.js';
import { reportWalletError, viewEntry } from '../views.js';
import { collectHeader } from './header-option.js';
import { deliver, handOver, type Sink, showBody, writeBody } from './pay-delivery.js';
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
      'secret headers of the request, which are not stored, or @file with them; others are not sent; with --all, for one seller only; repeatable',
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
  const home = findHome();
  if (!(await hasWork(home, id))) return writeNothing(output);
  const file = options.output === undefined ? undefined : await openBodyFile(options.output);
  try {
    const purse = await openPurse({
      home,
      node: options.node,
      tempo: options,
      account: options,
      paying: true,
      resuming: true,
    });
    try {
      const sink = { output, file, body: options.body === true, home };
      if (id === undefined) await resumeAll(purse, options, sink);
      else await resumeOne(purse, id, options, sink);
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

async function resumeOne(purse: Purse, id: string, options: Options, sink: Sink): Promise<void> {
  const result = await purse.wallet.resume(id, resumeOptions(options));
  if (result.kind === 'delivered') {
    const { request } = result.entry;
    const asked = { url: request?.url ?? '', method: request?.method ?? '', dryRun: false };
    return deliver(result, asked, purse.journal, sink);
  }
  const { output } = sink;
  const { entry } = result;
  const kept = await findKeptAnswer(entry, sink.home.answers);
  if (kept === undefined) {
    if (output.json) output.object({ ok: true, ...viewEntry(entry) });
    else output.text(describe(result));
    return;
  }
  const written = await writeBody(kept.answer, sink, id);
  if (output.json) output.object({ ok: true, ...viewEntry(entry), ...written });
  else {
    output.remark(`  ${id}  delivered; its answer was kept`);
    showBody(written, sink);
  }
  await handOver(output, id, written.bodyFile ?? kept.path);
}

/** What became of one of them, for the report; what is kept of it is dropped when it has been handed on. */
interface Finished {
  readonly view: object;
  readonly error?: WalletError;
  readonly kept?: KeptAnswer;
}

async function resumeAll(purse: Purse, options: Options, sink: Sink): Promise<void> {
  const { output } = sink;
  const payments: object[] = [];
  const shown: KeptAnswer[] = [];
  let room = shownBodyBytesMax;
  let worst: WalletError | undefined;
  let count = 0;
  for await (const report of purse.wallet.resumeAll(resumeOptions(options))) {
    const { view, error, kept } = await finish(report, purse, sink);
    worst ??= error;
    count += 1;
    if (!output.json) {
      await tell(report, error, kept, output);
      continue;
    }
    const body = kept && bodyWithin(room, kept);
    if (kept && body?.bodyFile === undefined) {
      room -= kept.bytes;
      shown.push(kept);
    }
    payments.push({ id: report.id, ...view, ...body });
  }
  if (output.json) output.object({ ok: worst === undefined, payments });
  else if (count === 0) writeNothing(output);
  await handOverAll(output, shown, sink.home);
  if (worst) process.exitCode = reportWalletError(worst).exitCode;
}

/** One answer that breaks off says nothing of those before it, and keeps none of those behind it waiting. */
async function finish(report: ResumeReport, purse: Purse, { home }: Sink): Promise<Finished> {
  try {
    if (!report.ok) throw report.error;
    const { id, result } = report;
    if (result.kind !== 'delivered') return { view: { ok: true, ...viewEntry(result.entry) } };
    const kept = await keepAnswer(result.answer, home.answers, id);
    return { view: { ok: true, ...viewEntry(purse.journal.find(id) ?? result.entry) }, kept };
  } catch (error) {
    if (!(error instanceof WalletError)) throw error;
    return { view: reportWalletError(error), error };
  }
}

/** The body for the one object; what does not fit stays in its file. */
function bodyWithin(room: number, kept: KeptAnswer): BodyView & { readonly bodyFile?: string } {
  return kept.bytes <= room ? kept.view : { body: null, bodyEncoding: 'none', bodyFile: kept.path };
}

async function tell(
  report: ResumeReport,
  error: WalletError | undefined,
  kept: KeptAnswer | undefined,
  output: Output,
): Promise<void> {
  if (error || !report.ok) return output.text(`  ${report.id}  ${error?.message ?? 'failed'}`);
  output.text(describe(report.result));
  if (kept === undefined) return;
  showBody(kept.view, { output }, kept);
  await handOver(output, report.id, kept.path);
  if (kept.view.bodyEncoding !== 'base64') await kept.drop();
}

async function handOverAll(output: Output, shown: readonly KeptAnswer[], home: Home): Promise<void> {
  if (shown.length === 0) return;
  try {
    await output.written();
  } catch (cause) {
    const message = `The result could not be written out; what was delivered is in ${home.answers}, and each is shown by: farebox pay resume <id>`;
    throw new WalletError('answer_unknown', message, { cause });
  }
  for (const kept of shown) await kept.drop();
}

function describe(result: ResumeResult): string {
  const { id, state } = result.entry;
  if (result.kind === 'delivered') return `  ${id}  delivered`;
  if (result.kind === 'proof') return `  ${id}  paid; its preimage: farebox pay invoice <bolt11> --yes`;
  const why = state === 'not-paid' && result.entry.detail ? ` (${result.entry.detail})` : '';
  return `  ${id}  ${state}: nothing to do${why}`;
}
