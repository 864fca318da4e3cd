import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { mintsAtOnceMax, pooledAgeMsMaxDefault, shelfSizeDefault, shelvesMax } from './limits.js';
import type { CheckedInvoice } from './shelf.js';
import { hashes, never, oneSat, PoolRig } from './testing/pool-rig.js';

let rig: PoolRig;
let pool: PoolRig['pool'];
let node: PoolRig['node'];

function open(...how: ConstructorParameters<typeof PoolRig>): void {
  rig = new PoolRig(...how);
  ({ pool, node } = rig);
}

const takeMany = (...what: Parameters<PoolRig['takeMany']>) => rig.takeMany(...what);

beforeEach(() => {
  vi.useFakeTimers({ now: 1_790_000_000_000 });
});

afterEach(async () => {
  await rig.close();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe('a pool of invoices', () => {
  it('gives what is ready without asking the node, and has more made when half is gone', async () => {
    open();
    await takeMany(shelfSizeDefault + 1);
    expect(pool.counts().ready).toBeGreaterThanOrEqual(shelfSizeDefault / 2);
    const before = node.asked.length;
    node.before = () => never;
    const { ready } = pool.counts();
    const taken = await takeMany(ready);
    expect(new Set(hashes(taken)).size).toBe(ready);
    expect(node.asked.length - before).toBeLessThanOrEqual(mintsAtOnceMax);
  });

  it('never gives one invoice to two, however many ask at once', async () => {
    open({ mintRate: { perSecond: 1e6, burst: 1e6 } });
    const all: CheckedInvoice[] = [];
    for (let round = 0; round < 20; round++) {
      const asked = Array.from({ length: 1 + ((round * 37) % 90) }, () => pool.take(oneSat));
      await vi.advanceTimersByTimeAsync(100);
      all.push(...(await Promise.all(asked)));
    }
    expect(new Set(hashes(all)).size).toBe(all.length);
  });

  it('asks the node for no more than was taken and the pool holds', async () => {
    open({ mintRate: { perSecond: 1e6, burst: 1e6 } });
    await takeMany(400);
    expect(node.asked.length).toBeLessThanOrEqual(400 + shelfSizeDefault);
  });

  it('asks at no more than its rate, and serves whoever waits', async () => {
    open({ mintRate: { perSecond: 10, burst: 5 } });
    const waiting = Array.from({ length: 30 }, () => pool.take(oneSat));
    const done = vi.fn();
    void Promise.all(waiting).then(done);
    await vi.advanceTimersByTimeAsync(0);
    expect(node.asked.length).toBe(5);
    for (let second = 1; second <= 2; second++) {
      await vi.advanceTimersByTimeAsync(1_000);
      expect(node.asked.length).toBeLessThanOrEqual(5 + 10 * second + 1);
    }
    await vi.advanceTimersByTimeAsync(1_000);
    expect(done).toHaveBeenCalled();
  });

  it('does not hold up those who pay: what is paid does not count, however often it is shown', async () => {
    open({ size: 0, mintRate: { perSecond: 0.001, burst: 2 } });
    for (let i = 0; i < 50; i++) {
      const [taken] = await takeMany(1);
      for (let shown = 0; shown < 10; shown++) pool.paid(taken?.paymentHash ?? '');
    }
    expect(node.asked.length).toBe(50);
    const late = Array.from({ length: 5 }, () => pool.take(oneSat).catch((error: Error) => error));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(node.asked.length).toBe(52);
    expect((await Promise.all(late)).filter((one) => one instanceof Error)).toHaveLength(3);
  });

  it('makes nothing in advance for a price that is asked for once', async () => {
    open();
    for (let i = 1; i <= 400; i++) await takeMany(1, { ...oneSat, amountMsat: BigInt(i) * 1_000n });
    expect(node.asked.length).toBe(400);
    expect(pool.counts().ready).toBe(0);
  });

  it('keeps the prices and the descriptions apart', async () => {
    open();
    await takeMany(10);
    await takeMany(10, { ...oneSat, description: 'Another route' });
    const [one] = await takeMany(1, { ...oneSat, amountMsat: 2_000n });
    const made = node.asked.filter(({ amountMsat }) => amountMsat === 2_000n);
    expect(made).toHaveLength(1);
    expect(one?.invoice).toMatch(/^lnbcrt20n1/);
    expect(new Set(node.asked.map(({ description }) => description)).size).toBe(2);
  });

  it('keeps the prices that were asked for last, and cancels what has to make room', async () => {
    open({ mintRate: { perSecond: 1e6, burst: 1e6 } });
    for (let i = 1; i <= shelvesMax + 10; i++)
      await takeMany(3, { ...oneSat, amountMsat: BigInt(i) * 1_000n });
    const { ready } = pool.counts();
    expect(ready).toBe(shelvesMax * 2);
    // Of each of the ten prices that were asked for longest ago the two that were ready.
    await vi.advanceTimersByTimeAsync(1_000);
    expect(node.cancelled).toHaveLength(20);
  });

  it('gives none that would not outlive its challenge, cancels it, and makes none again that nobody asks for', async () => {
    open();
    await takeMany(20);
    const { ready } = pool.counts();
    expect(ready).toBeGreaterThan(5);
    const before = node.asked.length;
    await vi.advanceTimersByTimeAsync(pooledAgeMsMaxDefault + 300_000);
    expect(pool.counts().ready).toBe(0);
    expect(node.asked.length).toBe(before);
    // Those that were ready, and the twenty that were given out and not paid.
    expect(node.cancelled.length).toBe(ready + 20);
    const [fresh] = await takeMany(1);
    expect((fresh?.expiresMs ?? 0) - Date.now()).toBeGreaterThanOrEqual(305_000);
  });

  it('gives only such as live as long as was asked for, at every age', async () => {
    open();
    await takeMany(40);
    for (let i = 0; i < 50; i++) {
      await vi.advanceTimersByTimeAsync(20_000);
      const [taken] = await takeMany(1);
      expect((taken?.expiresMs ?? 0) - Date.now()).toBeGreaterThanOrEqual(305_000);
    }
  });

  it('cancels what was given out and not paid when its life is over, and not before', async () => {
    open();
    const taken = await takeMany(10);
    const paid = taken.splice(0, 4);
    for (const { paymentHash } of paid) pool.paid(paymentHash);
    await vi.advanceTimersByTimeAsync(304_000);
    expect(node.cancelled).toEqual([]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(node.cancelled).toEqual(hashes(taken));
  });

  it('cancels at no more than its rate', async () => {
    open({ cancelRate: { perSecond: 2, burst: 1 } });
    await takeMany(50);
    await vi.advanceTimersByTimeAsync(305_000);
    const before = node.cancelled.length;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(node.cancelled.length - before).toBeGreaterThan(15);
    expect(node.cancelled.length - before).toBeLessThanOrEqual(21);
  });

  it('asks a node for no cancelling that it cannot do, and keeps its invoices for a shorter time', async () => {
    open({}, { cancel: false });
    await takeMany(20);
    const advance = node.asked.filter(({ expirySeconds }) => expirySeconds > 305);
    expect(advance.length).toBeGreaterThan(0);
    expect(advance.every(({ expirySeconds }) => expirySeconds === 365)).toBe(true);
    await vi.advanceTimersByTimeAsync(1_000_000);
    expect(pool.counts()).toMatchObject({ ready: 0 });
    await pool.close();
    expect(node.cancelled).toEqual([]);
  });

  it('cancels on closing what was given to nobody, leaves what can still be paid, and gives nothing more', async () => {
    open();
    const taken = await takeMany(20);
    const { ready } = pool.counts();
    await pool.close();
    expect(node.cancelled).toHaveLength(ready);
    expect(node.cancelled.some((hash) => hashes(taken).includes(hash))).toBe(false);
    await expect(pool.take(oneSat)).rejects.toThrow('closed');
  });

  it('waits on closing for what is being made, and cancels it', async () => {
    open();
    await takeMany(10);
    let release = (): void => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    node.before = () => gate;
    await takeMany(pool.counts().ready);
    const { minting } = pool.counts();
    expect(minting).toBeGreaterThan(0);
    const closing = pool.close();
    release();
    await closing;
    expect(node.cancelled).toHaveLength(minting);
  });
});
