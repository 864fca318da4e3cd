import { expect, test } from 'vitest';
import { attributionMemo, memoMatcher } from './memo.js';

// Made by the deployed reference implementation (mppx 0.11.0, Attribution.encode).
const anonymous = {
  binding: { realm: 'api.example.com', challengeId: 'kM9xPqWvT2nJrHsY4aDfEb' },
  memo: '0xef1ed712011ece072f76bd8b82350e000000000000000000001128fb265e760d',
} as const;
const named = {
  binding: { realm: 'https://api.example.com', challengeId: 'x7Tg2pLqR9mKvNwY3hBcZa' },
  memo: '0xef1ed71201ffd7c495de9ffe014d683a180fb9d0177aa2f371e2146bd3ff4e5a',
} as const;

test('the bytes are those of the reference implementation', () => {
  expect(attributionMemo(anonymous.binding)).toBe(anonymous.memo);
  expect(attributionMemo(named.binding, 'my-app')).toBe(named.memo);
});

test('a memo is bound to its challenge and realm, whoever the client is', () => {
  const isBound = memoMatcher(named.binding);
  expect(isBound(named.memo)).toBe(true);
  expect(isBound(attributionMemo(named.binding))).toBe(true);
  expect(isBound(attributionMemo(named.binding, 'another'))).toBe(true);
  expect(isBound(attributionMemo({ ...named.binding, challengeId: 'x7Tg2pLqR9mKvNwY3hBcZb' }))).toBe(false);
  expect(isBound(attributionMemo({ ...named.binding, realm: 'https://api.example.co' }))).toBe(false);
});

test('every byte but the client’s counts', () => {
  const isBound = memoMatcher(named.binding);
  for (let byte = 0; byte < 32; byte++) {
    const at = 2 + byte * 2;
    const flipped = (Number.parseInt(named.memo.slice(at, at + 2), 16) ^ 1).toString(16).padStart(2, '0');
    const memo = `0x${named.memo.slice(2, at)}${flipped}${named.memo.slice(at + 2)}` as const;
    expect([byte, isBound(memo)]).toEqual([byte, byte >= 15 && byte < 25]);
  }
  expect(isBound(`${named.memo}00`)).toBe(false);
  expect(isBound('0x')).toBe(false);
});
