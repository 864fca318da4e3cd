import { Account } from 'viem/tempo';
import { expect, test } from 'vitest';
import { accessKeyAccount, ownAccount } from './account.js';
import {
  authorizationCharsMax,
  type KeyGrant,
  parseKeyAuthorization,
  signKeyAuthorization,
} from './key-authorization.js';
import { newPrivateKey } from './private-key.js';

const token = '0x20c0000000000000000000000000000000000000';
const friend = '0x742d35cc6634c0532925a3b844bc9e7595f8fe00';
const key = { address: '0xa1b2c3d4e5f6a1b2c3d4e5f6a1b2c3d4e5f6a1b2', keyType: 'p256' } as const;
const grant: KeyGrant = {
  chainId: 4217,
  key,
  expiresS: 1_800_000_000,
  limits: [
    { token, limit: 5_000_000n, periodS: 86_400 },
    { token: '0x20c0000000000000000000000000000000000001', limit: 1n },
  ],
  scopes: [
    {
      target: token,
      selectors: [
        { selector: '0x95777d59', recipients: [friend] },
        { selector: '0xa9059cbb', recipients: [] },
      ],
    },
    { target: '0x20c0000000000000000000000000000000000001', selectors: [] },
  ],
};

test('what is granted is what is read back from the bytes', async () => {
  const { serialized } = await signKeyAuthorization(newPrivateKey(), grant);
  const read = parseKeyAuthorization(`${serialized}\n`);
  expect(read).toMatchObject({ ok: true, value: { grant, serialized } });
  const { scopes: _, ...unscoped } = grant;
  const open = await signKeyAuthorization(newPrivateKey(), unscoped);
  expect(parseKeyAuthorization(open.serialized)).toMatchObject({ ok: true, value: { grant: unscoped } });
});

test('a permission that may do more than a paying key should is refused', async () => {
  const root = Account.fromSecp256k1(newPrivateKey());
  const serialize = Account.z_KeyAuthorization.serialize;
  const shared = { chainId: 4217n, key: { address: key.address, type: key.keyType } } as const;
  const limits = [{ token, limit: 1n }] as const;
  const bad = [
    serialize(await Account.signKeyAuthorization(root, { ...shared, limits })),
    serialize(await Account.signKeyAuthorization(root, { ...shared, expiry: 1_800_000_000 })),
    serialize(await Account.signKeyAuthorization(root, { ...shared, admin: true })),
    serialize({ address: key.address, chainId: 4217n, type: 'p256', expiry: 1_800_000_000, limits }),
    '0x',
    '0x76c0',
    'nothing',
    `0x${'00'.repeat(authorizationCharsMax)}`,
  ];
  for (const text of bad) {
    expect(parseKeyAuthorization(text)).toMatchObject({ ok: false, code: 'authorization_malformed' });
  }
});

test('an access key has an address of its own and spends from the root account', () => {
  const root = ownAccount({ privateKey: newPrivateKey() });
  const privateKey = newPrivateKey();
  const account = accessKeyAccount({ privateKey, rootAccount: root.address });
  expect(account.address).toBe(root.address);
  expect(account.accessKey?.address).toBe(ownAccount({ privateKey }).address);
});
