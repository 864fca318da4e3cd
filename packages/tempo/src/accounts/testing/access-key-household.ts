import type { Address, Hex } from '../../chain/hex.js';
import { type TempoBuyerOptions, tempoBuyer } from '../../charge/buyer.js';
import { accessKeyAccount, type KeyType } from '../account.js';
import { type KeyGrant, signKeyAuthorization } from '../key-authorization.js';
import { readKey, registerKey } from '../manage-keys.js';
import { newPrivateKey } from '../private-key.js';
import type { TempoWorld } from './tempo-world.js';

/** Selector of `transferWithMemo`. */
const transferWithMemo: Hex = '0x95777d59';

/** What an access key is allowed. */
export interface KeyOptions {
  readonly limit?: bigint;
  readonly periodS?: number;
  readonly lifeS?: number;
  readonly recipients?: readonly Address[];
  readonly keyType?: KeyType;
}

/** A root account with funds, and an access key that its owner has allowed something, on paper. */
export async function openHousehold(world: TempoWorld, options: KeyOptions = {}) {
  const { limit = 500_000n, periodS, lifeS = 3_600, recipients, keyType = 'secp256k1' } = options;
  const root = await world.person(10_000_000n);
  const privateKey = newPrivateKey();
  const plain = accessKeyAccount({ privateKey, keyType, rootAccount: root.address });
  const keyAddress = plain.accessKey?.address;
  if (keyAddress === undefined) throw new Error('no access key');
  const grant: KeyGrant = {
    chainId: world.devnet.chainId,
    key: { address: keyAddress, keyType },
    expiresS: (await world.devnet.blockTime()) + lifeS,
    limits: [{ token: world.token, limit, ...(periodS && { periodS }) }],
    ...(recipients && {
      scopes: [{ target: world.token, selectors: [{ selector: transferWithMemo, recipients }] }],
    }),
  };
  const authorization = await signKeyAuthorization(root.privateKey, grant);
  const rootAction = {
    chain: world.chain,
    chainId: world.devnet.chainId,
    root: root.account,
    feeToken: world.token,
    maxFee: 1_000_000n,
  };
  const buyer = (more: Partial<TempoBuyerOptions> = {}) =>
    tempoBuyer({
      account: plain,
      chain: world.chain,
      chainId: world.devnet.chainId,
      currencies: [world.token],
      now: world.now,
      ...more,
    });
  return {
    root,
    plain,
    keyAddress,
    authorization,
    rootAction,
    buyer,
    /** The same key, whose first payment carries the permission. */
    carrying: accessKeyAccount({ privateKey, keyType, rootAccount: root.address, authorization }),
    async register() {
      const registered = await registerKey(rootAction, authorization);
      if (!registered.ok) throw new Error(registered.detail);
    },
    async left() {
      const { state } = await readKey(world.chain, root.address, keyAddress, [world.token]);
      return state.status === 'registered' ? state.allowances?.[0]?.remaining : state.status;
    },
  };
}
