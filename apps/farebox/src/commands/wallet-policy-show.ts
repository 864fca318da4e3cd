import type { Command } from 'commander';
import { findHome } from '../home.js';
import { createOutput } from '../output.js';
import { openPolicy, policyPath } from '../policy/load.js';
import { readStandings } from '../policy/standings.js';
import { remarksOn, showStanding, viewPolicy, viewStanding } from '../policy/views.js';
import { readTokens } from '../tempo/tokens.js';

interface Options {
  readonly json?: boolean;
}

/** Adds `farebox wallet policy show`. */
export function registerPolicyShow(policy: Command): void {
  policy
    .command('show')
    .description('the policy, and what is left of its budgets')
    .option('--json', 'one JSON object on stdout, errors as one on stderr')
    .addHelpText(
      'after',
      `
Examples:
  farebox wallet policy show
  farebox wallet policy show --json`,
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  const output = createOutput({ json: options.json });
  const home = findHome();
  const { policy, text, exists } = await openPolicy(home, readTokens());
  const { budgetsIn } = await import('@farebox/wallet');
  const budgets = (await readStandings(home, budgetsIn(policy))).map(viewStanding);
  const path = policyPath(home);
  const remarks = await remarksOn(policy);
  if (output.json) {
    output.object({ ok: true, path, exists, policy: viewPolicy(policy), budgets, remarks });
    return;
  }
  const { color } = output;
  output.text(color.dim(exists ? path : `${path} does not exist; the default counts:`));
  output.text(text.trimEnd());
  const width = Math.max(0, ...budgets.map(({ rule }) => rule.length));
  const lines = budgets.map((view) => `  ${color.dim(view.rule.padEnd(width))}  ${showStanding(view)}`);
  if (lines.length > 0) output.text(`\n${lines.join('\n')}`);
  for (const remark of remarks) output.text(`\n${color.yellow(remark)}`);
}
