import { keccak256 } from 'viem';
import { Transaction } from 'viem/tempo';
import { beforeAll, expect, test } from 'vitest';
import { accessKeyAccount, ownAccount, type TempoAccount } from '../accounts/account.js';
import { signKeyAuthorization } from '../accounts/key-authorization.js';
import { newPrivateKey } from '../accounts/private-key.js';
import { expiringNonce, type PaymentTransaction } from '../accounts/transaction.js';
import type { Address } from '../chain/hex.js';
import { reseal } from '../testing/tamper.js';
import {
  decodeTransaction,
  expiringNonceKey,
  feePayerDigest,
  type SignedTransaction,
  withFeePayer,
} from './decode.js';
import { recoverSigner } from './signature.js';

// viem, which the deployed clients use, is the oracle.

const token: Address = '0x20c0000000000000000000000000000000000000';
const payment: PaymentTransaction = {
  chainId: 4217,
  calls: [
    { to: token, data: '0xa9059cbb' },
    { to: token, data: '0x' },
  ],
  validBefore: 1_800_000_000,
  ...expiringNonce,
  gas: 771_000n,
  maxFeePerGas: 40_000_000_000n,
  maxPriorityFeePerGas: 1n,
  feeToken: token,
};
const { feeToken: _, ...unpaid } = payment;
const forSponsor: PaymentTransaction = { ...unpaid, feePayer: true };
let root: TempoAccount;
let accounts: readonly [string, TempoAccount][];

beforeAll(() => {
  root = ownAccount({ privateKey: newPrivateKey() });
  const access = (keyType: 'secp256k1' | 'p256') =>
    accessKeyAccount({ privateKey: newPrivateKey(), keyType, rootAccount: root.address });
  accounts = [
    ['an own key', root],
    ['an own P-256 key', ownAccount({ privateKey: newPrivateKey(), keyType: 'p256' })],
    ['an access key', access('secp256k1')],
    ['a P-256 access key', access('p256')],
  ];
});

function decoded(raw: unknown): SignedTransaction {
  const result = decodeTransaction(raw);
  if (!result.ok) throw new Error(result.detail);
  return result.value;
}

test('what viem signs is read, with the same bytes, name and signer', async () => {
  for (const [name, account] of accounts) {
    const raw = await account.signTransaction(payment);
    const transaction = decoded(raw);
    expect([name, transaction.canonical]).toEqual([name, raw]);
    expect(transaction).toMatchObject({
      form: 'complete',
      hash: keccak256(raw),
      chainId: 4217n,
      calls: payment.calls,
      validBefore: 1_800_000_000,
      nonceKey: expiringNonceKey,
      nonce: 0n,
      gas: payment.gas,
      maxFeePerGas: payment.maxFeePerGas,
      feeToken: token,
      hasKeyAuthorization: false,
    });
    const signer = await recoverSigner(transaction.signature, transaction.signingDigest);
    expect([name, signer]).toEqual([
      name,
      {
        account: account.address,
        proved: true,
        ...(account.accessKey && { key: account.accessKey.address }),
      },
    ]);
  }
});

test('with a fee payer it is what viem would have made of it', async () => {
  for (const [name, account] of accounts) {
    const transaction = decoded(await account.signTransaction(forSponsor));
    expect(transaction).toMatchObject({ form: 'for-sponsor', claimedSender: account.address });
    const digest = feePayerDigest(transaction, account.address, token);
    expect(digest).toMatch(/^0x[0-9a-f]{64}$/);
    const signature = { r: 1n, s: 0xffn, yParity: 1 } as const;
    const complete = withFeePayer(transaction, token, signature);
    // viem reads it back: same signer, same calls, and the fee payer's signature as it was given.
    const read: Record<string, unknown> = {
      ...Transaction.deserialize(complete.canonical as `0x76${string}`),
    };
    expect([name, read.from]).toEqual([name, expect.stringMatching(new RegExp(account.address, 'i'))]);
    expect(read.feeToken).toBe(token);
    expect(read.feePayerSignature).toMatchObject({ yParity: 1, s: `0x${'ff'.padStart(64, '0')}` });
    expect(complete.hash).toBe(keccak256(complete.canonical));
  }
});

test('a key authorization is read, and its signature brought to its one form', async () => {
  const rootKey = newPrivateKey();
  const owner = ownAccount({ privateKey: rootKey });
  const privateKey = newPrivateKey();
  const plain = accessKeyAccount({ privateKey, rootAccount: owner.address });
  const address = plain.accessKey?.address;
  if (address === undefined) throw new Error('no key');
  const authorization = await signKeyAuthorization(rootKey, {
    chainId: 4217,
    key: { address, keyType: 'secp256k1' },
    expiresS: 1_900_000_000,
    limits: [{ token, limit: 5n }],
  });
  const raw = await plain.signTransaction({ ...payment, keyAuthorization: authorization.signed });
  const transaction = decoded(raw);
  expect(transaction.hasKeyAuthorization).toBe(true);
  expect(transaction.canonical).toBe(raw);
});

test('a recovery id of 0 or 1 is brought to 27 or 28: one transaction has one name', async () => {
  const raw = await root.signTransaction(payment);
  const old = reseal(
    raw,
    (signature) => `${signature.slice(0, 128)}${signature.endsWith('1b') ? '00' : '01'}`,
  );
  expect(decoded(old).canonical).toBe(raw);
  expect(decoded(old).hash).toBe(keccak256(raw));
});

test('every cut and every flipped byte is refused, or is another transaction', async () => {
  const raw = await root.signTransaction(payment);
  const name = keccak256(raw);
  for (let at = 2; at < raw.length; at += 2) {
    expect(decodeTransaction(raw.slice(0, at)).ok).toBe(false);
    const flipped = (Number.parseInt(raw.slice(at, at + 2), 16) ^ 0x01).toString(16).padStart(2, '0');
    const other = decodeTransaction(`${raw.slice(0, at)}${flipped}${raw.slice(at + 2)}`);
    if (other.ok) expect(other.value.hash).not.toBe(name);
  }
});
