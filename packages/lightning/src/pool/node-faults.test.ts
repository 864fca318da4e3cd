import { MethodUnavailable } from '@farebox/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createInvoiceTimeoutMs } from '../charge/deadline.js';
import { NodeError } from '../node.js';
import { contactAgeMsMax, contactTimeoutMs, mintsAtOnceMax, waitersMax } from './limits.js';
import { CountingNode } from './testing/counting-node.js';
import { down, hashes, never, oneSat, PoolRig } from './testing/pool-rig.js';

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

  it('by being down has nothing that is ready given out, once that is known, and all of it when it is back', async () => {
    open();
    await takeMany(40);
    const { ready } = pool.counts();
    expect(ready).toBeGreaterThan(5);
    node.before = () => Promise.reject(down);
    // A mint for another price fails, in the background of nobody's request.
    await expect(pool.take({ ...oneSat, amountMsat: 7_000n })).rejects.toBe(down);
    const before = node.asked.length;
    for (let i = 0; i < 10; i++) await expect(pool.take(oneSat)).rejects.toBe(down);
    expect(node.asked.length - before).toBe(10);
    expect(pool.counts().ready).toBe(ready);
    node.before = async () => {};
    const [fresh] = await takeMany(1);
    expect(node.asked.length - before).toBeGreaterThan(10);
    const after = node.asked.length;
    const [kept] = await takeMany(1);
    expect(kept?.paymentHash).not.toBe(fresh?.paymentHash);
    expect(node.asked.length).toBe(after);
  });

  it('by being down without being asked for an invoice is found out within seconds', async () => {
    open();
    await takeMany(40);
    node.infoBefore = () => Promise.reject(down);
    await vi.advanceTimersByTimeAsync(contactAgeMsMax - 1);
    // Not asked yet, and this is what it is asked for.
    await takeMany(1);
    await vi.advanceTimersByTimeAsync(contactAgeMsMax);
    await takeMany(1);
    node.before = () => Promise.reject(down);
    await expect(pool.take(oneSat)).rejects.toBe(down);
  });

  it('by not saying whether it is there counts as down', async () => {
    open();
    await takeMany(40);
    node.infoBefore = () => never;
    await vi.advanceTimersByTimeAsync(contactAgeMsMax);
    await takeMany(1);
    await vi.advanceTimersByTimeAsync(contactTimeoutMs);
    node.before = () => Promise.reject(down);
    await expect(pool.take(oneSat)).rejects.toBe(down);
  });

  it('by refusing is not down: what it made before can be paid', async () => {
    open();
    await takeMany(40);
    for (const code of ['node_refused', 'node_unauthorized', 'node_misbehaved'] as const) {
      const refusal = new NodeError(code, 'no');
      node.before = node.infoBefore = () => Promise.reject(refusal);
      await expect(pool.take({ ...oneSat, amountMsat: 7_000n })).rejects.toBe(refusal);
      await vi.advanceTimersByTimeAsync(contactAgeMsMax);
      await takeMany(2);
    }
  });

  it('by being down is asked by one at a time, and the others are told at once', async () => {
    open();
    await takeMany(40);
    node.before = () => Promise.reject(down);
    await expect(pool.take({ ...oneSat, amountMsat: 7_000n })).rejects.toBe(down);
    node.before = () => never;
    const before = node.asked.length;
    const first = pool.take(oneSat).catch((error: Error) => error);
    for (let i = 0; i < 50; i++) await expect(pool.take(oneSat)).rejects.toBe(down);
    expect(node.asked.length - before).toBe(1);
    await vi.advanceTimersByTimeAsync(createInvoiceTimeoutMs);
    expect(await first).toMatchObject({ code: 'deadline_exceeded' });
    node.before = async () => {};
    expect(await takeMany(5)).toHaveLength(5);
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
