import { describe, expect, it } from 'vitest';
import { ByteGatherer } from './byte-gatherer.js';

/** Bytes that tell where they belong. */
function counted(length: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, i) => (i * 31) & 0xff));
}

/** The memory that is really kept alive, every buffer once. */
function keptAlive(gathered: ByteGatherer): number {
  const buffers = new Set(gathered.chunks.map(({ buffer }) => buffer));
  return [...buffers].reduce((sum, buffer) => sum + buffer.byteLength, 0);
}

describe('bytes that are gathered', () => {
  it.each([
    ['of one byte', () => 1],
    ['of a few bytes', (at: number) => 1 + (at % 7)],
    ['large and small in turn', (at: number) => (at % 3 === 0 ? 70_000 : 5)],
    ['all at once', () => 200_000],
  ])('come back whole and in order, out of chunks %s', (_what, sizeAt) => {
    const all = counted(200_000);
    const gathered = new ByteGatherer(all.length);
    let held = 0;
    for (let at = 0; at < all.length; ) {
      const size = sizeAt(at);
      held += gathered.add(Uint8Array.from(all.subarray(at, at + size)));
      at += size;
    }
    expect(gathered.length).toBe(all.length);
    expect(gathered.held).toBe(held);
    expect(gathered.whole().equals(all)).toBe(true);
    expect(Buffer.concat(gathered.chunks).equals(all)).toBe(true);
    gathered.clear();
    expect([gathered.length, gathered.held, gathered.chunks.length]).toEqual([0, 0, 0]);
  });

  it('take about as much memory as there are bytes, however small the chunks and large the buffers behind them', () => {
    const bytes = 100_000;
    const gathered = new ByteGatherer(bytes);
    for (let i = 0; i < bytes; i++) gathered.add(new Uint8Array(4_096 >> (i % 13)).subarray(0, 1));
    expect(gathered.length).toBe(bytes);
    expect(gathered.chunks.length).toBeLessThan(10);
    expect(keptAlive(gathered)).toBe(gathered.held);
    expect(gathered.held).toBe(bytes);
  });

  it('allocate no more than what is announced, and still hold what comes beside it', () => {
    const gathered = new ByteGatherer(6);
    for (const text of ['ab', 'cd', 'ef']) gathered.add(Buffer.from(text));
    expect(gathered.held).toBe(6);
    gathered.add(Buffer.from('gh'));
    expect(gathered.whole().toString()).toBe('abcdefgh');
  });

  it('stay as they came where that is one chunk: nothing is copied', () => {
    const only = Buffer.from('all of it');
    const gathered = new ByteGatherer(100);
    expect(gathered.add(new Uint8Array())).toBe(0);
    expect(gathered.add(only)).toBe(only.length);
    expect(gathered.whole()).toBe(only);
  });
});
