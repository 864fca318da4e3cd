import type { PayingNode } from '@farebox/lightning';
import type { Amount } from '@farebox/protocol';
import { CliError } from '../cli-error.js';
import type { Home } from '../home.js';
import { accountOf, asking, openChain } from '../tempo/account.js';
import { checkChain } from '../tempo/chain-check.js';
import { tempoKeyPlace } from '../tempo/key-place.js';
import type { TempoSettings } from '../tempo/settings.js';
import { nodeFailure, openVaultNode } from './node-config.js';
import type { AccountAccess } from './open-account.js';
import type { VaultOptions } from './options.js';

/** A part that could not be asked. */
export interface BalanceFault {
  readonly error: { readonly code: string; readonly message: string };
}

/** What the node of an account has. */
export interface LightningBalance {
  readonly kind: string;
  readonly network: string;
  readonly spendable: Amount;
  readonly receivable: Amount;
}

/** What the Tempo account has, base units. */
export interface TempoBalance {
  readonly address: string;
  readonly accessKey: string | null;
  readonly chainId: number;
  readonly balances: readonly {
    readonly token: string;
    readonly currency: string;
    readonly balance: bigint;
    /** What this wallet's key may spend of it. */
    readonly spendable: bigint;
  }[];
}

/** True for a part that could not be asked. */
export function isFault(part: object): part is BalanceFault {
  return 'error' in part;
}

/** What the account's node has; undefined when it has none and no devnet runs. */
export async function readLightningBalance(
  home: Home,
  access: AccountAccess,
  devnet: boolean,
): Promise<LightningBalance | BalanceFault | undefined> {
  const kept = access.kind === 'open' && !devnet ? access.account.node : undefined;
  return tolerantly(async () => {
    if (kept) {
      const node = await openVaultNode(home, kept);
      return balanceOf(node, kept.kind, kept.network);
    }
    const { connectDevnet, readDevnetFile } = await import('@farebox/devnet');
    const found = await readDevnetFile(home.directory);
    return found && balanceOf(connectDevnet({ ...found, role: 'wallet' }), 'devnet', 'regtest');
  });
}

async function balanceOf(node: PayingNode, kind: string, network: string): Promise<LightningBalance> {
  const { NodeError } = await import('@farebox/lightning');
  try {
    const { spendableMsat, receivableMsat } = await node.balance();
    const msat = (amount: bigint): Amount => ({ amount, currency: 'msat' });
    return { kind, network, spendable: msat(spendableMsat), receivable: msat(receivableMsat) };
  } catch (cause) {
    if (!(cause instanceof NodeError)) throw cause;
    throw nodeFailure(cause.code, cause.message, cause);
  } finally {
    await node.close();
  }
}

/** What the Tempo account has; undefined when there is no key. */
export async function readTempoBalance(
  home: Home,
  access: AccountAccess,
  options: VaultOptions,
  settings: TempoSettings,
): Promise<TempoBalance | BalanceFault | undefined> {
  return tolerantly(async () => {
    const key = await tempoKeyPlace(home, access, options).read();
    if (key === undefined) return undefined;
    const account = await accountOf(key);
    const opened = await openChain(settings);
    try {
      const { readBalances, tempoBuyer } = await import('@farebox/tempo');
      const { tokens, chainId } = settings;
      const { chain } = opened;
      const currencies = tokens.map(({ address }) => address);
      return await asking(async () => {
        await checkChain(chain, chainId);
        const found = await readBalances(chain, account.address, currencies);
        const buyer = account.accessKey && tempoBuyer({ account, chain, chainId, currencies });
        const balances = [];
        for (const { name, address } of tokens) {
          const balance = found.find(({ token }) => token === address)?.balance ?? 0n;
          const spendable = buyer ? ((await buyer.balance(address))?.amount ?? 0n) : balance;
          balances.push({ token: name, currency: address, balance, spendable });
        }
        return { address: account.address, accessKey: account.accessKey?.address ?? null, chainId, balances };
      });
    } finally {
      opened.close();
    }
  });
}

/** One method that cannot be asked is no reason to say nothing of the other. */
async function tolerantly<T>(read: () => Promise<T>): Promise<T | BalanceFault> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return { error: { code: error.code, message: error.message } };
  }
}
