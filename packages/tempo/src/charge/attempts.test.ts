import { MethodUnavailable } from '@farebox/protocol';
import { expect, test } from 'vitest';
import type { Hex } from '../chain/hex.js';
import { createAttempts } from './attempts.js';
import { refusePayment, type TempoVerification } from './refusal.js';

const settled: TempoVerification = {
  ok: true,
  settlement: { reference: '0x01', paid: { amount: 1n, currency: 'x' } },
};
const request = (challengeId: string, hash: Hex, nowMs = 0) => ({
  challengeId,
  hash,
  endMs: 1_000,
  expiresMs: 5_000,
  nowMs,
});
const code = (verification: TempoVerification) => (verification.ok ? 'ok' : verification.refusal.code);

test('what is at work is joined, what is settled is told again', async () => {
  const attempts = createAttempts();
  let begun = 0;
  const work = async () => {
    begun++;
    return settled;
  };
  const both = await Promise.all([
    attempts.run(request('a', '0x01'), work),
    attempts.run(request('a', '0x01'), work),
  ]);
  expect(both).toEqual([settled, settled]);
  expect(await attempts.run(request('a', '0x01'), work)).toBe(settled);
  expect(begun).toBe(1);
});

test('after a refusal another transaction may try; after a settlement none, until the challenge ends', async () => {
  const attempts = createAttempts();
  const refusal = refusePayment('reverted', 'No');
  expect(await attempts.run(request('a', '0x01'), async () => refusal)).toBe(refusal);
  expect(await attempts.run(request('a', '0x02'), async () => settled)).toBe(settled);
  const never = () => Promise.reject(new Error('sent'));
  expect(code(await attempts.run(request('a', '0x03', 4_999), never))).toBe('challenge-settled');
});

test('an unknown outcome keeps its place until the transaction can no longer be mined, and is told that it began before', async () => {
  const attempts = createAttempts();
  const began: boolean[] = [];
  const lost = (before: boolean) => {
    began.push(before);
    return Promise.reject(new MethodUnavailable('lost'));
  };
  await expect(attempts.run(request('a', '0x01'), lost)).rejects.toThrow('lost');
  await expect(attempts.run(request('a', '0x01'), lost)).rejects.toThrow('lost');
  expect(began).toEqual([false, true]);
  expect(code(await attempts.run(request('a', '0x02', 999), lost))).toBe('challenge-in-flight');
  expect(await attempts.run(request('a', '0x02', 1_000), async () => settled)).toBe(settled);
});

test('memory is bounded: the oldest that is not at work is forgotten, and when all are at work the next one waits', async () => {
  const attempts = createAttempts(2);
  const never = new Promise<TempoVerification>(() => {});
  await attempts.run(request('a', '0x0a'), async () => settled);
  void attempts.run(request('b', '0x0b'), () => never);
  // "a" makes room.
  void attempts.run(request('c', '0x0c'), () => never);
  expect(await Promise.race([attempts.run(request('b', '0x0b'), async () => settled), 'at work'])).toBe(
    'at work',
  );
  expect(() => attempts.run(request('d', '0x0d'), async () => settled)).toThrow(MethodUnavailable);
});

test('what is over is forgotten first', async () => {
  const attempts = createAttempts(3);
  await attempts.run(request('a', '0x0a'), async () => settled);
  await attempts.run(request('b', '0x0b', 6_000), async () => settled);
  // Forgotten, so another transaction is looked at again; the chain would tell.
  expect(await attempts.run(request('a', '0x0f', 6_000), async () => settled)).toBe(settled);
});
