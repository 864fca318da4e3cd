import type { Header } from '@farebox/wallet';
import type { Finding } from '@farebox/wallet/doctor';
import type { Command } from 'commander';
import { usageError } from '../cli-error.js';
import { exitCodes } from '../exit-codes.js';
import { createOutput } from '../output.js';
import { lightningExaminer } from './doctor-lightning.js';
import { registerDoctorNode } from './doctor-node.js';
import { tempoExaminer } from './doctor-tempo.js';
import { countFindings, showFindings, viewFinding } from './doctor-view.js';
import { collectHeader, headerHelp } from './header-option.js';
import { type NodeOptions, type RequestOptions, readRequest, withNodeOptions } from './pay-options.js';

interface Options extends NodeOptions, RequestOptions {
  readonly header?: readonly Header[];
  readonly rehearse: boolean;
  readonly wallet: boolean;
  readonly keepAuthorization?: boolean;
  readonly json?: boolean;
}

/** Adds `farebox doctor`. */
export function registerDoctor(program: Command): void {
  const doctor = program
    .command('doctor')
    .description('says why a paid request does not work, whose fault it is and what to do; never spends')
    .argument('[url]', 'what you want to pay for, as for farebox pay request')
    .option('-X, --request <method>', 'HTTP method (default: GET, or POST with data)')
    .option('-H, --header <header>', headerHelp, collectHeader)
    .option('-d, --data <text>', 'request body; JSON is recognised, anything else is sent as a form')
    .option('--data-file <path>', 'request body from a file, - for stdin')
    .option('--keep-authorization', 'the credential goes in Payment-Authorization')
    .option('--no-rehearse', 'do not send the replay with a worthless credential')
    .option('--no-wallet', 'look at the seller only, not at what this wallet could pay with');
  withNodeOptions(doctor)
    .addHelpText(
      'after',
      `
Looks at the connection (TLS), both clocks, the identity, the body and its type, the challenge against the specifications,
the replay, locks that an earlier try left, and this wallet's key and balance. The request is sent as it stands, without a
payment; then, as a rehearsal, once more with a credential that is worthless by construction: a seller has to refuse it, and
what gets lost on the way is seen before any money has gone.

Examples:
  farebox doctor https://api.example.com/v1/bitcoin/price
  farebox doctor https://registrar.example/api/v1/domains/register -H 'X-API-Key: …' -H 'X-Payment-Method: mpp' \\
    -d '{"domain":"myname","tld":"chatbot","years":1}'
  farebox doctor node

Exit codes: 0 all is well, 1 faults were found, 2 usage`,
    )
    .action(run);
  registerDoctorNode(doctor);
}

async function run(url: string | undefined, options: Options): Promise<void> {
  if (url === undefined)
    throw usageError('Say what to look at: farebox doctor <url>, or farebox doctor node.');
  const output = createOutput({ json: options.json ?? false });
  const request = await readRequest(url, options);
  const { diagnose } = await import('@farebox/wallet/doctor');
  const { examineJournal, examineWallet } = await import('./doctor-wallet.js');
  const diagnosis = await diagnose(request, {
    examiners: [lightningExaminer, tempoExaminer],
    accepts: 'lightning/charge, tempo/charge',
    rehearse: options.rehearse,
    credentialPlace: options.keepAuthorization ? 'payment-authorization' : 'authorization',
    ...(options.wallet && { examineWallet: (challenges) => examineWallet(challenges, options) }),
  });
  const own = options.wallet ? await examineJournal(diagnosis.url, diagnosis.method) : [];
  const findings: readonly Finding[] = [...diagnosis.findings, ...own];
  const { faults, warnings } = countFindings(findings);
  if (faults > 0) process.exitCode = exitCodes.failed;
  if (output.json) {
    const { url: asked, method, status, offered } = diagnosis;
    output.object({
      ok: faults === 0,
      url: asked,
      method,
      status: status ?? null,
      offered,
      faults,
      warnings,
      findings: findings.map(viewFinding),
      spent: false,
    });
    return;
  }
  output.text(showFindings(findings, output));
  output.text(`\n${conclude(faults, warnings)} Nothing was spent.`);
}

function conclude(faults: number, warnings: number): string {
  if (faults === 0 && warnings === 0) return 'All is well.';
  const count = (number: number, word: string) => `${number} ${word}${number === 1 ? '' : 's'}`;
  return `${count(faults, 'fault')}, ${count(warnings, 'warning')}.`;
}
