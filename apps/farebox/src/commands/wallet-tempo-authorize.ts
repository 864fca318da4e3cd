import type { Amount } from '@farebox/protocol';
import type { KeyChange, KeyGrant } from '@farebox/tempo';
import { type Command, Option } from 'commander';
import { collectAmount } from '../amount-option.js';
import { usageError } from '../cli-error.js';
import { findHome } from '../home.js';
import { createOutput, type Output, table } from '../output.js';
import { type LivingKey, readKeyOf } from '../tempo/key-standing.js';
import { asRoot, openRoot, type RootWallet } from '../tempo/root.js';
import { showAmount } from '../tempo/tokens.js';
import {
  collectAddress,
  parseAddressArgument,
  parseSeconds,
  type WalletTempoOptions,
  withWalletTempoOptions,
} from './wallet-options.js';

interface Options extends WalletTempoOptions {
  readonly limit: readonly Amount[];
  readonly period?: number;
  readonly expires?: number;
  readonly payTo?: readonly `0x${string}`[];
  readonly keyType: 'secp256k1' | 'p256';
  readonly signOnly?: boolean;
  readonly maxFee?: readonly Amount[];
  readonly yes?: boolean;
}

/** How long a key may sign when nothing is said, seconds: the 30d of the help. */
const lifeS = 30 * 86_400;
/** `transfer` and `transferWithMemo` of TIP-20: what a payment is made of. */
const transferSelectors = ['0xa9059cbb', '0x95777d59'] as const;

/** Adds `farebox wallet tempo authorize`. */
export function registerTempoAuthorize(tempo: Command): void {
  const command = tempo
    .command('authorize')
    .description('let an access key spend from this account: so much, so long, and if wanted to whom')
    .argument('<key>', 'the address of the access key', parseAddressArgument)
    .requiredOption(
      '--limit <amount>',
      'most that it may spend from now on, fees included; repeatable',
      collectAmount,
    )
    .option('--period <time>', 'the limit comes back each period, such as 1d', parseSeconds)
    .option('--expires <time>', 'for how long, such as 12h (default: 30d)', parseSeconds)
    .option('--pay-to <address>', 'only these are paid; repeatable', collectAddress)
    .addOption(
      new Option('--key-type <curve>', 'the curve of the access key')
        .choices(['secp256k1', 'p256'])
        .default('secp256k1'),
    )
    .option('--sign-only', 'send nothing: print the permission, for farebox wallet tempo accept')
    .option('--max-fee <amount>', 'most that it may cost (default: 0.1pathUSD)', collectAmount)
    .option('-y, --yes', 'do it; without it, only what would be allowed is shown');
  withWalletTempoOptions(command)
    .addHelpText(
      'after',
      `
Said by the wallet that owns the account. With --sign-only the permission is printed, and the access key's first
payment carries it to the chain. A key that is registered already gets the new limit and keeps all its other terms.

Examples:
  farebox wallet tempo authorize 0x… --limit 5pathUSD --expires 7d --yes
  farebox wallet tempo authorize 0x… --limit 1pathUSD --period 1d --pay-to 0x… --yes
  farebox wallet tempo authorize 0x… --limit 5pathUSD --sign-only > permission.txt`,
    )
    .action(run);
}

async function run(keyAddress: `0x${string}`, options: Options): Promise<void> {
  const output = createOutput({ json: options.json ?? false });
  const root = await openRoot(findHome(), options);
  const grant = readGrant(keyAddress, options, root, Date.now());
  if (options.signOnly) {
    const { serialized } = await sign(root, grant);
    if (output.json) output.object({ ok: true, authorization: serialized, ...view(root, grant) });
    else output.text(serialized);
    return;
  }
  const known = await readKeyOf(root, keyAddress);
  if (known !== undefined) return changeLimits({ root, grant, known, options, output });
  if (!options.yes) {
    if (output.json) output.object({ ok: true, done: false, ...view(root, grant) });
    else output.text(`${describe(root, grant, output)}\n\nNothing was done. To authorise it, add --yes.`);
    return;
  }
  const { registerKey } = await import('@farebox/tempo');
  const authorization = await sign(root, grant);
  const change = await asRoot(root, options.maxFee, (action) => registerKey(action, authorization));
  if (output.json) {
    output.object({ ok: true, done: true, ...changeView(change), ...view(root, grant) });
  } else {
    output.text(`${describe(root, grant, output)}\n\nAuthorised, for a fee of ${feeOf(change, root)}.`);
  }
}

async function sign(root: RootWallet, grant: KeyGrant) {
  const { signKeyAuthorization } = await import('@farebox/tempo');
  return signKeyAuthorization(root.key.privateKey, grant);
}

