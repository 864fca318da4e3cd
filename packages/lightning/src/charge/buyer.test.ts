import { describe, expect, it, vi } from 'vitest';
import type { CreatedInvoice, PaymentState } from '../node.js';
import { PaperNode } from '../paper/paper-node.js';
import { challengeOf, invoiceOf, nowMs } from '../testing/charge-challenge.js';
import {
  absent,
  buyerOf,
  inFlight,
  limits,
  paidOutcome,
  ScriptedNode,
  success,
} from '../testing/scripted-node.js';

describe('pay', () => {
  it('pays an invoice once and gives its preimage', async () => {
    const payee = new PaperNode({ now: () => nowMs });
    const created: CreatedInvoice = await payee.createInvoice({
      amountMsat: 21_000n,
      description: 'Block by height',
      expirySeconds: 300,
    });
    const challenge = challengeOf({
      invoice: created.invoice,
      details: { paymentHash: created.paymentHash },
    });
    const outcome = await buyerOf(new PaperNode({ payee, feeMsat: 2_000n })).pay(challenge, limits);
    expect(outcome).toEqual({
      kind: 'paid',
      payload: { preimage: payee.preimageOf(created.paymentHash) },
      paid: { amount: 21n, currency: 'sat' },
      fee: { amount: 2_000n, currency: 'msat' },
    });
    expect(await payee.lookupInvoice(created.paymentHash)).toMatchObject({ status: 'settled' });
  });

  it('hands the node the invoice, the fee cap and the time that is left', async () => {
    const node = new ScriptedNode(async () => success);
    expect(await buyerOf(node).pay(challengeOf(), limits)).toEqual(paidOutcome);
    expect(node.paid).toEqual([{ invoice: invoiceOf(), maxFeeMsat: 2_000n, timeoutMs: 30_000 }]);
  });

  it('takes limits in millisatoshis, to the last one', async () => {
    const exact = {
      ...limits,
      maxAmount: { amount: 21_000n, currency: 'msat' },
      maxFee: { amount: 1n, currency: 'msat' },
    };
    const node = new ScriptedNode(async () => success);
    expect(await buyerOf(node).pay(challengeOf(), exact)).toMatchObject({ kind: 'paid' });
    expect(node.paid[0]?.maxFeeMsat).toBe(1n);
  });

  it('gives the node no longer than the challenge lives', async () => {
    const node = new ScriptedNode(async () => success);
    await buyerOf(node).pay(challengeOf(), { ...limits, deadlineMs: nowMs + 3_600_000 });
    expect(node.paid[0]?.timeoutMs).toBe(300_000);
  });

  it.each([
    ['a price above the limit', { maxAmount: { amount: 20n, currency: 'sat' } }, 'amount_above_limit'],
    [
      'a price one millisatoshi above it',
      { maxAmount: { amount: 20_999n, currency: 'msat' } },
      'amount_above_limit',
    ],
    ['a limit in another currency', { maxAmount: { amount: 100n, currency: 'usd' } }, 'limit_malformed'],
    ['a fee limit in another currency', { maxFee: { amount: 1n, currency: 'usd' } }, 'limit_malformed'],
    ['a negative fee limit', { maxFee: { amount: -1n, currency: 'sat' } }, 'limit_malformed'],
    ['a deadline that has passed', { deadlineMs: nowMs }, 'deadline_passed'],
    ['a deadline that is no time', { deadlineMs: Number.NaN }, 'deadline_passed'],
  ])('does not touch the node for %s', async (_, change, code) => {
    const node = new ScriptedNode(async () => success);
    expect(await buyerOf(node).pay(challengeOf(), { ...limits, ...change })).toMatchObject({
      kind: 'not-paid',
      code,
    });
    expect([node.paid.length, node.tracked]).toEqual([0, 0]);
  });

  it('inspects again: what was fine a moment ago may have expired', async () => {
    const node = new ScriptedNode(async () => success);
    const late = buyerOf(node, () => nowMs + 300_000);
    expect(await late.pay(challengeOf(), { ...limits, deadlineMs: nowMs + 900_000 })).toMatchObject({
      kind: 'not-paid',
      code: 'challenge_expired',
    });
    expect(node.paid).toEqual([]);
  });

  it('holds the deadline against the clock once more after it has asked the node', async () => {
    let time = nowMs;
    const node = new ScriptedNode(
      async () => success,
      async () => {
        time += 60_000;
        return absent;
      },
    );
    expect(await buyerOf(node, () => time).pay(challengeOf(), limits)).toMatchObject({
      code: 'deadline_passed',
    });
    expect(node.paid).toEqual([]);
  });

  it('pays with no node of another network', async () => {
    class Elsewhere extends ScriptedNode {
      override async info() {
        return { kind: 'paper', network: 'signet' } as const;
      }
    }
    const node = new Elsewhere(async () => success);
    expect(await buyerOf(node).pay(challengeOf(), limits)).toMatchObject({ code: 'network_mismatch' });
    expect(node.paid).toEqual([]);
    expect(await buyerOf(node).resume(challengeOf())).toMatchObject({ kind: 'unknown' });
  });

  it.each<[string, PaymentState, object]>([
    ['was paid before', success, { kind: 'not-paid', code: 'already_paid' }],
    ['is being paid', inFlight, { kind: 'unknown' }],
  ])('does not pay an invoice that %s', async (_, before, outcome) => {
    const node = new ScriptedNode(
      async () => success,
      async () => before,
    );
    expect(await buyerOf(node).pay(challengeOf(), limits)).toMatchObject(outcome);
    expect(node.paid).toEqual([]);
  });

  it('pays only once when it is called twice at a time', async () => {
    let answer: (state: PaymentState) => void = () => {};
    const node = new ScriptedNode(
      () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    );
    const buyer = buyerOf(node);
    const first = buyer.pay(challengeOf(), limits);
    expect(await buyer.pay(challengeOf(), limits)).toMatchObject({ kind: 'unknown' });
    // The same invoice in another challenge is the same payment.
    expect(await buyer.pay(challengeOf({ challenge: { id: 'another' } }), limits)).toMatchObject({
      kind: 'unknown',
    });
    await vi.waitUntil(() => node.paid.length > 0, { timeout: 30_000 });
    answer(success);
    expect(await first).toEqual(paidOutcome);
    expect(node.paid.length).toBe(1);
  });
});
