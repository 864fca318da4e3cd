import { expect, test } from 'vitest';
import { ownAccount } from './account.js';
import { newPrivateKey, parsePrivateKey } from './private-key.js';

test('the account of a published key is the published account', () => {
  const privateKey = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80';
  expect(ownAccount({ privateKey }).address).toBe('0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266');
});

test('new keys are keys, and no two are the same', () => {
  const keys = Array.from({ length: 50 }, newPrivateKey);
  expect(new Set(keys).size).toBe(50);
  for (const key of keys) expect(parsePrivateKey(key)).toEqual({ ok: true, value: key });
});

test('a key is read as tools write it; everything else is refused without being repeated', () => {
  const hex = 'AB'.repeat(32);
  expect(parsePrivateKey(` ${hex}\n`)).toEqual({ ok: true, value: `0x${'ab'.repeat(32)}` });
  const order = 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141';
  for (const bad of ['', '0x', hex.slice(1), `${hex}00`, '00'.repeat(32), order, `0x${'g'.repeat(64)}`]) {
    const parsed = parsePrivateKey(bad);
    expect(parsed).toMatchObject({ ok: false, code: 'private_key_malformed' });
    if (!parsed.ok && bad.length > 8) expect(parsed.detail).not.toContain(bad);
  }
});

test('what is no key is not taken for one, and is in no error', () => {
  const order = `0x${'f'.repeat(64)}` as const;
  for (const keyType of ['secp256k1', 'p256'] as const) {
    expect(() => ownAccount({ privateKey: order, keyType })).toThrow(TypeError);
    expect(() => ownAccount({ privateKey: order, keyType })).not.toThrow(/ffff/);
  }
});
