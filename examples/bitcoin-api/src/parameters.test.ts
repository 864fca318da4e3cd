import { describe, expect, it } from 'vitest';
import { readAddress, readBlockName, readHeight, readPage, readTxid } from './parameters.js';
import { ProblemError } from './problem.js';

const hash = 'AB'.repeat(32);

function refusal(read: () => unknown): ProblemError {
  try {
    read();
  } catch (error) {
    if (error instanceof ProblemError) return error;
  }
  throw new Error('It was not refused.');
}

describe('parameters', () => {
  it('reads heights, hashes and txids', () => {
    expect(readHeight('0')).toBe(0);
    expect(readHeight('2147483647')).toBe(2_147_483_647);
    expect(readBlockName('170')).toEqual({ height: 170 });
    expect(readBlockName(hash)).toEqual({ hash: hash.toLowerCase() });
    // 64 decimal digits are a hash, not a height.
    expect(readBlockName('0'.repeat(64))).toEqual({ hash: '0'.repeat(64) });
    expect(readTxid(hash)).toBe(hash.toLowerCase());
  });

  it.each(['', '-1', '+1', '01', '1.0', '1e3', ' 1', '1 ', '2147483648', '99999999999', '١', '0x1'])(
    'refuses height %j',
    (text) => {
      expect(refusal(() => readHeight(text)).status).toBe(400);
      expect(refusal(() => readBlockName(text)).status).toBe(400);
    },
  );

  it.each(['', '12', 'g'.repeat(64), 'a'.repeat(63), 'a'.repeat(65), `${'a'.repeat(64)}\n`])(
    'refuses txid %j',
    (text) => {
      expect(refusal(() => readTxid(text)).code).toBe('malformed-txid');
    },
  );

  it.each([
    '',
    'short',
    'a'.repeat(91),
    'addr(1Q2TWHE3GMdB6BZK)',
    '1Q2TWHE3GMdB6BZKafqwxtWAWgFt5Jvm3v"',
    'bc1q é',
  ])('refuses address %j', (text) => {
    expect(refusal(() => readAddress(text)).code).toBe('malformed-address');
  });

  it('reads a page', () => {
    expect(readPage(undefined, undefined)).toEqual({ offset: 0, limit: 60 });
    expect(readPage('120', '1')).toEqual({ offset: 120, limit: 1 });
    for (const offset of ['', '-1', '1.5', '1000001'])
      expect(refusal(() => readPage(offset, '1')).status).toBe(400);
    for (const limit of ['', '0', '61', 'all']) expect(refusal(() => readPage('0', limit)).status).toBe(400);
  });
});
