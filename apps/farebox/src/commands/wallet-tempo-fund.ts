import type { Amount } from '@farebox/protocol';
import type { Command } from 'commander';
import { parseAmountOption } from '../amount-option.js';
import { CliError, usageError } from '../cli-error.js';
import { findHome } from '../home.js';
import { createOutput } from '../output.js';
import { accountOf, requireKey } from '../tempo/account.js';
import { fundOnDevnet } from '../tempo/devnet-funds.js';
import { openKeyPlace } from '../tempo/key-place.js';
import { readTempoSettings } from '../tempo/settings.js';
import { pathUsd, showAmount } from '../tempo/tokens.js';
import { type VaultOptions, withVaultOptions } from '../vault/options.js';

/** What is given when nothing else is said: 100 pathUSD, worthless. */
const fundDefault: Amount = { amount: 100_000_000n, currency: pathUsd.address };

interface Options extends VaultOptions {
  readonly amount?: Amount;
  readonly json?: boolean;
}

/** Adds `farebox wallet tempo fund`. */
export function registerTempoFund(tempo: Command): void {
  withVaultOptions(tempo.command('fund').description('on the devnet only: give this wallet worthless coins'))
    .option('--amount <amount>', 'how much (default: 100pathUSD)', parseOne)
    .option('--json', 'one JSON object on stdout, errors as one on stderr')
    .addHelpText(
      'after',
      '\nExamples:\n  farebox wallet tempo fund\n  farebox wallet tempo fund --amount 5pathUSD',
    )
    .action(run);
}

function parseOne(text: string): Amount {
  return parseAmountOption(text);
}

async function run(options: Options): Promise<void> {
  const { amount = fundDefault, json } = options;
  const output = createOutput({ json: json ?? false });
  const home = findHome();
  const { address } = await accountOf(await requireKey(await openKeyPlace(home, options)));
  const settings = await readTempoSettings({}, home);
  const token = settings.tokens.find((one) => one.address === amount.currency);
  if (token === undefined) throw usageError('Give the amount in a token, such as 5pathUSD.');
  if (!settings.devnet || settings.rpcUrl === undefined) {
    throw new CliError(
      'no_devnet',
      'Coins are given away on the devnet only; start it with: farebox devnet --tempo',
    );
  }
  await fundOnDevnet(settings.rpcUrl, address, amount.amount, token.address);
  if (output.json)
    output.object({ ok: true, address, amount: String(amount.amount), currency: amount.currency });
  else output.text(`${address} got ${showAmount(amount, settings.tokens)}, worthless.`);
}
