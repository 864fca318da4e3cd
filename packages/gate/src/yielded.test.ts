import { serializeCredential } from '@farebox/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GateRequest, Terms } from './index.js';
import {
  admittedTo,
  challengeFor,
  challengesOf,
  commit,
  fields,
  once,
  openRig,
  paidRequest,
  price,
  problemOf,
  type Rig,
  refusedWith,
  runes,
  safe,
  withCredential,
} from './testing/rig.js';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.close());

async function yieldedTo(request: GateRequest, terms: Terms = safe) {
  const decision = await rig.gate.attempt(request, terms);
  if (decision.kind !== 'yielded') throw new Error(`It was ${decision.kind}.`);
  return decision;
}

const challenged = (): number => rig.events.filter(({ kind }) => kind === 'challenged').length;

const limited = { type: 'about:blank', title: 'Too Many Requests', status: 429, detail: 'Wait, or pay.' };

describe('a payment that fails, of a caller who has other means', () => {
  it('is told with its reason, and costs no invoice until the caller asks for the refusal', async () => {
    const challenge = await challengeFor(rig, price);
    const bad = serializeCredential({ challenge, payload: { preimage: '00'.repeat(32) } });
    const before = challenged();
    const decision = await yieldedTo(withCredential(price, bad));
    expect([decision.reason, challenged()]).toEqual(['invalid-proof', before]);
    const answer = await decision.refuse();
    expect([answer.status, challengesOf(answer).length, challenged()]).toEqual([402, 1, before + 1]);
    expect(rig.events.filter(({ kind }) => kind === 'refused')).toHaveLength(1);
  });

  it('may be refused in other words, with challenges', async () => {
    const decision = await yieldedTo(withCredential(price, 'Payment nonsense'));
    const answer = await decision.refuse(limited);
    expect([answer.status, problemOf(answer).status, challengesOf(answer).length]).toEqual([429, 429, 1]);
  });

  it('issued for another resource: nothing is consumed', async () => {
    const paid = await paidRequest(rig, price);
    expect((await yieldedTo({ ...paid, path: runes.path })).reason).toBe('other-resource');
    await commit(admittedTo(await rig.gate.admit(paid, safe)));
  });

  it('used: known before the upstream is asked, also by a gate that remembers nothing', async () => {
    const paid = await paidRequest(rig, price);
    const delivery = admittedTo(await rig.gate.admit(paid, safe));
    await commit(delivery);
    delivery.answered();
    await rig.restart();
    expect((await yieldedTo(paid)).reason).toBe('used');
  });

  it('used on a once route: refused, because this very request was executed', async () => {
    const request: GateRequest = { ...price, method: 'POST' };
    const paid = await paidRequest(rig, request, once);
    const delivery = admittedTo(await rig.gate.admit(paid, once));
    await commit(delivery);
    delivery.answered();
    const decision = await rig.gate.attempt(paid, once);
    expect(decision.kind).toBe('refused');
  });

  it('that nobody can judge because the ledger does not answer: as good as before', async () => {
    const paid = await paidRequest(rig, price);
    await rig.ledger.close();
    const decision = await yieldedTo(paid);
    expect(decision.reason).toBe('unavailable');
    expect((await decision.refuse()).status).toBe(500);
    await rig.restart();
    await commit(admittedTo(await rig.gate.admit(paid, safe)));
  });

  it('at work at this moment: refused, not served a second time', async () => {
    const paid = await paidRequest(rig, price);
    const delivery = admittedTo(await rig.gate.admit(paid, safe));
    const decision = await rig.gate.attempt(paid, safe);
    if (decision.kind !== 'refused') throw new Error(`It was ${decision.kind}.`);
    expect(decision.answer.status).toBe(409);
    await delivery.release();
  });
});

it('a good payment is admitted, whatever other means there are', async () => {
  const decision = await rig.gate.attempt(await paidRequest(rig, price), safe);
  expect(decision.kind).toBe('admitted');
});

it('a request without payment is refused in the words that it came with, and with challenges', async () => {
  const answer = refusedWith(await rig.gate.admit({ ...price, instead: limited }, safe));
  expect([answer.status, problemOf(answer).title]).toEqual([429, 'Too Many Requests']);
  expect(challengesOf(answer)).toHaveLength(1);
  expect(fields(answer.headers, 'Cache-Control')).toEqual(['no-store']);
});
