import { describe, expect, it } from 'vitest';
import { growthFaults, heapNoiseBytes, memoryGrowth } from './soak-memory.js';

const mebibyte = 1024 * 1024;

/** Ten samples on the way and one at the end, of 300,000 requests; `of` has each from its number, 1 to 10. */
const samplesOf = (heap: (at: number) => number, ledger: (at: number) => number = () => 5 * mebibyte) =>
  [...Array.from({ length: 10 }, (_, at) => at + 1), 10].map((at) => ({
    ...{ sent: at * 30_000, payments: at * 7_500, handles: 8, rssBytes: 160 * mebibyte },
    heapBytes: heap(at),
    ledgerBytes: ledger(at),
  }));
const faultsOf = (...given: Parameters<typeof samplesOf>) => growthFaults(memoryGrowth(samplesOf(...given)));

describe('what a soak says of memory', () => {
  it('a heap that rises by half a mebibyte from each sample to the next is a leak', () => {
    expect(faultsOf((at) => 26 * mebibyte + (at * mebibyte) / 2)).toEqual([
      expect.stringMatching(/^The heap of the gateway has grown by 3145728 bytes/),
    ]);
  });

  it('a heap that only goes up and down is none, nor is one that is filled at the start', () => {
    expect(faultsOf((at) => 26 * mebibyte + (at % 2) * (heapNoiseBytes - 1))).toEqual([]);
    expect(faultsOf((at) => (at < 4 ? at * 6 : 26) * mebibyte)).toEqual([]);
  });

  it("the ledger's thread may grow by its index, and by no more", () => {
    const flat = () => 26 * mebibyte;
    expect(faultsOf(flat, (at) => at * 7_500 * 54)).toEqual([]);
    expect(faultsOf(flat, (at) => at * 7_500 * 200)).toEqual([
      expect.stringMatching(/^The heap of the ledger's thread/),
    ]);
  });
});
