import type { Amount } from '@farebox/protocol';
import type { KeyState, TempoAccount } from '@farebox/tempo';
import type { Finding } from '@farebox/wallet/doctor';
import { CliError } from '../cli-error.js';
import type { Home } from '../home.js';
import { accountOf, asking, openChain } from '../tempo/account.js';
import { checkChain } from '../tempo/chain-check.js';
import { tempoKeyPlace } from '../tempo/key-place.js';
import { readTempoSettings, type TempoSettings } from '../tempo/settings.js';
import { showAmount } from '../tempo/tokens.js';
import { openAccount } from '../vault/open-account.js';
import type { NodeOptions } from './pay-options.js';

type Say = typeof import('@farebox/wallet/doctor');

/**
 * Which key would sign, and whether it may (R22–R24, R29): an own key signs for itself; an access key only where the chain
 * knows it, and no more than its limit. Asks the chain, signs nothing.
 *
 * @param prices - What is asked; without fees.
 */
export async function examineTempoKey(
  home: Home,
  options: NodeOptions,
  prices: readonly Amount[],
): Promise<readonly Finding[]> {
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
    const known = { account, prices, carriesPermission: key.authorization !== undefined };
    return await examineAccount(known, settings, say);
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return [say.fault('wallet', error.code, blameOf(error.code), error.message)];
  }
}

function blameOf(code: string): 'you' | 'network' {
  return code.startsWith('rpc_') ? 'network' : 'you';
}

async function examineAccount(
  { account, prices, carriesPermission }: Pick<KnownKey, 'account' | 'prices' | 'carriesPermission'>,
  settings: TempoSettings,
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
      return [await judgeKey({ state, timeS, carriesPermission, account, prices }, say)];
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
  readonly account: Pick<TempoAccount, 'address' | 'keyType' | 'accessKey'>;
  /** What is asked, without fees. */
  readonly prices: readonly Amount[];
}

/** Whether an access key may sign now, and what to do where it may not. The challenge is never to blame (R24). */
export async function judgeKey(known: KnownKey, say: Say): Promise<Finding> {
  const { state, timeS, carriesPermission, account } = known;
  const { anotherKeyAdvice, authorizeCommand } = await import('@farebox/tempo');
  const keyAddress = account.accessKey?.address ?? account.address;
  const name = `The access key ${keyAddress} of the account ${account.address}`;
  const fault = (code: string, text: string, next: string) => say.fault('wallet', code, 'you', text, next);
  const command = (limit?: string) => authorizeCommand({ keyAddress, keyType: account.keyType }, limit);
  if (state.status === 'missing') {
    if (carriesPermission) {
      return say.note(
        'wallet',
        'key_pending',
        `${name} is not on the chain yet; the first payment carries its permission.`,
      );
    }
    return fault(
      'key_not_registered',
      `AccountKeychainError(KeyNotFound): ${name} is not registered on the chain, so it must not sign. The challenge is not to blame.`,
      `Let the account's root key say so: ${command()}. If this was meant to be a fresh wallet of its own, make it without a root account: farebox wallet tempo create`,
    );
  }
  const another = sentence(anotherKeyAdvice(account.address));
  if (state.status === 'revoked') return fault('key_revoked', `${name} was revoked, for good.`, another);
  if (state.expiresS <= timeS) {
    return fault('key_expired', `${name} has expired by the chain's clock.`, another);
  }
  const short = findShortLimit(state, known.prices);
  if (short !== undefined) {
    const raised = showAmount({ ...short.price, amount: short.price.amount + feeRoom }).replace(' ', '');
    return fault(
      'key_limit',
      `${name} ${short.text}`,
      `Raise its limit with the root key: ${command(raised)}`,
    );
  }
  return say.fine('wallet', 'access_key', `${name} is registered on the chain and may sign now.`);
}

/** Room for fees in the limit that is proposed, base units: one whole coin. */
const feeRoom = 1_000_000n;

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** A price that the key's limit is too low for, fees not counted. */
function findShortLimit(
  { allowances }: Extract<KeyState, { readonly status: 'registered' }>,
  prices: readonly Amount[],
): { readonly price: Amount; readonly text: string } | undefined {
  if (allowances === undefined) return undefined;
  const askedFor =
    prices.length > 0 ? prices : allowances.map(({ token }) => ({ amount: 1n, currency: token }));
  const judged = askedFor.map((price) => {
    const left = allowances.find(({ token }) => token === price.currency);
    return { price, left: left?.remaining ?? 0n, periodEndsS: left?.periodEndsS };
  });
  // Several ways of paying: one that works is enough.
  const [short] = judged;
  if (short === undefined || judged.some(({ price, left }) => left >= price.amount)) return undefined;
  const { price, left, periodEndsS } = short;
  const later =
    periodEndsS === undefined ? '' : `; more from ${new Date(periodEndsS * 1_000).toISOString()} on`;
  const currency = price.currency;
  const text =
    left === 0n
      ? `has nothing left of its limit${later}.`
      : `may still spend ${showAmount({ amount: left, currency })}, which is below the price of ${showAmount(price)}${later}.`;
  return { price, text };
}
