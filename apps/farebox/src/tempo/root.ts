import type { Amount, Result } from '@farebox/protocol';
import type { RootAction, TempoAccount } from '@farebox/tempo';
import { CliError, usageError } from '../cli-error.js';
import { exitCodes } from '../exit-codes.js';
import type { Home } from '../home.js';
import type { VaultOptions } from '../vault/options.js';
import { accountOf, openChain, requireKey } from './account.js';
import type { TempoKey } from './key-file.js';
import { openKeyPlace } from './key-place.js';
import { readTempoSettings, type TempoOptions, type TempoSettings } from './settings.js';
import type { Token } from './tokens.js';

/** Most that a change of keys may cost when nothing else is said, base units: 0.10 of a stablecoin. */
const rootFeeMaxDefault = 100_000n;

/** A wallet of its own, which may say what other keys may spend. */
export interface RootWallet {
  readonly key: TempoKey;
  readonly account: TempoAccount;
  readonly settings: TempoSettings;
  readonly feeToken: Token;
}

/** Opens this home's wallet as the owner of its account. Throws {@link CliError} for an access key, which owns nothing. */
export async function openRoot(home: Home, options: TempoOptions & VaultOptions): Promise<RootWallet> {
  const key = await requireKey(await openKeyPlace(home, options));
  if (key.rootAccount !== undefined || key.keyType !== 'secp256k1') {
    throw usageError(
      'Only the own key of an account can do that, of the type secp256k1; run this in the wallet that has it.',
    );
  }
  const settings = await readTempoSettings(options, home);
  const [feeToken] = settings.tokens;
  if (feeToken === undefined) throw usageError('There is no token to pay the fee in.');
  return { key, account: await accountOf(key), settings, feeToken };
}

/** Carries out a change of keys. Throws {@link CliError} with the exit code that says what was spent. */
export async function asRoot<T>(
  root: RootWallet,
  maxFee: readonly Amount[] | undefined,
  change: (action: RootAction) => Promise<Result<T>>,
): Promise<T> {
  const { account, settings, feeToken } = root;
  const limit = maxFee?.find(({ currency }) => currency === feeToken.address);
  if (maxFee && !limit) throw usageError(`The fee is paid in ${feeToken.name}; give --max-fee in it.`);
  const access = await openChain(settings);
  try {
    const result = await change({
      chain: access.chain,
      chainId: settings.chainId,
      root: account,
      feeToken: feeToken.address,
      maxFee: limit?.amount ?? rootFeeMaxDefault,
    });
    if (result.ok) return result.value;
    throw new CliError(result.code, `${result.detail}.`, {
      exitCode: exitOf(result.code),
      retry: result.code === 'change_unknown' ? 'resume' : 'safe',
    });
  } finally {
    access.close();
  }
}

function exitOf(code: string): number {
  switch (code) {
    case 'node_unreachable':
      return exitCodes.network;
    case 'fee_above_limit':
    case 'chain_mismatch':
      return exitCodes.policy;
    case 'change_unknown':
      return exitCodes.unknown;
    default:
      return exitCodes.payment;
  }
}
