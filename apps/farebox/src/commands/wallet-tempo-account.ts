import type { Command } from 'commander';
import { findHome } from '../home.js';
import { createOutput, table } from '../output.js';
import { accountOf, asking, openChain, requireKey } from '../tempo/account.js';
import { checkChain } from '../tempo/chain-check.js';
import { openKeyPlace } from '../tempo/key-place.js';
import { readTempoSettings } from '../tempo/settings.js';
import { formatUnits, type Token } from '../tempo/tokens.js';
import { type VaultOptions, withVaultOptions } from '../vault/options.js';
import { type WalletTempoOptions, withWalletTempoOptions } from './wallet-options.js';

interface AddressOptions extends VaultOptions {
  readonly json?: boolean;
}

/** Adds `farebox wallet tempo address`. */
export function registerTempoAddress(tempo: Command): void {
  withVaultOptions(tempo.command('address').description('the account that pays'))
    .option('--json', 'one JSON object on stdout, errors as one on stderr')
    .addHelpText('after', '\nExamples:\n  farebox wallet tempo address')
    .action(showAddress);
}

async function showAddress(options: AddressOptions): Promise<void> {
  const output = createOutput({ json: options.json ?? false });
  const account = await accountOf(await requireKey(await openKeyPlace(findHome(), options)));
  const accessKey = account.accessKey?.address ?? null;
  if (output.json) output.object({ ok: true, address: account.address, accessKey });
  else output.text(account.address);
  if (accessKey !== null) output.remark(`It is spent from with the access key ${accessKey}.`);
}

/** Adds `farebox wallet tempo balance`. */
export function registerTempoBalance(tempo: Command): void {
  withWalletTempoOptions(
    tempo
      .command('balance')
      .description('what the account has, and what an access key may still spend of it'),
  )
    .addHelpText(
      'after',
      '\nExamples:\n  farebox wallet tempo balance\n  farebox wallet tempo balance --json',
    )
    .action(showBalance);
}

async function showBalance(options: WalletTempoOptions): Promise<void> {
  const output = createOutput({ json: options.json ?? false });
  const home = findHome();
  const account = await accountOf(await requireKey(await openKeyPlace(home, options)));
  const settings = await readTempoSettings(options, home);
  const access = await openChain(settings);
  try {
    const { readBalances, tempoBuyer } = await import('@farebox/tempo');
    const { tokens, chainId } = settings;
    const currencies = tokens.map(({ address }) => address);
    const { chain } = access;
    const balances = await asking(async () => {
      await checkChain(chain, chainId);
      return readBalances(chain, account.address, currencies);
    });
    const buyer = tempoBuyer({ account, chain, chainId, currencies });
    const rows = [];
    for (const token of tokens) {
      const has = balances.find((balance) => balance.token === token.address)?.balance ?? 0n;
      const spendable = account.accessKey ? await asking(() => buyer.balance(token.address)) : undefined;
      rows.push({ token, has, spendable: account.accessKey ? (spendable?.amount ?? 0n) : has });
    }
    if (output.json) {
      const shown = rows.map(({ token, has, spendable }) => view(token, has, spendable));
      output.object({ ok: true, address: account.address, chainId, balances: shown });
      return;
    }
    output.text(
      table(
        rows.map(({ token, has, spendable }) => [
          token.name,
          account.accessKey
            ? `${formatUnits(has)}, of which the key may spend ${formatUnits(spendable)}`
            : formatUnits(has),
        ]),
        output.color,
      ),
    );
  } finally {
    access.close();
  }
}

function view({ name, address }: Token, balance: bigint, spendable: bigint) {
  return { token: name, currency: address, balance: String(balance), spendable: String(spendable) };
}
