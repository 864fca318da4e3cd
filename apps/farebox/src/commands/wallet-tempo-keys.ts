import type { ListedKey } from '@farebox/tempo';
import type { Command } from 'commander';
import { findHome } from '../home.js';
import { createOutput } from '../output.js';
import { accountOf, asking, openChain, requireKey } from '../tempo/account.js';
import { checkChain } from '../tempo/chain-check.js';
import { openKeyPlace } from '../tempo/key-place.js';
import { readTempoSettings } from '../tempo/settings.js';
import { showAmount, type Token } from '../tempo/tokens.js';
import { parseAddressArgument, type WalletTempoOptions, withWalletTempoOptions } from './wallet-options.js';

/** Adds `farebox wallet tempo keys`. */
export function registerTempoKeys(tempo: Command): void {
  withWalletTempoOptions(
    tempo
      .command('keys')
      .description('the access keys of an account, and what the chain says of them now')
      .argument('[account]', "any account; this wallet's when left out", parseAddressArgument),
  )
    .addHelpText('after', '\nExamples:\n  farebox wallet tempo keys\n  farebox wallet tempo keys 0x… --json')
    .action(run);
}

async function run(given: `0x${string}` | undefined, options: WalletTempoOptions): Promise<void> {
  const output = createOutput({ json: options.json ?? false });
  const home = findHome();
  const account = given ?? (await accountOf(await requireKey(await openKeyPlace(home, options)))).address;
  const settings = await readTempoSettings(options, home);
  const access = await openChain(settings);
  try {
    const { listKeys } = await import('@farebox/tempo');
    const { tokens, chainId } = settings;
    const { keys, complete, fromBlock } = await asking(async () => {
      await checkChain(access.chain, chainId);
      return listKeys(access.chain, account, { tokens: tokens.map(({ address }) => address) });
    });
    if (output.json) {
      output.object({
        ok: true,
        account,
        chainId,
        keys: keys.map(view),
        complete,
        fromBlock: String(fromBlock),
      });
      return;
    }
    if (keys.length === 0) output.text(`${account} has no access keys.`);
    for (const key of keys) output.text(`  ${key.keyAddress}  ${describe(key, tokens)}`);
    if (!complete)
      output.remark(`Only keys registered since block ${fromBlock} are listed; there may be older ones.`);
  } finally {
    access.close();
  }
}

function status({ state, expired }: ListedKey): string {
  return expired ? 'expired' : state.status;
}

function view(key: ListedKey) {
  const { keyAddress, state } = key;
  if (state.status !== 'registered') return { key: keyAddress, status: status(key) };
  return {
    key: keyAddress,
    status: status(key),
    keyType: state.keyType,
    expires: instant(state.expiresS),
    limits:
      state.allowances?.map(({ token, remaining, periodEndsS }) => ({
        currency: token,
        remaining: String(remaining),
        periodEnds: periodEndsS === undefined ? null : instant(periodEndsS),
      })) ?? null,
    scoped: state.scopes !== undefined,
  };
}

/** Seconds since the epoch as text; null for what is later than a Date can be. */
function instant(seconds: number): string | null {
  const date = new Date(seconds * 1_000);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

function describe(key: ListedKey, tokens: readonly Token[]): string {
  const { state } = key;
  if (state.status !== 'registered') return status(key);
  const left =
    state.allowances
      ?.map(({ token, remaining }) => showAmount({ amount: remaining, currency: token }, tokens))
      .join(', ') ?? 'no limit';
  const until = instant(state.expiresS) ?? 'the far future';
  return `${status(key)} until ${until}, ${left} left${state.scopes ? ', limited in what it may call' : ''}`;
}
