import type { InvoiceNode, PayingNode } from '@farebox/lightning';
import type { NodeFinding, NodeReport } from '@farebox/lightning/nodes';
import type { Amount } from '@farebox/protocol';
import { type Command, Option } from 'commander';
import { parseAmountOption } from '../amount-option.js';
import { CliError, usageError } from '../cli-error.js';
import { openConfiguredNode, openConfiguredPayer } from '../configured-node.js';
import { exitCodes } from '../exit-codes.js';
import { findHome } from '../home.js';
import { readConfig } from '../ledger/source.js';
import { createOutput, type Output } from '../output.js';
import { openVaultNode } from '../vault/node-config.js';
import { openAccount } from '../vault/open-account.js';
import { type VaultOptions, withVaultOptions } from '../vault/options.js';

interface DoctorOptions extends VaultOptions {
  readonly config: string;
  readonly for?: 'sell' | 'pay';
  readonly payWith?: string;
  readonly maxFee?: Amount;
  readonly json?: boolean;
}

/** Adds `farebox doctor node`. */
export function registerDoctorNode(doctor: Command): void {
  const node = doctor
    .command('node')
    .description('examines a Lightning node: what it can, and which rights it was given')
    .option('-c, --config <file>', 'the configuration that names it', 'farebox.yaml')
    .addOption(
      new Option('--for <purpose>', 'what it is to do (default: sell; pay with -a)').choices(['sell', 'pay']),
    )
    .option('--pay-with <file>', 'pay 1 sat to it with the node of this other configuration')
    .option(
      '--max-fee <amount>',
      'the most that this payment may cost in fees (default: 5sat)',
      (text: string) => parseAmountOption(text),
    );
  withVaultOptions(node)
    .option('--json', 'one JSON object on stdout')
    .addHelpText(
      'after',
      `
To sell: makes an invoice, looks it up, cancels it where the node can. To pay: asks for the balance, and what became of a
payment that never was. Both say which permission is missing, and which is wider than that needs. With -a it is the node of
an account of the vault. Money moves only with --pay-with: one satoshi, and its fee.

Examples:
  farebox doctor node
  farebox doctor node --config shop.yaml --json | jq .findings
  farebox doctor node --pay-with wallet.yaml --max-fee 10sat
  farebox doctor node --for pay --config wallet.yaml
  farebox doctor node -a 0

Exit codes: 0 usable, 1 a fault was found, 2 usage or configuration, 3 the node cannot be reached, 4 it is usable, but the
node of --pay-with did not pay`,
    )
    // Some of them are options of `doctor` too, which takes them wherever they stand.
    .action((_options: unknown, command: Command) => examine(command.optsWithGlobals<DoctorOptions>()));
}

async function examine(options: DoctorOptions): Promise<void> {
  const output = createOutput({ json: options.json ?? false });
  const { account, payWith, maxFee } = options;
  const purpose = options.for ?? (account === undefined ? 'sell' : 'pay');
  if (purpose === 'sell' && account !== undefined)
    throw usageError('The node of an account pays; leave -a out, or say --for pay.');
  if (purpose === 'pay' && payWith !== undefined)
    throw usageError('--pay-with pays to a node that sells; leave it out, or say --for sell.');
  if (maxFee !== undefined && maxFee.currency !== 'sat' && maxFee.currency !== 'msat')
    throw usageError('The fee of a Lightning payment is in sat or msat: --max-fee 10sat');
  const report = purpose === 'sell' ? await examineSelling(options) : await examinePaying(options);
  show(output, report);
  if (report.info === undefined) process.exitCode = exitCodes.network;
  else if (!report.usable) process.exitCode = exitCodes.failed;
  else if (wasNotPaid(report)) process.exitCode = exitCodes.payment;
}

async function examineSelling({ config, payWith, maxFee }: DoctorOptions): Promise<NodeReport> {
  const { examineSeller } = await import('@farebox/lightning/nodes');
  return using<InvoiceNode>(openConfiguredNode(await nodeOf(config)), async (node) => {
    if (payWith === undefined) return examineSeller(node);
    // The node of the environment is the one that sells: this file names another.
    return using<PayingNode>(openConfiguredPayer(await nodeOf(payWith, {})), (payer) => {
      const maxFeeMsat = maxFee && (maxFee.currency === 'sat' ? maxFee.amount * 1_000n : maxFee.amount);
      return examineSeller(node, { payer, ...(maxFeeMsat === undefined ? {} : { maxFeeMsat }) });
    });
  });
}

async function examinePaying(options: DoctorOptions): Promise<NodeReport> {
  const { examinePayer } = await import('@farebox/lightning/nodes');
  return using(payingNode(options), (node) => examinePayer(node));
}

async function payingNode(options: DoctorOptions): Promise<PayingNode> {
  if (options.account === undefined) return openConfiguredPayer(await nodeOf(options.config));
  const home = findHome();
  const access = await openAccount(home, options, { needed: true });
  const kept = access.kind === 'open' ? access.account.node : undefined;
  if (kept !== undefined) return openVaultNode(home, kept);
  const message = 'This account has no Lightning node; give it one with: farebox wallet node set';
  throw new CliError('no_node', message, { exitCode: exitCodes.usage });
}

async function using<T extends { close(): Promise<void> }>(
  opening: Promise<T>,
  work: (node: T) => Promise<NodeReport>,
): Promise<NodeReport> {
  const node = await opening;
  try {
    return await work(node);
  } finally {
    await node.close();
  }
}

async function nodeOf(path: string, environment?: Readonly<Record<string, string>>) {
  const { node } = await readConfig(path, environment);
  if (node !== undefined) return node;
  const message = `${path} names no Lightning node; name it under lightning, or in FAREBOX_NODE_KIND.`;
  throw new CliError('no_node', message, { exitCode: exitCodes.usage });
}

const signs: Readonly<Record<NodeFinding['level'], string>> = {
  ok: 'ok      ',
  warning: 'warning ',
  fault: 'FAULT   ',
  skipped: 'skipped ',
};

function show(output: Output, report: NodeReport): void {
  if (output.json) {
    output.object({ ok: report.usable, ...report });
    return;
  }
  const { info } = report;
  if (info !== undefined)
    output.text(`${info.kind} on ${info.network}${info.nodeId ? `, ${info.nodeId}` : ''}`);
  for (const { level, text } of report.findings) output.text(`  ${signs[level]}${text}`);
  output.text(verdict(report));
}

function verdict(report: NodeReport): string {
  const used = report.purpose === 'sell' ? 'sold with' : 'paid with';
  if (!report.usable) return `It cannot be ${used} as it is.`;
  return wasNotPaid(report)
    ? `It can be ${used}, as far as it was asked: the node of --pay-with did not pay.`
    : `It can be ${used}.`;
}

/** The payer of a round trip refused; of the node that was examined this says nothing. */
function wasNotPaid({ findings }: NodeReport): boolean {
  return findings.some(({ check, level }) => check === 'round-trip' && level === 'skipped');
}
