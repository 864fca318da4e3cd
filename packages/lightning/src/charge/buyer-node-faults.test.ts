import { afterEach, describe, expect, it, vi } from 'vitest';
import { NodeError, type PaymentState } from '../node.js';
import { challengeOf, nowMs, preimage } from '../testing/charge-challenge.js';
import {
  absent,
  buyerOf,
  failed,
  inFlight,
  limits,
  never,
  paidOutcome,
  ScriptedNode,
  success,
  tracks,
} from '../testing/scripted-node.js';
import { askTimeoutMs, paymentReplyGraceMs } from './buyer.js';

afterEach(() => {
  vi.useRealTimers();
});

describe('pay, when the node', () => {
  it.each<[string, PaymentState, object]>([
    ['says failed', failed, { kind: 'not-paid', code: 'payment_failed' }],
    ['says that it has sent nothing', absent, { kind: 'not-paid', code: 'payment_absent' }],
    ['gives another preimage', { ...success, preimage: '00'.repeat(32) }, { kind: 'unknown' }],
    ['gives a preimage that is none', { ...success, preimage: 'yes' }, { kind: 'unknown' }],
    ['gives the preimage in capitals', { ...success, preimage: preimage.toUpperCase() }, { kind: 'unknown' }],
  ])('%s', async (_, state, outcome) => {
    const node = new ScriptedNode(async () => state);
    expect(await buyerOf(node).pay(challengeOf(), limits)).toMatchObject(outcome);
    expect(node.paid.length).toBe(1);
  });

  it('misbehaves, it is named and never asked to pay that again', async () => {
    const node = new ScriptedNode(async () => ({ ...success, preimage: '00'.repeat(32) }));
    const buyer = buyerOf(node);
    expect(await buyer.pay(challengeOf(), limits)).toMatchObject({
      detail: expect.stringContaining('node_misbehaved'),
    });
    expect(await buyer.pay(challengeOf(), limits)).toMatchObject({ kind: 'unknown' });
    expect(node.paid.length).toBe(1);
  });

  it('throws a NodeError, nothing was sent', async () => {
    const node = new ScriptedNode(() =>
      Promise.reject(new NodeError('node_refused', 'The balance is too small')),
    );
    const outcome = await buyerOf(node).pay(challengeOf(), limits);
    expect(outcome).toMatchObject({ kind: 'not-paid', code: 'node_refused' });
    expect(node.tracked).toBe(1);
  });

  it('cannot be asked beforehand, nothing is sent', async () => {
    const node = new ScriptedNode(
      async () => success,
      () => Promise.reject(new NodeError('node_unauthorized', 'The macaroon was refused')),
    );
    expect(await buyerOf(node).pay(challengeOf(), limits)).toMatchObject({
      kind: 'not-paid',
      code: 'node_unauthorized',
    });
    expect(node.paid).toEqual([]);
  });

  it.each<[string, PaymentState, PaymentState, object]>([
    ['has paid all the same', absent, success, paidOutcome],
    ['has failed', absent, failed, { kind: 'not-paid', code: 'payment_failed' }],
    ['is still trying', absent, inFlight, { kind: 'unknown' }],
    // The request may still reach it.
    ['knows nothing yet', absent, absent, { kind: 'unknown' }],
    // That may be the failure of the attempt before.
    ['has failed twice, or once', failed, failed, { kind: 'unknown' }],
  ])('breaks off and %s', async (_, before, after, outcome) => {
    const node = new ScriptedNode(() => Promise.reject(new Error('socket hang up')), tracks(before, after));
    expect(await buyerOf(node).pay(challengeOf(), limits)).toMatchObject(outcome);
    expect([node.paid.length, node.tracked]).toEqual([1, 2]);
  });

  it.each<[string, PaymentState, object]>([
    ['succeeded meanwhile', success, paidOutcome],
    ['failed meanwhile', failed, { kind: 'not-paid', code: 'payment_failed' }],
    ['goes on', inFlight, { kind: 'unknown' }],
    ['is denied', absent, { kind: 'unknown' }],
  ])('leaves the payment in flight, which %s', async (_, after, outcome) => {
    const node = new ScriptedNode(async () => inFlight, tracks(absent, after));
    expect(await buyerOf(node).pay(challengeOf(), limits)).toMatchObject(outcome);
    expect([node.paid.length, node.tracked]).toEqual([1, 2]);
  });

  it('hangs, the outcome is unknown, and is not lost', async () => {
    vi.useFakeTimers({ now: nowMs });
    const node = new ScriptedNode(() => never, tracks(absent, inFlight));
    const buyer = buyerOf(node, Date.now);
    const outcome = buyer.pay(challengeOf(), limits);
    await vi.advanceTimersByTimeAsync(30_000 + paymentReplyGraceMs);
    expect(await outcome).toMatchObject({ kind: 'unknown' });
    expect(vi.getTimerCount()).toBe(0);
    expect(await buyer.pay(challengeOf(), { ...limits, deadlineMs: Number.MAX_SAFE_INTEGER })).toMatchObject({
      kind: 'unknown',
    });
    expect(node.paid.length).toBe(1);
  });

  it('hangs and cannot be asked either, the outcome is unknown', async () => {
    vi.useFakeTimers({ now: nowMs });
    const node = new ScriptedNode(
      () => never,
      (times) => (times === 1 ? Promise.resolve(absent) : never),
    );
    const outcome = buyerOf(node, Date.now).pay(challengeOf(), limits);
    await vi.advanceTimersByTimeAsync(30_000 + paymentReplyGraceMs + askTimeoutMs);
    expect(await outcome).toMatchObject({ kind: 'unknown' });
  });

  it('cannot tell what became of a payment, it is not asked', async () => {
    const lost = new ScriptedNode(() => Promise.reject(new Error('socket hang up')), undefined, false);
    expect(await buyerOf(lost).pay(challengeOf(), limits)).toMatchObject({ kind: 'unknown' });
    const flying = new ScriptedNode(async () => inFlight, undefined, false);
    expect(await buyerOf(flying).pay(challengeOf(), limits)).toMatchObject({ kind: 'unknown' });
    expect([lost.tracked, flying.tracked]).toEqual([0, 0]);
    const good = new ScriptedNode(async () => success, undefined, false);
    expect(await buyerOf(good).pay(challengeOf(), limits)).toEqual(paidOutcome);
  });

  it('fails with an error of its own, no outcome repeats its text', async () => {
    const secret = 'macaroon 0201036c6e64';
    const node = new ScriptedNode(
      () => Promise.reject(new Error(secret)),
      (times) => (times === 1 ? Promise.resolve(absent) : Promise.reject(new Error(secret))),
    );
    const outcome = await buyerOf(node).pay(challengeOf(), limits);
    expect(outcome.kind).toBe('unknown');
    expect(JSON.stringify(outcome)).not.toContain('0201036c6e64');
  });
});
