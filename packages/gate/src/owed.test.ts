import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createOwed, owedRetryMs } from './owed.js';

class Final extends Error {}
const isFinal = (error: unknown) => error instanceof Final;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('what is owed', () => {
  it('is given before its challenge is looked at again, and then no more', async () => {
    const owed = createOwed(isFinal);
    let given = 0;
    owed.owe('a', async () => given++);
    expect(owed.has('a')).toBe(true);
    await owed.settle('a');
    await owed.settle('a');
    await vi.advanceTimersByTimeAsync(owedRetryMs * 3);
    expect([given, owed.has('a')]).toEqual([1, false]);
  });

  it('keeps the challenge from being looked at while it is not taken', async () => {
    const owed = createOwed(isFinal);
    let works = false;
    owed.owe('a', async () => {
      if (!works) throw new Error('the disk is full');
    });
    await expect(owed.settle('a')).rejects.toThrow('the disk is full');
    await vi.advanceTimersByTimeAsync(owedRetryMs * 3);
    expect(owed.has('a')).toBe(true);
    works = true;
    await vi.advanceTimersByTimeAsync(owedRetryMs * 2);
    expect(owed.has('a')).toBe(false);
  });

  it('is given once at a time', async () => {
    const owed = createOwed(isFinal);
    let running = 0;
    let most = 0;
    let letGo = () => {};
    owed.owe('a', async () => {
      most = Math.max(most, ++running);
      await new Promise<void>((resolve) => {
        letGo = resolve;
      });
      running--;
    });
    const both = Promise.all([owed.settle('a'), owed.settle('a')]);
    letGo();
    await both;
    expect(most).toBe(1);
  });

  it('is dropped when the ledger will never take it', async () => {
    const owed = createOwed(isFinal);
    owed.owe('a', async () => {
      throw new Final();
    });
    await owed.settle('a');
    expect(owed.has('a')).toBe(false);
  });

  it('gives way to a newer mark of the same challenge', async () => {
    const owed = createOwed(isFinal);
    const given: string[] = [];
    owed.owe('a', async () => given.push('old'));
    owed.owe('a', async () => given.push('new'));
    await owed.settle('a');
    expect(given).toEqual(['new']);
  });
});
