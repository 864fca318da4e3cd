import type { Amount } from '@farebox/protocol';
import type { Command } from 'commander';
import { collectAmount } from '../amount-option.js';
import { CliError } from '../cli-error.js';
import { findHome } from '../home.js';
import { createOutput } from '../output.js';
import { readKeyOf } from '../tempo/key-standing.js';
import { asRoot, openRoot } from '../tempo/root.js';
import { showAmount } from '../tempo/tokens.js';
import { parseAddressArgument, type WalletTempoOptions, withWalletTempoOptions } from './wallet-options.js';

interface Options extends WalletTempoOptions {
  readonly maxFee?: readonly Amount[];
  readonly yes?: boolean;
}

/** Adds `farebox wallet tempo revoke`. */
export function registerTempoRevoke(tempo: Command): void {
  const command = tempo
    .command('revoke')
    .description('take the permission of an access key away, for good')
    .argument('<key>', 'the address of the access key', parseAddressArgument)
    .option('--max-fee <amount>', 'most that it may cost (default: 0.1pathUSD)', collectAmount)
    .option('-y, --yes', 'do it');
  withWalletTempoOptions(command)
    .addHelpText(
      'after',
      `
Said by the wallet that owns the account. The same key can never be authorised again for it.

Examples:
  farebox wallet tempo revoke 0x… --yes`,
    )
    .action(run);
}

async function run(key: `0x${string}`, options: Options): Promise<void> {
  const output = createOutput({ json: options.json ?? false });
  const root = await openRoot(findHome(), options);
  const { address } = root.account;
  if ((await readKeyOf(root, key, { evenExpired: true })) === undefined) {
    const message = `The chain knows no access key ${key} of the account ${address}, so there is nothing to revoke; nothing was sent. Look with: farebox wallet tempo keys`;
    throw new CliError('key_not_registered', message, { retry: 'never' });
  }
  if (!options.yes) {
    if (output.json) output.object({ ok: true, done: false, account: address, key });
    else output.text(`Nothing was done. To take ${key} away from ${address} for good, add --yes.`);
    return;
  }
  const { revokeKey } = await import('@farebox/tempo');
  const change = await asRoot(root, options.maxFee, (action) => revokeKey(action, key));
  const { transactionHash, fee } = change;
  if (output.json)
    output.object({ ok: true, done: true, account: address, key, transactionHash, fee: String(fee) });
  else
    output.text(
      `${key} may not sign for ${address} any more (fee: ${showAmount({ amount: fee, currency: root.feeToken.address })}).`,
    );
}
