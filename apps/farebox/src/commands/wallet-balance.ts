import { formatAmount } from '@farebox/protocol';
import type { Command } from 'commander';
import { CliError } from '../cli-error.js';
import { exitCodes } from '../exit-codes.js';
import { findHome } from '../home.js';
import { createOutput, type Output, table } from '../output.js';
import { readTempoSettings } from '../tempo/settings.js';
import { formatUnits } from '../tempo/tokens.js';
import {
  type BalanceFault,
  isFault,
  type LightningBalance,
  readLightningBalance,
  readTempoBalance,
  type TempoBalance,
} from '../vault/balances.js';
import { openAccount } from '../vault/open-account.js';
import { type NodeOptions, withNodeOptions } from './pay-options.js';

interface Options extends NodeOptions {
  readonly json?: boolean;
}

/** Adds `farebox wallet balance`. */
export function registerWalletBalance(wallet: Command): void {
  withNodeOptions(
    wallet
      .command('balance')
      .description('what an account can pay with: its Lightning node and its Tempo key'),
  )
    .addHelpText('after', '\nExamples:\n  farebox wallet balance\n  farebox wallet balance -a agent --json')
    .action(run);
}

async function run(options: Options): Promise<void> {
  const output = createOutput({ json: options.json ?? false });
  const home = findHome();
  const access = await openAccount(home, options, { needed: true });
  const settings = await readTempoSettings(options, home);
  const [lightning, tempo] = await Promise.all([
    readLightningBalance(home, access, options.node === 'devnet'),
    readTempoBalance(home, access, options, settings),
  ]);
  const account = access.kind === 'open' ? { index: access.account.index, name: access.account.name } : null;
  const asked = [lightning, tempo].filter((part) => part !== undefined);
  if (asked.length === 0) {
    const message =
      'There is nothing here to pay with; put a node into the vault with farebox wallet node set, or make a Tempo key with farebox wallet tempo create.';
    throw new CliError('nothing_to_pay_with', message, { retry: 'never' });
  }
  // One that answered is an answer; that no node was named is no fault, but nothing to rest upon either.
  const [vain] = asked.filter(isFault).filter(({ error }) => error.code !== 'node_not_found');
  if (vain && asked.every(isFault)) {
    throw new CliError(vain.error.code, vain.error.message, { exitCode: exitCodes.network });
  }
  if (output.json) {
    output.object({ ok: true, account, lightning: lightning ?? null, tempo: tempo ?? null });
    return;
  }
  show(lightning, tempo, output);
}

function show(
  lightning: LightningBalance | BalanceFault | undefined,
  tempo: TempoBalance | BalanceFault | undefined,
  output: Output,
): void {
  output.text(table([...lightningRows(lightning), ...tempoRows(tempo)], output.color));
}

type Row = readonly [string, string];

function lightningRows(part: LightningBalance | BalanceFault | undefined): readonly Row[] {
  if (part === undefined) return [['Lightning', 'no node']];
  if (isFault(part)) return [['Lightning', part.error.message]];
  const { spendable, receivable } = part;
  return [
    ['Lightning', `${formatAmount(spendable)} spendable on ${part.network} (${part.kind})`],
    ['', `${formatAmount(receivable)} receivable`],
  ];
}

function tempoRows(part: TempoBalance | BalanceFault | undefined): readonly Row[] {
  if (part === undefined) return [['Tempo', 'no key']];
  if (isFault(part)) return [['Tempo', part.error.message]];
  return part.balances.map(({ token, balance, spendable }): Row => {
    const of = part.accessKey === null ? '' : `, of which the key may spend ${formatUnits(spendable)}`;
    return [token, `${formatUnits(balance)}${of}`];
  });
}
