import { lightningSeller, NodeError } from '@farebox/lightning';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GateOptions } from './index.js';
import {
  admittedTo,
  challengeFor,
  commit,
  idempotent,
  once,
  openRig,
  paidCredential,
  paidRequest,
  price,
  problemOf,
  type Rig,
  refusedWith,
  safe,
  withCredential,
} from './testing/rig.js';
import { settledLateMsMax } from './verify.js';

const lifeMs = 5 * 60_000;
let rig: Rig;
beforeEach(async () => {
  rig = await openRig({ acceptPaidInTime: true });
});
afterEach(() => rig.close());

describe('a credential that comes after its challenge has expired, paid in time', () => {
  it.each([
    ['safe', safe],
    ['idempotent', idempotent],
    ['once', once],
  ])('buys its answer on a %s route, once', async (_, terms) => {
    const order = { ...price, method: terms.route.split(' ')[0] ?? '' };
    const request = await paidRequest(rig, order, terms);
    rig.clock.nowMs += 24 * 3_600_000;
    const delivery = admittedTo(await rig.gate.admit(request, terms));
    await commit(delivery);
    delivery.answered();
    expect(await rig.ledger.totals()).toMatchObject([{ state: 'answered', count: 1 }]);
    const again = refusedWith(await rig.gate.admit(request, terms));
    expect([again.status, problemOf(again).detail]).toEqual([402, expect.stringContaining('used')]);
    expect(await rig.ledger.totals()).toMatchObject([{ state: 'answered', count: 1 }]);
  });

  it('is refused as the draft asks unless that is switched on', async () => {
    const strict = rig.again({ acceptPaidInTime: false });
    const request = await paidRequest(rig);
    rig.clock.nowMs += lifeMs + 1;
    const answer = refusedWith(await strict.admit(request, safe));
    expect([answer.status, problemOf(answer).type]).toEqual([
      402,
      expect.stringContaining('expired-invoice'),
    ]);
  });

  it('is refused when the payment arrived after the end', async () => {
    const challenge = await challengeFor(rig, price);
    rig.node.lookupInvoice = async () => ({ status: 'settled', settledMs: rig.clock.nowMs });
    const request = withCredential(price, await paidCredential(rig, challenge));
    rig.clock.nowMs += lifeMs + 5_001;
    const answer = refusedWith(await rig.gate.admit(request, safe));
    expect([answer.status, problemOf(answer).code]).toEqual([402, 'paid-late']);
  });

  it('is refused when it comes later than claims are sure to be kept', async () => {
    const request = await paidRequest(rig);
    rig.clock.nowMs += lifeMs + settledLateMsMax;
    expect(refusedWith(await rig.gate.admit(request, safe)).status).toBe(402);
  });

  it('is refused with the preimage of an invoice that the node has not been paid', async () => {
    const request = await paidRequest(rig);
    rig.node.lookupInvoice = async () => ({ status: 'open' });
    rig.clock.nowMs += lifeMs + 1;
    expect(refusedWith(await rig.gate.admit(request, safe)).status).toBe(402);
  });

  it('waits for a node that does not answer: nothing is used up', async () => {
    const request = await paidRequest(rig);
    rig.clock.nowMs += lifeMs + 1;
    const { lookupInvoice } = rig.node;
    rig.node.lookupInvoice = () => Promise.reject(new NodeError('node_unreachable', 'gone'));
    const answer = refusedWith(await rig.gate.admit(request, safe));
    expect([answer.status, problemOf(answer).retry]).toEqual([500, 'same-credential']);
    rig.node.lookupInvoice = lookupInvoice;
    admittedTo(await rig.gate.admit(request, safe)).cut();
  });
});

it('whoever paid too late and asks again and again is held up before the node is asked', async () => {
  const rate = { perSecond: 0.001, burst: 5 };
  const gate = rig.again({ mintBudget: { client: rate, global: rate } });
  const request = await paidRequest(rig);
  rig.clock.nowMs += lifeMs + 1;
  let asked = 0;
  rig.node.lookupInvoice = async () => {
    asked++;
    return { status: 'open' };
  };
  const statuses: number[] = [];
  for (let at = 0; at < 10; at++) statuses.push(refusedWith(await gate.admit(request, safe)).status);
  expect(statuses.at(-1)).toBe(429);
  expect(asked).toBeLessThanOrEqual(5);
});

describe('a method that settles when it verifies, and can tell when that was', () => {
  const graceMs = 30_000;
  let endMs: number;
  let madeMs: number;
  let asked: number;
  /** Lightning, as if the gateway itself moved the money; where `paid_in_time` is not asked for. */
  beforeEach(async () => {
    await rig.close();
    rig = await openRig({ acceptPaidInTime: false });
    asked = 0;
    rig.node.lookupInvoice = async () => {
      asked++;
      return { status: 'settled', settledMs: madeMs };
    };
    // Invoices tell whole seconds.
    rig.clock.nowMs = Math.ceil(rig.clock.nowMs / 1_000) * 1_000;
    endMs = rig.clock.nowMs + lifeMs;
  });
  const settling = (more: Partial<GateOptions> = {}) =>
    rig.again({
      methods: [{ ...lightningSeller({ node: rig.node, network: 'regtest' }), settlesOnVerify: true }],
      ...more,
    });

  it.each([
    ['long before the end', -lifeMs],
    ['at the end', 0],
    ['soon after it, as what was sent in its last second', graceMs - 1],
  ])('sells for what was paid %s and comes days later', async (_, afterMs) => {
    const request = await paidRequest(rig);
    madeMs = endMs + afterMs;
    rig.clock.nowMs = endMs + 6 * 24 * 3_600_000;
    admittedTo(await settling().admit(request, safe)).cut();
    expect(asked).toBe(1);
  });

  it.each([
    ['safe', safe],
    ['idempotent', idempotent],
    ['once', once],
  ])('refuses on a %s route what was paid later, and says where the money is', async (_, terms) => {
    const order = { ...price, method: terms.route.split(' ')[0] ?? '' };
    const request = await paidRequest(rig, order, terms);
    madeMs = endMs + graceMs;
    rig.clock.nowMs = madeMs + 1;
    const answer = refusedWith(await settling().admit(request, terms));
    expect(answer.status).toBe(402);
    expect(problemOf(answer)).toMatchObject({
      type: expect.stringContaining('expired'),
      code: 'paid-late',
      detail: expect.stringMatching(/money is with the seller: ask the seller/),
    });
    expect(rig.events.filter(({ kind }) => kind === 'refused')).toMatchObject([{ reason: 'paid-late' }]);
    expect(await rig.ledger.totals()).toEqual([]);
  });

  it('does not ask while the challenge lives, and honours what is owed whenever it was paid', async () => {
    const request = await paidRequest(rig);
    madeMs = endMs + 3_600_000;
    await admittedTo(await settling().admit(request, safe)).release();
    rig.clock.nowMs = madeMs + 1;
    await commit(admittedTo(await settling().admit(request, safe)));
    expect(asked).toBe(0);
  });

  it('is not asked of by whoever asks again and again', async () => {
    const rate = { perSecond: 0.001, burst: 3 };
    const gate = settling({ mintBudget: { client: rate, global: rate } });
    const request = await paidRequest(rig);
    madeMs = endMs + graceMs;
    rig.clock.nowMs = madeMs;
    const statuses: number[] = [];
    for (let at = 0; at < 6; at++) statuses.push(refusedWith(await gate.admit(request, safe)).status);
    expect(statuses.at(-1)).toBe(429);
    expect(asked).toBeLessThanOrEqual(3);
  });
});
