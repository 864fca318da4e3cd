import {
  type Delivered,
  type FreeAnswer,
  type Header,
  isOpen,
  type JournalEntry,
  type Priced,
  plainText,
} from '@farebox/wallet';
import type { Command } from 'commander';
import { openBodyFile } from '../body-file.js';
import { usageError } from '../cli-error.js';
import { exitCodeHelp } from '../exit-codes.js';
import { findHome } from '../home.js';
import { createOutput, type Output, table } from '../output.js';
import { openPurse, type Purse } from '../purse.js';
import { showAmount } from '../tempo/tokens.js';
import { showPayees, viewChallenge, viewCost } from '../views.js';
import { collectHeader, headerHelp } from './header-option.js';
import { type Asked, deliver, deliverFree } from './pay-delivery.js';
import {
  methodOption,
  type PayOptions,
  type RequestOptions,
  readLimits,
  readRequest,
  withNodeOptions,
  withPayOptions,
} from './pay-options.js';

interface Options extends PayOptions, RequestOptions {
  readonly method?: string;
  readonly body?: boolean;
  readonly output?: string;
  readonly keepAuthorization?: boolean;
}

/** Adds `farebox pay request`. */
export function registerPayRequest(pay: Command): void {
  const command = pay
    .command('request')
    .description('request a URL and, with --yes, pay for it if it asks for payment')
    .argument('<url>', 'what to request; https, or http on this machine and where the policy allows it')
    .option('-X, --request <method>', 'HTTP method (default: GET, or POST with data)')
    .option('-H, --header <header>', `${headerHelp}, values of one name are joined by a comma`, collectHeader)
    .option('-d, --data <text>', 'request body; JSON is recognised, anything else is sent as a form')
    .option('--data-file <path>', 'request body from a file, - for stdin');
  withPayOptions(command)
    .addOption(methodOption('pay with this payment method only'))
    .option(
      '--keep-authorization',
      'keep your own Authorization header; the credential goes in Payment-Authorization',
    )
    .option('--body', 'write only the body to stdout, unchanged')
    .option('-o, --output <path>', 'write the body to a file');
  withNodeOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  farebox pay request http://127.0.0.1:8402/v1/bitcoin/price
  farebox pay request http://127.0.0.1:8402/v1/bitcoin/price --yes --json
  farebox pay request https://api.example.com/v1/orders -d '{"item":7}' -H 'X-API-Key: k' --max 20sat --yes
  farebox pay request https://api.example.com/v1/orders --method tempo --max 0.05pathUSD --yes
${exitCodeHelp}`,
    )
    .action(run);
}

async function run(url: string, options: Options): Promise<void> {
  if (options.body && options.json) throw usageError('Give --json or --body, not both.');
  if (options.body && options.output !== undefined) throw usageError('Give --output or --body, not both.');
  const output = createOutput({ json: options.json, raw: options.body });
  const paying = options.yes === true;
  const request = await readRequest(url, options);
  const { node, method } = options;
  const home = findHome();
  const purse = await openPurse({ home, node, tempo: options, account: options, paying, method });
  // The file is opened before anything is paid: a full disk must not be found out afterwards.
  const file = options.output === undefined ? undefined : await openBodyFile(options.output);
  try {
    const buyOptions = {
      ...readLimits(options),
      method,
      credentialHeader: options.keepAuthorization ? ('payment-authorization' as const) : undefined,
      keepAuthorization: options.keepAuthorization,
    };
    const asked: Asked = {
      url,
      method: request.method ?? (request.body === undefined ? 'GET' : 'POST'),
      dryRun: !paying,
    };
    const sink = { output, file, body: options.body === true, home };
    const result = paying
      ? await purse.wallet.pay(request, buyOptions)
      : await purse.wallet.preview(request, buyOptions);
    await show(result, asked, purse, sink, options);
  } finally {
    await file?.discard();
    await purse.close();
  }
}

type Sink = Parameters<typeof deliver>[3];

async function show(
  result: FreeAnswer | Priced | Delivered,
  asked: Asked,
  purse: Purse,
  sink: Sink,
  options: Options,
): Promise<void> {
  if (result.kind === 'free') return deliverFree(result, asked, sink);
  if (result.kind === 'delivered') return deliver(result, asked, purse.journal, sink);
  if (sink.output.json) return sink.output.object(viewPreview(result, asked));
  const text = showPreview(result, asked, sink.output, options.header ?? []);
  // With --body, stdout is for the body alone.
  if (sink.body) sink.output.remark(text);
  else sink.output.text(text);
  if (purse.locked)
    sink.output.remark(
      'The vault is locked: whether its account could pay this is not known without the passphrase.',
    );
}

function viewPreview(priced: Priced, asked: Asked) {
  const { objection } = priced;
  return {
    ok: true,
    paid: false,
    dryRun: true,
    id: null,
    url: asked.url,
    method: asked.method,
    status: priced.status,
    cost: viewCost(priced.inspection.price),
    challenge: viewChallenge(priced.challenge, priced.inspection),
    allowed: objection === undefined,
    objection: objection === undefined ? null : { code: objection.code, message: objection.message },
    credits: priced.credits.map(({ id }) => id),
    choice: priced.choice ?? null,
    receipt: null,
    body: null,
    bodyEncoding: 'none',
  };
}

function showPreview(priced: Priced, asked: Asked, output: Output, headers: readonly Header[]): string {
  const { color } = output;
  const view = viewChallenge(priced.challenge, priced.inspection);
  const { objection, credits } = priced;
  const next = objection
    ? color.yellow(`It would not be paid: ${objection.message}`)
    : `Nothing was paid. To pay, add ${color.bold('--yes')}.`;
  const credit = showCredit(credits[0]);
  const rows = table(
    [
      ['price', color.bold(showAmount(priced.inspection.price))],
      ['method', `${view.method}/${view.intent} on ${view.network}`],
      ['realm', plainText(view.realm)],
      ['payee', showPayees(view)],
      ['for', view.description ?? undefined],
      ['expires', view.expires],
      ['payment hash', view.paymentHash ?? undefined],
      ['chosen', priced.choice && plainText(priced.choice)],
      ['headers', headers.length === 0 ? undefined : headers.map(([name]) => name).join(', ')],
    ],
    color,
  );
  return `${asked.method} ${asked.url} asks for payment\n${rows}\n\n${next}${credit}`;
}

function showCredit(credit: JournalEntry | undefined): string {
  if (credit === undefined) return '';
  const what = isOpen(credit)
    ? 'You have signed a payment for this already, which may still be carried out'
    : 'You have paid for this already and not received it';
  return `\n${what}: farebox pay resume ${credit.id}`;
}
