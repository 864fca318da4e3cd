import type { Amount } from '@farebox/protocol';
import type { Decision } from '@farebox/wallet';
import type { Command } from 'commander';
import { collectAmount, parseAmountOption } from '../amount-option.js';
import { usageError } from '../cli-error.js';
import { exitCodes } from '../exit-codes.js';
import { findHome, type Home } from '../home.js';
import { createOutput, table } from '../output.js';
import { policyOf } from '../policy/load.js';
import { readStandings } from '../policy/standings.js';
import {
  type AmountView,
  type BudgetView,
  remarksOn,
  showStanding,
  viewAmount,
  viewStanding,
} from '../policy/views.js';
import { readTokens } from '../tempo/tokens.js';
import { showMoney } from '../views.js';
import { methodOption } from './pay-options.js';

interface Options {
  readonly method?: string;
  readonly payee?: string;
  readonly maxFee?: readonly Amount[];
  readonly json?: boolean;
}

/** What would be decided. */
interface Verdict {
  readonly allowed: boolean;
  /** The rule that refuses, or that somebody must be asked by; else the one that allows. */
  readonly rule: string;
  readonly message: string;
  /** Who would be asked first. */
  readonly approval: 'terminal' | 'command' | null;
  readonly maxFee: AmountView | null;
  readonly budgets: readonly BudgetView[];
}

/** Adds `farebox wallet policy test`. */
export function registerPolicyTest(policy: Command): void {
  policy
    .command('test')
    .description('would this be paid? Nothing is asked, nothing is spent')
    .argument('<url>', 'what would be requested, or by-hand for an invoice')
    .argument('<amount>', 'the price, e.g. 5sat')
    .addOption(methodOption('the payment method (default: lightning for satoshis, else tempo)'))
    .option('--payee <payee>', 'who would be paid; left out, lists of payees are passed over')
    .option('--max-fee <amount>', 'as the paying commands have it; repeatable', collectAmount)
    .option('--json', 'one JSON object on stdout, errors as one on stderr')
    .addHelpText(
      'after',
      `
Ends with 0 when it would be paid, with 5 when the policy would refuse it.

Examples:
  farebox wallet policy test https://api.example.com/v1/price 5sat
  farebox wallet policy test by-hand 50sat --json`,
    )
    .action(run);
}

async function run(place: string, amount: string, options: Options): Promise<void> {
  const output = createOutput({ json: options.json });
  const home = findHome();
  const tokens = readTokens();
  const price = readPrice(amount);
  const policy = await policyOf(home, tokens);
  const { byHand, decide, isSecure } = await import('@farebox/wallet');
  const url = place === byHand ? undefined : readUrl(place);
  const method = options.method ?? (/^m?sat$/.test(price.currency) ? 'lightning' : 'tempo');
  const proposed = {
    url,
    secure: url === undefined || isSecure(url),
    method,
    price,
    payees: options.payee === undefined ? undefined : [options.payee],
    maxFee: options.maxFee ?? policy.limits.fee,
  };
  const verdict = await judge(home, decide(policy, proposed, showMoney), price);
  if (!verdict.allowed) process.exitCode = exitCodes.policy;
  const remarks = verdict.allowed ? await remarksOn(policy, price) : [];
  if (output.json) {
    const asked = { url: url ?? null, method, price: viewAmount(price), source: policy.source };
    output.object({ ok: true, ...asked, ...verdict, remarks });
    return;
  }
  const { color } = output;
  const rows = table(
    [
      ['rule', `${verdict.rule} in ${policy.source}`],
      ['fee', verdict.maxFee === null ? undefined : `at most ${verdict.maxFee.text}`],
      ...verdict.budgets.map((view): [string, string] => [view.rule, showStanding(view)]),
    ],
    color,
  );
  const word = verdict.allowed ? color.green('allowed') : color.red('refused');
  output.text(`${word}  ${verdict.message}\n${rows}`);
  for (const remark of remarks) output.text(color.yellow(remark));
}

async function judge(home: Home, decision: Decision, price: Amount): Promise<Verdict> {
  if (!decision.ok) {
    const { rule, message } = decision.refusal;
    return { allowed: false, rule, message: `${message}.`, approval: null, maxFee: null, budgets: [] };
  }
  const standings = await readStandings(home, decision.budgets);
  const { finest } = await import('@farebox/wallet');
  const budgets = standings.map(viewStanding);
  const maxFee = viewAmount(decision.maxFee);
  const needed = finest(price).amount + finest(decision.maxFee).amount;
  const short = standings.find(({ left }) => left < needed);
  if (short) {
    const { currency, budget } = short;
    const message = `Price and fee need ${showMoney({ amount: needed, currency })}, and ${showStanding(viewStanding(short))}.`;
    return { allowed: false, rule: budget.rule, message, approval: null, maxFee, budgets };
  }
  const { approval } = decision;
  if (approval !== undefined && approval.by !== 'refuse') {
    const who = approval.by === 'terminal' ? 'the person at the terminal' : (approval.command[0] ?? '');
    const message = `It would be paid if ${who} says yes.`;
    return { allowed: true, rule: 'approval.above', message, approval: approval.by, maxFee, budgets };
  }
  const message = 'It would be paid.';
  return { allowed: true, rule: 'limits.payment', message, approval: null, maxFee, budgets };
}

function readPrice(text: string): Amount {
  try {
    return parseAmountOption(text);
  } catch (error) {
    throw usageError(error instanceof Error ? error.message : 'That is no amount.');
  }
}

function readUrl(text: string): string {
  try {
    const url = new URL(text);
    if (url.protocol === 'https:' || url.protocol === 'http:') return url.href;
  } catch {
    // Said below.
  }
  throw usageError('Give a whole URL, like https://api.example.com/v1/price, or by-hand.');
}
