import {
  answerHeader,
  type FreeAnswer,
  offersPayment,
  type Priced,
  payInsteadAdvice,
  type WalletError,
} from '@farebox/wallet';
import type { Finding, ProbeAnswer } from '@farebox/wallet/doctor';
import type { Command } from 'commander';
import { exitCodeHelp, exitCodes } from '../exit-codes.js';
import { createOutput, type Output, table } from '../output.js';
import { showAmount } from '../tempo/tokens.js';
import { viewChallenge, viewCost } from '../views.js';
import { lightningExaminer } from './doctor-lightning.js';
import { tempoExaminer } from './doctor-tempo.js';
import { countFindings, showFindings, viewFinding } from './doctor-view.js';
import { collectHeader, headerHelp } from './header-option.js';
import { openAskingWallet } from './pay-check-wallet.js';
import {
  methodOption,
  type PayOptions,
  type RequestOptions,
  readLimits,
  readRequest,
  withNodeOptions,
} from './pay-options.js';

interface Options extends PayOptions, RequestOptions {
  readonly method?: string;
}

/** Adds `farebox pay check`. */
export function registerPayCheck(pay: Command): void {
  const command = pay
    .command('check')
    .description(
      'could this wallet pay for it, and does the seller follow the specifications? spends nothing',
    )
    .argument('<url>', 'what to look at; https, or http on this machine and where the policy allows it')
    .option('-X, --request <method>', 'HTTP method (default: GET, or POST with data)')
    .option('-H, --header <header>', headerHelp, collectHeader)
    .option('-d, --data <text>', 'request body; JSON is recognised, anything else is sent as a form')
    .option('--data-file <path>', 'request body from a file, - for stdin')
    .addOption(methodOption('pay with this payment method only'));
  withNodeOptions(command)
    .addHelpText(
      'after',
      `
Asks once, without paying. farebox doctor looks closer: at the connection, the replay and locks.

Examples:
  farebox pay check https://api.example.com/v1/bitcoin/price
  farebox pay check https://api.example.com/v1/orders -d '{"item":7}' --json
${exitCodeHelp}`,
    )
    .action(run);
}

/** Why it would not be paid. */
interface Objection {
  readonly code: string;
  readonly message: string;
  readonly exitCode: number;
}

async function run(url: string, options: Options): Promise<void> {
  const output = createOutput({ json: options.json });
  const request = await readRequest(url, options);
  const { recordingFetch } = await import('@farebox/wallet/doctor');
  const recording = recordingFetch(globalThis.fetch, Date.now);
  const { method } = options;
  const { wallet, close } = await openAskingWallet(options, method, recording.fetch);
  try {
    const result = await preview(() => wallet.preview(request, { ...readLimits(options), method }));
    const answer = recording.first();
    const findings = answer?.status === 402 ? await examine(answer, request) : [];
    if (result.kind === 'refused' && answer?.status !== 402) throw result.error;
    report(
      result,
      { url, method: request.method ?? (request.body === undefined ? 'GET' : 'POST') },
      findings,
      output,
    );
  } finally {
    await close();
  }
}

/** A challenge that must not be paid at all. */
interface Refused {
  readonly kind: 'refused';
  readonly error: WalletError;
}

type Outcome = FreeAnswer | Priced | Refused;

/** A challenge that must not be paid is what was asked about, and no failure. */
async function preview(ask: () => Promise<FreeAnswer | Priced>): Promise<Outcome> {
  const { WalletError } = await import('@farebox/wallet');
  try {
    return await ask();
  } catch (error) {
    if (error instanceof WalletError) return { kind: 'refused', error };
    throw error;
  }
}

async function examine(answer: ProbeAnswer, request: Awaited<ReturnType<typeof readRequest>>) {
  const { examineChallenges, examineClock } = await import('@farebox/wallet/doctor');
  const body = typeof request.body === 'string' ? new TextEncoder().encode(request.body) : request.body;
  const asked = { url: request.url, method: 'GET', headers: [], ...(body && { body }) };
  const examiners = [lightningExaminer, tempoExaminer];
  const { findings } = await examineChallenges(answer, asked, examiners, Date.now());
  return [examineClock(answer), ...findings];
}

function objectionOf(result: Outcome): Objection | undefined {
  if (result.kind === 'free') {
    const { status } = result.answer;
    if (status <= 299) return undefined;
    const message = isOffered(result)
      ? `The seller answered ${status}. ${payInsteadAdvice}`
      : `The seller answered ${status} and asked for no payment.`;
    return { code: 'not_delivered', message, exitCode: exitCodes.failed };
  }
  const error = result.kind === 'refused' ? result.error : result.objection;
  return error && { code: error.code, message: error.message, exitCode: exitCodes[error.exitClass] };
}

/** Refused as it was asked, and to be had for money. */
function isOffered({ answer }: FreeAnswer): boolean {
  return offersPayment(answer.status, answerHeader(answer, 'www-authenticate'));
}

function report(
  result: Outcome,
  asked: { readonly url: string; readonly method: string },
  findings: readonly Finding[],
  output: Output,
): void {
  const objection = objectionOf(result);
  if (objection) process.exitCode = objection.exitCode;
  const priced = result.kind === 'priced' ? result : undefined;
  const free = result.kind === 'free' ? result : undefined;
  const { faults, warnings } = countFindings(findings);
  if (output.json) {
    output.object({
      ok: objection === undefined,
      payable: priced !== undefined && objection === undefined,
      asksForPayment: free === undefined || isOffered(free),
      ...asked,
      status: free?.answer.status ?? 402,
      cost: priced ? viewCost(priced.inspection.price) : null,
      challenge: priced ? viewChallenge(priced.challenge, priced.inspection) : null,
      objection: objection ? { code: objection.code, message: objection.message } : null,
      credits: priced?.credits.map(({ id }) => id) ?? [],
      conformance: { faults, warnings, findings: findings.map(viewFinding) },
      spent: false,
    });
    return;
  }
  const { color } = output;
  const verdict = objection
    ? color.yellow(`No: ${objection.message}`)
    : priced
      ? color.green('Yes, this wallet can pay for it.')
      : 'It asks for no payment.';
  const rows = table(
    [
      ['price', priced && showAmount(priced.inspection.price)],
      [
        'method',
        priced && `${priced.challenge.method}/${priced.challenge.intent} on ${priced.inspection.network}`,
      ],
      ['conformance', findings.length === 0 ? undefined : `${faults} faults, ${warnings} warnings`],
    ],
    color,
  );
  output.text(`${asked.method} ${asked.url}\n${verdict}${rows === '' ? '' : `\n${rows}`}`);
  const wrong = findings.filter(({ level }) => level === 'fault' || level === 'warning');
  if (wrong.length > 0) output.text(showFindings(wrong, output));
  output.text('Nothing was spent.');
}
