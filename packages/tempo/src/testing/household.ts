import { accessKeyAccount, type KeyType, ownAccount } from '../accounts/account.js';
import { type KeyGrant, signKeyAuthorization } from '../accounts/key-authorization.js';
import { registerKey, revokeKey } from '../accounts/manage-keys.js';
import { newPrivateKey } from '../accounts/private-key.js';
import { tempoChain } from '../chain/chain.js';
import type { Address } from '../chain/hex.js';
import { httpRpc } from '../chain/http-rpc.js';
import { transferWithMemoSelector } from '../charge/transfer-match.js';
import { type Payer, pathUsd, type Shop } from './shop.js';

/** What an access key is allowed. */
export interface HouseholdOptions {
  readonly limit?: bigint;
  readonly lifeS?: number;
  readonly recipients?: readonly Address[];
  readonly limitToken?: Address;
  readonly keyType?: KeyType;
}

/** A root account with funds and an access key of it, registered unless told otherwise. */
export async function household(shop: Shop, options: HouseholdOptions = {}, registered = true) {
  const {
    limit = 1_000_000n,
    lifeS = 3_600,
    recipients,
    limitToken = pathUsd,
    keyType = 'secp256k1',
  } = options;
  const rootKey = newPrivateKey();
  const root = ownAccount({ privateKey: rootKey });
  await shop.devnet.fund(root.address, 20_000_000n);
  const privateKey = newPrivateKey();
  const account = accessKeyAccount({ privateKey, keyType, rootAccount: root.address });
  const keyAddress = account.accessKey?.address;
  if (keyAddress === undefined) throw new Error('no access key');
  const grant: KeyGrant = {
    chainId: shop.devnet.chainId,
    key: { address: keyAddress, keyType },
    expiresS: (await shop.devnet.blockTime()) + lifeS,
    limits: [{ token: limitToken, limit }],
    ...(recipients && {
      scopes: [{ target: pathUsd, selectors: [{ selector: transferWithMemoSelector, recipients }] }],
    }),
  };
  const authorization = await signKeyAuthorization(rootKey, grant);
  const rpc = httpRpc({ url: shop.devnet.url });
  const action = {
    chain: tempoChain(rpc),
    chainId: shop.devnet.chainId,
    root,
    feeToken: pathUsd,
    maxFee: 1_000_000n,
  };
  if (registered) {
    const done = await registerKey(action, authorization);
    if (!done.ok) throw new Error(done.detail);
  }
  const payer: Payer = { privateKey, account };
  return {
    root,
    payer,
    keyAddress,
    authorization,
    async revoke() {
      const done = await revokeKey(action, keyAddress);
      if (!done.ok) throw new Error(done.detail);
    },
    /** The same key, whose next payment carries the permission. */
    carrying: {
      privateKey,
      account: accessKeyAccount({ privateKey, keyType, rootAccount: root.address, authorization }),
    } satisfies Payer,
  };
}
