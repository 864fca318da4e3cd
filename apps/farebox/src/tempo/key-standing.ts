import type { KeyState } from '@farebox/tempo';
import { CliError } from '../cli-error.js';
import { asking, openChain } from './account.js';
import { checkChain } from './chain-check.js';
import type { RootWallet } from './root.js';

/** A key that is registered and has not expired. */
export type LivingKey = Extract<KeyState, { readonly status: 'registered' }>;

/**
 * The access key of a root wallet's account as the chain has it; undefined for one that it has never heard of. What can
 * never sign again is told before a fee is spent on it. Throws {@link CliError} `key_revoked`, `key_expired`.
 */
export async function readKeyOf(
  root: RootWallet,
  key: `0x${string}`,
  { evenExpired = false }: { readonly evenExpired?: boolean } = {},
): Promise<LivingKey | undefined> {
  const { settings, account } = root;
  const access = await openChain(settings);
  try {
    const { readKey } = await import('@farebox/tempo');
    const tokens = settings.tokens.map(({ address }) => address);
    const { state, timeS } = await asking(async () => {
      await checkChain(access.chain, settings.chainId);
      return readKey(access.chain, account.address, key, tokens);
    });
    if (state.status === 'missing') return undefined;
    if (state.status === 'revoked') {
      throw await lost(
        'key_revoked',
        `The access key ${key} was revoked, for good; nothing was sent`,
        account.address,
      );
    }
    if (state.expiresS <= timeS && !evenExpired) {
      const text = `The access key ${key} has expired, which cannot be changed; nothing was sent`;
      throw await lost('key_expired', text, account.address);
    }
    return state;
  } finally {
    access.close();
  }
}

async function lost(code: string, text: string, account: `0x${string}`): Promise<CliError> {
  const { anotherKeyAdvice } = await import('@farebox/tempo');
  return new CliError(code, `${text}. In the wallet of the key, ${anotherKeyAdvice(account)}.`, {
    retry: 'never',
  });
}
