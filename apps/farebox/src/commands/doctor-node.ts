import type { NodeFinding, NodeReport } from '@farebox/lightning/nodes';
import type { Command } from 'commander';
import { CliError } from '../cli-error.js';
import { openConfiguredNode, openConfiguredPayer } from '../configured-node.js';
import { exitCodes } from '../exit-codes.js';
import { readConfig } from '../ledger/source.js';
import { createOutput, type Output } from '../output.js';

interface DoctorOptions {
  readonly config: string;
  readonly payWith?: string;
  readonly json?: boolean;
}

/** Adds `farebox doctor node`. */
export function registerDoctorNode(doctor: Command): void {
  doctor
    .command('node')
    .description('examines the Lightning node of a configuration: what it can, and which rights it was given')
    .option('-c, --config <file>', 'the configuration', 'farebox.yaml')
    .option('--pay-with <file>', 'pay 1 sat to it with the node of this other configuration')
    .option('--json', 'one JSON object on stdout')
    .addHelpText(
      'after',
      `
Makes an invoice, looks it up, cancels it where the node can, and says which permission is missing, and which is wider than
selling needs. Money moves only with --pay-with: one satoshi, and its fee.

Examples:
  farebox doctor node
  farebox doctor node --config shop.yaml --json | jq .findings
  farebox doctor node --pay-with wallet.yaml

Exit codes: 0 usable, 1 a fault was found, 2 usage or configuration, 3 the node cannot be reached`,
    )
    // --json is an option of `doctor` too, which takes it wherever it stands.
    .action((_options: unknown, command: Command) => examine(command.optsWithGlobals<DoctorOptions>()));
}

async function examine({ config, payWith, json }: DoctorOptions): Promise<void> {
  const output = createOutput({ json: json ?? false });
  const { examineSeller } = await import('@farebox/lightning/nodes');
  const node = await openConfiguredNode(await nodeOf(config));
  try {
    const payer = payWith === undefined ? undefined : await openConfiguredPayer(await nodeOf(payWith));
    try {
      const report = await examineSeller(node, payer === undefined ? {} : { payer });
      show(output, report);
      if (!report.usable) process.exitCode = report.info === undefined ? exitCodes.network : exitCodes.failed;
    } finally {
      await payer?.close();
    }
  } finally {
    await node.close();
  }
}

async function nodeOf(path: string) {
  const { node } = await readConfig(path);
  if (node !== undefined) return node;
  throw new CliError('no_node', `${path} names no Lightning node; name it under lightning.`, {
    exitCode: exitCodes.usage,
  });
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
  output.text(report.usable ? 'It can be sold with.' : 'It cannot be sold with as it is.');
}
