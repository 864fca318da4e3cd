import type { KeyState, TempoAccount } from '@farebox/tempo';
import type { Finding } from '@farebox/wallet/doctor';
import { CliError } from '../cli-error.js';
import type { Home } from '../home.js';
import { accountOf, asking, openChain } from '../tempo/account.js';
import { checkChain } from '../tempo/chain-check.js';
import { tempoKeyPlace } from '../tempo/key-place.js';
import { readTempoSettings, type TempoSettings } from '../tempo/settings.js';
import { openAccount } from '../vault/open-account.js';
import type { NodeOptions } from './pay-options.js';

type Say = typeof import('@farebox/wallet/doctor');

/**
 * Which key would sign, and whether it may (R22–R24, R29): an own key signs for itself; an access key only where the chain
 * knows it. Asks the chain, signs nothing.
 */
export async function examineTempoKey(home: Home, options: NodeOptions): Promise<readonly Finding[]> {
  const say: Say = await import('@farebox/wallet/doctor');
  try {
    const access = await openAccount(home, options, { needed: true });
    const key = await tempoKeyPlace(home, access, options).read();
    if (key === undefined) {
      const next = 'Make one: farebox wallet tempo create';
      return [say.fault('wallet', 'no_key', 'you', 'There is no Tempo key here to pay with.', next)];
    }
    const account = await accountOf(key);
    const settings = await readTempoSettings(options, home);
    return await examineAccount(account, settings, key.authorization !== undefined, say);
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return [say.fault('wallet', error.code, blameOf(error.code), error.message)];
  }
}

function blameOf(code: string): 'you' | 'network' {
  return code.startsWith('rpc_') ? 'network' : 'you';
}

async function examineAccount(
  account: TempoAccount,
  settings: TempoSettings,
  carriesPermission: boolean,
  say: Say,
): Promise<readonly Finding[]> {
  const { accessKey, address } = account;
  const access = await openChain(settings);
  try {
    return await asking(async () => {
      await checkChain(access.chain, settings.chainId);
      if (accessKey === undefined) {
        const text = `The own key of ${address} signs for itself: there is no root account, and nothing to authorise.`;
        return [say.fine('wallet', 'own_key', text)];
      }
      const { readKey } = await import('@farebox/tempo');
      const tokens = settings.tokens.map((token) => token.address);
      const { state, timeS } = await readKey(access.chain, address, accessKey.address, tokens);
      return [judgeKey({ state, timeS, carriesPermission, address, key: accessKey.address }, say)];
    });
  } finally {
    access.close();
  }
}

/** An access key, and what the chain says of it. */
export interface KnownKey {
  readonly state: KeyState;
  /** The chain's clock, seconds. */
  readonly timeS: number;
  readonly carriesPermission: boolean;
  readonly address: string;
  readonly key: string;
}

/** Whether an access key may sign now, and what to do where it may not. The challenge is never to blame (R24). */
export function judgeKey({ state, timeS, carriesPermission, address, key }: KnownKey, say: Say): Finding {
  const name = `The access key ${key} of the account ${address}`;
  const again = `Let the account's root key say so: farebox wallet tempo authorize ${key}`;
  if (state.status === 'missing') {
    if (carriesPermission) {
      return say.note(
        'wallet',
        'key_pending',
        `${name} is not on the chain yet; the first payment carries its permission.`,
      );
    }
    return say.fault(
      'wallet',
      'key_not_registered',
      'you',
      `AccountKeychainError(KeyNotFound): ${name} is not registered on the chain, so it must not sign. The challenge is not to blame.`,
      `${again}. If this was meant to be a fresh wallet of its own, make it without a root account: farebox wallet tempo create`,
    );
  }
  if (state.status === 'revoked') {
    return say.fault(
      'wallet',
      'key_revoked',
      'you',
      `${name} was revoked, for good.`,
      `Make a new key. ${again}`,
    );
  }
  if (state.expiresS <= timeS) {
    return say.fault(
      'wallet',
      'key_expired',
      'you',
      `${name} has expired by the chain's clock.`,
      `Make a new key. ${again}`,
    );
  }
  const spent =
    state.allowances?.every(({ remaining }) => remaining === 0n) === true && state.allowances.length > 0;
  if (spent)
    return say.fault(
      'wallet',
      'key_limit',
      'you',
      `${name} has nothing left of its limit.`,
      `Raise the limit. ${again}`,
    );
  return say.fine('wallet', 'access_key', `${name} is registered on the chain and may sign now.`);
}
