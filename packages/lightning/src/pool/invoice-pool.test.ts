import { MethodUnavailable } from '@farebox/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createInvoiceTimeoutMs } from '../charge/deadline.js';
import { type InvoiceRequest, NodeError } from '../node.js';
import { createInvoicePool, type InvoicePool, type InvoicePoolOptions } from './invoice-pool.js';
import { mintsAtOnceMax, pooledAgeMsMaxDefault, shelfSizeDefault, shelvesMax, waitersMax } from './limits.js';
import type { CheckedInvoice } from './shelf.js';
import { CountingNode } from './testing/counting-node.js';

const oneSat: InvoiceRequest = { amountMsat: 1_000n, description: 'A request', expirySeconds: 305 };

let pool: InvoicePool;
let node: CountingNode;

function open(options: Partial<InvoicePoolOptions> = {}, nodeOptions: { cancel?: boolean } = {}): void {
  node = new CountingNode(nodeOptions);
  pool = createInvoicePool({ node, network: 'regtest', ...options });
}

/** Lets everything happen that needs no time. */
const settle = () => vi.advanceTimersByTimeAsync(0);

async function takeMany(count: number, request = oneSat): Promise<CheckedInvoice[]> {
  const taken: CheckedInvoice[] = [];
  for (let i = 0; i < count; i++) {
    taken.push(await pool.take(request));
    await settle();
  }
  return taken;
}

const hashes = (taken: readonly CheckedInvoice[]) => taken.map(({ paymentHash }) => paymentHash);
const never = new Promise<never>(() => {});
const down = new NodeError('node_unreachable', 'Connection refused');

beforeEach(() => {
  vi.useFakeTimers({ now: 1_790_000_000_000 });
});

afterEach(async () => {
  node.before = async () => {};
  const closing = pool.close();
  await vi.advanceTimersByTimeAsync(60_000);
  await closing;
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
    await takeMany(1_000);
    expect(node.asked.length).toBeLessThanOrEqual(1_000 + shelfSizeDefault);
  });

  it('asks at no more than its rate, and serves whoever waits', async () => {
    open({ mintRate: { perSecond: 10, burst: 5 } });
    const waiting = Array.from({ length: 30 }, () => pool.take(oneSat));
    const done = vi.fn();
    void Promise.all(waiting).then(done);
    await settle();
    expect(node.asked.length).toBe(5);
    for (let second = 1; second <= 2; second++) {
      await vi.advanceTimersByTimeAsync(1_000);
      expect(node.asked.length).toBeLessThanOrEqual(5 + 10 * second + 1);
    }
    await vi.advanceTimersByTimeAsync(1_000);
    expect(done).toHaveBeenCalled();
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

  it('keeps the prices that were asked for last, and cancels what has to make room', {
    timeout: 60_000,
  }, async () => {
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

describe('a node that misbehaves', () => {
  it('by making an invoice twice is not believed', async () => {
    open({ size: 0 });
    const [first] = await takeMany(1);
    node.alter = () => first ?? { invoice: '', paymentHash: '' };
    await expect(pool.take(oneSat)).rejects.toMatchObject({ code: 'node_misbehaved' });
  });

  it('by making one invoice for two who ask at once is not believed', async () => {
    open({ size: 0 });
    const other = await new CountingNode().createInvoice(oneSat);
    node.alter = () => other;
    const all = await Promise.allSettled([pool.take(oneSat), pool.take(oneSat), pool.take(oneSat)]);
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('by making an invoice of another amount has none of them given to anybody', async () => {
    open();
    const dear = await new CountingNode().createInvoice({ ...oneSat, amountMsat: 9_000n });
    node.alter = () => dear;
    for (let i = 0; i < 5; i++) await expect(pool.take(oneSat)).rejects.toBeInstanceOf(MethodUnavailable);
    expect(pool.counts().ready).toBe(0);
  });

  it('by cutting the lives of its invoices short serves whoever asks, and nothing in advance', async () => {
    open();
    node.before = async () => {};
    const short = { ...oneSat, expirySeconds: 60 };
    const create = node.createInvoice.bind(node);
    vi.spyOn(node, 'createInvoice').mockImplementation((request) =>
      create({ ...request, expirySeconds: short.expirySeconds }),
    );
    const taken = await takeMany(50);
    expect(new Set(hashes(taken)).size).toBe(50);
    expect(node.asked.length).toBeLessThan(50 + mintsAtOnceMax + 1);
    expect(pool.counts().ready).toBe(0);
  });

  it('by being down does not stop what is ready; it is asked again, and not in vain all the time', async () => {
    open();
    await takeMany(40);
    const { ready } = pool.counts();
    node.before = () => Promise.reject(down);
    await takeMany(ready);
    const before = node.asked.length;
    for (let i = 0; i < 10; i++) await expect(pool.take(oneSat)).rejects.toBe(down);
    expect(node.asked.length - before).toBe(10);
    node.before = async () => {};
    await vi.advanceTimersByTimeAsync(60_000);
    await takeMany(10);
    expect(pool.counts().ready).toBeGreaterThan(0);
  });

  it('by hanging holds nobody up for longer than its time, and is used again when it answers', async () => {
    open();
    node.before = () => never;
    const waiting = Array.from({ length: mintsAtOnceMax + 5 }, () =>
      pool.take(oneSat).catch((error: Error) => error),
    );
    await vi.advanceTimersByTimeAsync(createInvoiceTimeoutMs);
    node.before = async () => {};
    const outcomes = await Promise.all(waiting);
    expect(outcomes.every((outcome) => outcome instanceof Error)).toBe(true);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await takeMany(3)).toHaveLength(3);
  });

  it('by answering too late has its invoice cancelled', async () => {
    open();
    node.before = () => new Promise((resolve) => setTimeout(resolve, createInvoiceTimeoutMs + 1_000));
    const late = pool.take(oneSat).catch((error: Error) => error);
    await vi.advanceTimersByTimeAsync(createInvoiceTimeoutMs);
    expect(await late).toBeInstanceOf(Error);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(node.cancelled).toHaveLength(1);
  });

  it('lets no more wait than there is room for, and makes nothing for those who have given up', async () => {
    open({ mintRate: { perSecond: 1, burst: 1 } });
    const outcomes = Array.from({ length: waitersMax + 10 }, () =>
      pool.take(oneSat).catch((error: Error) => error),
    );
    expect(pool.counts().waiting).toBeLessThanOrEqual(waitersMax);
    await vi.advanceTimersByTimeAsync(10_000);
    const refused = (await Promise.all(outcomes)).filter((outcome) => outcome instanceof Error);
    expect(refused.length).toBe(waitersMax + 10 - (node.asked.length - pool.counts().ready));
    expect(node.asked.length).toBeLessThanOrEqual(11);
    expect(pool.counts().waiting).toBe(0);
  });
});
