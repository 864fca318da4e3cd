import type { Amount } from '@farebox/protocol';
import type { KeyGrant } from '@farebox/tempo';
import { type Command, Option } from 'commander';
import { collectAmount } from '../amount-option.js';
import { usageError } from '../cli-error.js';
import { findHome } from '../home.js';
import { createOutput, type Output, table } from '../output.js';
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
  readonly expires: number;
  readonly payTo?: readonly `0x${string}`[];
  readonly keyType: 'secp256k1' | 'p256';
  readonly signOnly?: boolean;
  readonly maxFee?: readonly Amount[];
  readonly yes?: boolean;
}

const monthS = 30 * 86_400;
/** `transfer` and `transferWithMemo` of TIP-20: what a payment is made of. */
const transferSelectors = ['0xa9059cbb', '0x95777d59'] as const;

/** Adds `farebox wallet tempo authorize`. */
export function registerTempoAuthorize(tempo: Command): void {
  const command = tempo
    .command('authorize')
    .description('let an access key spend from this account: so much, so long, and if wanted to whom')
    .argument('<key>', 'the address of the access key', parseAddressArgument)
    .requiredOption('--limit <amount>', 'most that it may spend, fees included; repeatable', collectAmount)
    .option('--period <time>', 'the limit comes back each period, such as 1d', parseSeconds)
    .option('--expires <time>', 'for how long, such as 12h or 30d', parseSeconds, monthS)
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
payment carries it to the chain.

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
  if (options.signOnly || options.yes) {
    const { registerKey, signKeyAuthorization } = await import('@farebox/tempo');
    const authorization = await signKeyAuthorization(root.key.privateKey, grant);
    if (options.signOnly) {
      if (output.json)
        output.object({ ok: true, authorization: authorization.serialized, ...view(root, grant) });
      else output.text(authorization.serialized);
      return;
    }
    const change = await asRoot(root, options.maxFee, (action) => registerKey(action, authorization));
    const fee = { amount: change.fee, currency: root.feeToken.address };
    if (output.json) {
      const done = { transactionHash: change.transactionHash, fee: String(change.fee) };
      output.object({ ok: true, done: true, ...done, ...view(root, grant) });
    } else {
      output.text(`${describe(root, grant, output)}\n\nAuthorised, for a fee of ${showAmount(fee)}.`);
    }
    return;
  }
  if (output.json) output.object({ ok: true, done: false, ...view(root, grant) });
  else output.text(`${describe(root, grant, output)}\n\nNothing was done. To authorise it, add --yes.`);
}

function readGrant(keyAddress: `0x${string}`, options: Options, root: RootWallet, nowMs: number): KeyGrant {
  const { limit, period, expires, payTo, keyType } = options;
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
