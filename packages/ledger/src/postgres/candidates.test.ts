import { describe, expect, it } from 'vitest';
import type { Enter, Operation } from '../front/operations.js';
import { candidatesOf } from './candidates.js';

const enter = (challengeId: string, reference: string): Enter => ({
  verb: 'deliver',
  kind: 0,
  challengeId,
  reference,
  paid: 1n,
  resource: '',
  expiresMs: 0,
  nowMs: 0,
  key: undefined,
  rate: '',
  answer: undefined,
});

describe('candidatesOf', () => {
  it.each<[string, Operation[], number[]]>([
    ['nothing', [], []],
    ['in the order of their challenges', [enter('c', '1'), enter('a', '2'), enter('b', '3')], [1, 2, 0]],
    ['the same twice: the first', [enter('b', '1'), enter('b', '1'), enter('a', '2')], [2, 0]],
    [
      'one challenge with two payments: last, in the order of the batch',
      [enter('b', '2'), enter('z', '3'), enter('b', '1')],
      [1, 0, 2],
    ],
    [
      'one payment with two challenges: last, in the order of the batch',
      [enter('c', '1'), enter('a', '1'), enter('b', '2')],
      [2, 0, 1],
    ],
    ['what enters nothing', [{ verb: 'find', challengeId: 'a', key: undefined }, enter('a', '1')], [1]],
  ])('%s', (_, operations, expected) => {
    expect(candidatesOf(operations)).toEqual(expected);
  });
});