function changeView({ transactionHash, fee }: KeyChange) {
  return { transactionHash, fee: String(fee) };
}

function feeOf({ fee }: KeyChange, { feeToken }: RootWallet): string {
  return showAmount({ amount: fee, currency: feeToken.address });
}

/** A key that is registered already, and what is asked for it. */
interface LimitChange {
  readonly root: RootWallet;
  readonly grant: KeyGrant;
  readonly known: LivingKey;
  readonly options: Options;
  readonly output: Output;
}

/** The chain registers a key once; of one that it knows only the limits are changed. */
async function changeLimits({ root, grant, known, options, output }: LimitChange): Promise<void> {
  const { period, expires, payTo, yes } = options;
  if (period !== undefined || expires !== undefined || payTo !== undefined) {
    throw usageError(
      'This key is registered already, and only its limit can be changed: leave --period, --expires and --pay-to away, or authorise another key.',
    );
  }
  const { account, key, chainId } = view(root, grant);
  const { tokens } = root.settings;
  const limits = grant.limits.map(({ token, limit }) => {
    const left = known.allowances?.find((allowance) => allowance.token === token)?.remaining ?? null;
    return { currency: token, limit, left: known.allowances ? (left ?? 0n) : null };
  });
  const shown = {
    ...{ account, key, chainId, registered: true },
    limits: limits.map(({ currency, limit, left }) => ({
      currency,
      limit: String(limit),
      left: left === null ? null : String(left),
    })),
  };
  const text = limits.map(({ currency, limit: amount, left }) => {
    const now = left === null ? 'no limit now' : `${showAmount({ amount: left, currency }, tokens)} left now`;
    return `${showAmount({ amount, currency }, tokens)} (${now})`;
  });
  const told = table(
    [
      ['key', `${key}, registered already`],
      ['may spend', `${text.join(', ')}, fees included`],
      ['from', account],
    ],
    output.color,
  );
  if (!yes) {
    if (output.json) output.object({ ok: true, done: false, ...shown });
    else output.text(`${told}\n\nNothing was done. To change its limit, add --yes.`);
    return;
  }
  const { setKeyLimits } = await import('@farebox/tempo');
  const change = await asRoot(root, options.maxFee, (action) => setKeyLimits(action, key, grant.limits));
  if (output.json) output.object({ ok: true, done: true, ...changeView(change), ...shown });
  else output.text(`${told}\n\nThe limit was changed, for a fee of ${feeOf(change, root)}.`);
}

function readGrant(keyAddress: `0x${string}`, options: Options, root: RootWallet, nowMs: number): KeyGrant {
  const { limit, period, expires = lifeS, payTo, keyType } = options;
  if (keyAddress === root.account.address)
    throw usageError('An account needs no permission for its own key; name the address of an access key.');
  const { tokens, chainId } = root.settings;
  const limits = limit.map(({ amount, currency }) => {
    const token = tokens.find(({ address }) => address === currency);
    if (token === undefined) throw usageError('A limit is in a token, such as 5pathUSD.');
    return { token: token.address, limit: amount, ...(period !== undefined && { periodS: period }) };
  });
  return {
    chainId,
    key: { address: keyAddress, keyType },
    expiresS: Math.floor(nowMs / 1_000) + expires,
    limits,
    ...(payTo && {
      scopes: limits.map(({ token }) => ({
        target: token,
        selectors: transferSelectors.map((selector) => ({ selector, recipients: payTo })),
      })),
    }),
  };
}

function view({ account }: RootWallet, grant: KeyGrant) {
  const recipients = grant.scopes?.[0]?.selectors[0]?.recipients ?? null;
  return {
    account: account.address,
    key: grant.key.address,
    keyType: grant.key.keyType,
    chainId: grant.chainId,
    expires: new Date(grant.expiresS * 1_000).toISOString(),
    limits: grant.limits.map(({ token, limit, periodS }) => ({
      currency: token,
      limit: String(limit),
      periodSeconds: periodS ?? null,
    })),
    payTo: recipients,
  };
}

function describe(root: RootWallet, grant: KeyGrant, output: Output): string {
  const { expires, payTo } = view(root, grant);
  const limits = grant.limits.map(({ token, limit, periodS }) => {
    const amount = showAmount({ amount: limit, currency: token }, root.settings.tokens);
    return periodS === undefined ? amount : `${amount} every ${periodS} s`;
  });
  return table(
    [
      ['key', grant.key.address],
      ['may spend', `${limits.join(', ')}, fees included`],
      ['from', root.account.address],
      ['to', payTo?.join(', ') ?? 'anybody'],
      ['until', expires],
      ['chain', String(grant.chainId)],
    ],
    output.color,
  );
}
