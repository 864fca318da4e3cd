import { describe, expect, it } from 'vitest';
import { NodeError, type PaymentState } from '../node.js';
import { PaperNode } from '../paper/paper-node.js';
import { challengeOf, invoiceOf, nowMs, paymentHash } from '../testing/charge-challenge.js';
import {
  absent,
  buyerOf,
  failed,
  inFlight,
  limits,
  paidOutcome,
  ScriptedNode,
  success,
} from '../testing/scripted-node.js';
import { paymentReplyGraceMs } from './buyer.js';

describe('resume', () => {
  it.each<[string, PaymentState, object]>([
    ['paid', success, paidOutcome],
    ['failed', failed, { kind: 'not-paid', code: 'payment_failed' }],
    ['in flight', inFlight, { kind: 'unknown' }],
    ['never sent', absent, { kind: 'not-paid', code: 'payment_absent' }],
    [
      'paid, with a preimage of something else',
      { ...success, preimage: '00'.repeat(32) },
      { kind: 'unknown' },
    ],
  ])('finds a payment %s, and never pays', async (_, state, outcome) => {
    const node = new ScriptedNode(
      async () => success,
      async () => state,
    );
    // Long after both expiries: what was paid stays paid.
    expect(await buyerOf(node, () => nowMs + 86_400_000).resume(challengeOf())).toMatchObject(outcome);
    expect(node.paid).toEqual([]);
  });

  it('does not take silence for an answer', async () => {
    const mute = new ScriptedNode(
      async () => success,
      () => Promise.reject(new NodeError('node_unreachable', 'Connection refused')),
    );
    expect(await buyerOf(mute).resume(challengeOf())).toMatchObject({ kind: 'unknown' });
    const unable = new ScriptedNode(async () => success, undefined, false);
    expect(await buyerOf(unable).resume(challengeOf())).toMatchObject({ kind: 'unknown' });
    expect(unable.tracked).toBe(0);
  });

  it('does not call a payment absent while its request may still arrive, and does so afterwards', async () => {
    let time = nowMs;
    const node = new ScriptedNode(() => Promise.reject(new Error('socket hang up')));
    const buyer = buyerOf(node, () => time);
    await buyer.pay(challengeOf(), limits);
    expect(await buyer.resume(challengeOf())).toMatchObject({ kind: 'unknown' });
    time += 30_000 + paymentReplyGraceMs;
    expect(await buyer.resume(challengeOf())).toMatchObject({ kind: 'not-paid', code: 'payment_absent' });
  });

  it('is not sure of a challenge that it cannot read, or of another network', async () => {
    const buyer = buyerOf(new PaperNode());
    expect(await buyer.resume(challengeOf({ invoice: 'lnbcrt1' }))).toMatchObject({ kind: 'unknown' });
    const foreign = challengeOf({ invoice: invoiceOf({ network: 'mainnet' }) });
    expect(await buyer.resume(foreign)).toMatchObject({ kind: 'unknown' });
  });

  it('asks for the hash of the invoice', async () => {
    class Asked extends PaperNode {
      readonly hashes: string[] = [];
      override async trackPayment(hash: string): Promise<PaymentState> {
        this.hashes.push(hash);
        return absent;
      }
    }
    const node = new Asked();
    await buyerOf(node).resume(challengeOf());
    expect(node.hashes).toEqual([paymentHash]);
  });
});
