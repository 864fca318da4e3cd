import { type Challenge, encodeRequest, formatAmount } from '@farebox/protocol';
import type { JournalEntry } from '@farebox/wallet';
import type { Command } from 'commander';
import { CliError, usageError } from '../cli-error.js';
import { exitCodeHelp, exitCodes } from '../exit-codes.js';
import { findHome } from '../home.js';
import { createOutput, type Output, table } from '../output.js';
import { openPurse, type Purse } from '../purse.js';
import { showMoney, viewChallenge, viewCost } from '../views.js';
import { type PayOptions, readLimits, withLightningOptions, withPayOptions } from './pay-options.js';

interface Options extends PayOptions {
  readonly plain?: boolean;
}

/** Adds `farebox pay invoice`. */
export function registerPayInvoice(pay: Command): void {
  const command = pay
    .command('invoice')
    .description('show an invoice and, with --yes, pay it and print the preimage')
    .argument('<bolt11>', 'the invoice, e.g. lnbcrt10n1…');
  withPayOptions(command).option('--plain', 'write only the preimage to stdout');
  withLightningOptions(command)
    .addHelpText(
      'after',
      `
The preimage is the proof of payment: whoever has it can use it. An invoice is never paid twice; asked
again, the same preimage is printed.

Examples:
  farebox pay invoice lnbcrt10n1…                  what does it say?
  farebox pay invoice lnbcrt10n1… --yes            pay it
  farebox pay invoice lnbcrt10n1… --yes --plain | farebox pay credential --challenge "$challenge" --preimage -
${exitCodeHelp}`,
    )
    .action(run);
}

async function run(bolt11: string, options: Options): Promise<void> {
  if (options.plain && options.json) throw usageError('Give --json or --plain, not both.');
  const output = createOutput({ json: options.json, raw: options.plain });
  const challenge = await challengeOf(bolt11);
  const purse = await openPurse({
    home: findHome(),
    node: options.node,
    tempo: {},
    account: options,
    paying: options.yes === true,
    method: 'lightning',
  });
  try {
    if (options.yes) showProof(await pay(purse, challenge, options), output, options.plain === true);
    else preview(purse, challenge, output, options.plain === true);
  } finally {
    await purse.close();
  }
}

/** An invoice as the challenge that it would be part of: the wallet then applies the same rules to both. */
async function challengeOf(bolt11: string): Promise<Challenge> {
  const { decodeInvoice } = await import('@farebox/lightning');
  const decoded = decodeInvoice(
    bolt11
      .trim()
      .replace(/^lightning:/i, '')
      .toLowerCase(),
  );
  if (!decoded.ok) throw usageError(`The invoice cannot be read: ${decoded.detail}.`);
  const { text, amountMsat, network, paymentHash, description } = decoded.value;
  if (amountMsat === undefined)
    throw usageError('The invoice names no amount, so nothing of it can be paid; ask for one that does.');
  if (amountMsat % 1000n !== 0n) {
    throw usageError('Only invoices for a whole number of satoshis can be paid.');
  }
  const request = encodeRequest({
    amount: String(amountMsat / 1000n),
    currency: 'sat',
    methodDetails: { invoice: text, paymentHash, network },
    ...(description !== undefined && { description }),
  });
  return { id: `invoice-${paymentHash}`, realm: 'by hand', method: 'lightning', intent: 'charge', request };
}

async function pay(purse: Purse, challenge: Challenge, options: Options): Promise<JournalEntry> {
  const { wallet, journal } = purse;
  const reference = challenge.id.slice('invoice-'.length);
  const known = journal.findByReference(reference);
  if (known === undefined || known.state === 'not-paid')
    return wallet.payChallenge(challenge, readLimits(options));
  if (known.payload !== undefined) return known;
  if (known.state === 'delivered') {
    throw new CliError(
      'proof_used',
      `The invoice was paid and its proof used (${known.id}); the proof is no longer kept.`,
      {
        retry: 'never',
      },
    );
  }
  // Paying was interrupted: find out how it ended, without paying.
  const result = await wallet.resume(known.id);
  if (result.kind === 'proof') return result.entry;
  const message = `The earlier payment of this invoice ended without spending anything (${known.id}); run the command again to pay it.`;
  throw new CliError('not_paid', message, { exitCode: exitCodes.payment });
}

function preview(purse: Purse, challenge: Challenge, output: Output, plain: boolean): void {
  const { inspection } = purse.wallet.quote(challenge);
  const known = purse.journal.findByReference(inspection.reference);
  const view = viewChallenge(challenge, inspection);
  if (output.json) {
    output.object({
      ok: true,
      paid: known?.paid !== undefined,
      dryRun: true,
      id: known?.id ?? null,
      cost: viewCost(inspection.price, known?.fee),
      paymentHash: view.reference,
      payee: view.payee,
      network: view.network,
      description: view.description,
      expires: view.expires,
      preimage: null,
    });
    return;
  }
  const { color } = output;
  const rows = table(
    [
      ['amount', color.bold(formatAmount(inspection.price))],
      ['network', view.network],
      ['payee', view.payee],
      ['for', view.description ?? undefined],
      ['expires', view.expires],
      ['payment hash', view.reference],
      ['journal', known && `${known.state} (${known.id})`],
    ],
    color,
  );
  const text = `${rows}\n\nNothing was paid. To pay, add ${color.bold('--yes')}.`;
  if (plain) output.remark(text);
  else output.text(text);
}

function showProof(entry: JournalEntry, output: Output, plain: boolean): void {
  const preimage = entry.payload?.preimage;
  if (typeof preimage !== 'string')
    throw new CliError('proof_missing', 'This payment has no preimage.', { retry: 'never' });
  if (plain) {
    output.text(preimage);
    return;
  }
  if (output.json) {
    output.object({
      ok: true,
      paid: true,
      dryRun: false,
      id: entry.id,
      cost: viewCost(entry.paid ?? entry.price, entry.fee),
      paymentHash: entry.reference,
      payee: entry.payee,
      network: entry.network,
      preimage,
    });
    return;
  }
  const { color } = output;
  output.text(
    table(
      [
        [
          'paid',
          color.green(
            `${formatAmount(entry.paid ?? entry.price)}${entry.fee ? ` + ${showMoney(entry.fee)} fee` : ''}`,
          ),
        ],
        ['payment hash', entry.reference],
        ['preimage', color.bold(preimage)],
      ],
      color,
    ),
  );
}
