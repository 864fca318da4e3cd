import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { redeliveriesMaxDefault } from './context.js';
import type { GateRequest } from './terms.js';
import {
  admittedTo,
  challengeFor,
  commit,
  fields,
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
} from './testing/rig.js';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.close());

const order: GateRequest = {
  method: 'POST',
  path: '/v1/orders',
  query: '',
  credentials: [],
  body: Buffer.from('1'),
};
const put: GateRequest = { ...order, method: 'PUT' };

describe('a failing upstream', () => {
  it('leaves a credit: the same credential works again, even after the challenge has expired', async () => {
    const request = await paidRequest(rig);
    await admittedTo(await rig.gate.admit(request, safe)).release();
    expect(await rig.ledger.totals()).toMatchObject([{ state: 'released', count: 1, paid: { amount: 1n } }]);
    rig.clock.nowMs += 24 * 3_600_000;
    const delivery = admittedTo(await rig.gate.admit(request, safe));
    await commit(delivery);
    delivery.answered();
    expect(refusedWith(await rig.gate.admit(request, safe)).status).toBe(402);
    expect(await rig.ledger.totals()).toMatchObject([{ state: 'answered', count: 1 }]);
  });

  it('releases the claim of a once route too', async () => {
    const request = await paidRequest(rig, order, once);
    await admittedTo(await rig.gate.admit(request, once)).release();
    const delivery = admittedTo(await rig.gate.admit(request, once));
    await commit(delivery);
    delivery.answered();
  });
});

describe('a connection that is lost', () => {
  it('before the commit leaves a credit', async () => {
    const request = await paidRequest(rig);
    admittedTo(await rig.gate.admit(request, safe)).cut();
    await expect.poll(() => rig.events.map((event) => event.kind), { timeout: 30_000 }).toContain('released');
    rig.clock.nowMs += 3_600_000;
    const delivery = admittedTo(await rig.gate.admit(request, safe));
    await commit(delivery);
    delivery.answered();
  });

  it('after the commit gives the answer again, with the same receipt, and not more often than the bound', async () => {
    const request = await paidRequest(rig);
    const receipts = [];
    for (let i = 0; i <= redeliveriesMaxDefault; i++) {
      const delivery = admittedTo(await rig.gate.admit(request, safe));
      receipts.push(await commit(delivery));
      delivery.cut();
      rig.clock.nowMs += 1_000;
    }
    expect(new Set(receipts.map((receipt) => JSON.stringify(receipt))).size).toBe(1);
    expect(refusedWith(await rig.gate.admit(request, safe)).status).toBe(402);
    // A process that knows nothing of it asks the ledger at the commit, and is told the same.
    await rig.restart();
    const outcome = await admittedTo(await rig.gate.admit(request, safe)).commit();
    expect(outcome.ok ? 0 : outcome.answer.status).toBe(402);
  });

  it('while the ledger decides frees the credential', async () => {
    const request = await paidRequest(rig);
    const delivery = admittedTo(await rig.gate.admit(request, safe));
    const committing = delivery.commit();
    delivery.cut();
    expect((await committing).ok).toBe(true);
    const again = admittedTo(await rig.gate.admit(request, safe));
    await commit(again);
    again.answered();
  });

  it('on a once route leaves the outcome unknown: asked again, never repeated', async () => {
    const request = await paidRequest(rig, order, once);
    admittedTo(await rig.gate.admit(request, once)).cut();
    const answer = refusedWith(await rig.gate.admit(request, once));
    expect(answer.status).toBe(409);
    expect(problemOf(answer)).toMatchObject({ title: 'Outcome Unknown', retry: 'resume' });
    expect(await rig.ledger.totals()).toMatchObject([{ state: 'unknown', count: 1 }]);
  });
});

describe('two uses at once', () => {
  it('of one credential: one is served, the other is told to wait', async () => {
    const request = await paidRequest(rig);
    const first = admittedTo(await rig.gate.admit(request, safe));
    const second = refusedWith(await rig.gate.admit(request, safe));
    expect(second.status).toBe(409);
    expect(fields(second.headers, 'Retry-After')).toEqual(['1']);
    await commit(first);
    first.answered();
  });

  it('through two gates on one ledger: one is served, the other is told to wait', async () => {
    const request = await paidRequest(rig);
    const delivery = admittedTo(await rig.gate.admit(request, safe));
    expect(refusedWith(await rig.again().admit(request, safe)).status).toBe(409);
    await commit(delivery);
    delivery.answered();
    expect(refusedWith(await rig.again().admit(request, safe)).status).toBe(402);
  });

  it('of one credential, 1,000 presentations: exactly one is served (invariant 1)', async () => {
    const request = await paidRequest(rig);
    const outcomes = await Promise.all(
      Array.from({ length: 1_000 }, async () => {
        const admission = await rig.gate.admit(request, safe);
        if (admission.kind === 'refused') return admission.answer.status;
        const outcome = await admission.delivery.commit();
        admission.delivery.answered();
        return outcome.ok ? 200 : outcome.answer.status;
      }),
    );
    expect(outcomes.filter((status) => status === 200)).toHaveLength(1);
    expect(outcomes.filter((status) => status === 409 || status === 402)).toHaveLength(999);
    expect(await rig.ledger.totals()).toMatchObject([{ state: 'answered', count: 1 }]);
  });
});

describe('after a restart', () => {
  it('a used credential is refused before an idempotent upstream is asked again', async () => {
    const request = await paidRequest(rig, put, idempotent);
    const delivery = admittedTo(await rig.gate.admit(request, idempotent));
    await commit(delivery);
    delivery.answered();
    await rig.restart();
    expect(refusedWith(await rig.gate.admit(request, idempotent)).status).toBe(402);
  });

  it('a used credential gets no second delivery of a safe route', async () => {
    const request = await paidRequest(rig);
    const delivery = admittedTo(await rig.gate.admit(request, safe));
    await commit(delivery);
    delivery.answered();
    await rig.restart();
    const outcome = await admittedTo(await rig.gate.admit(request, safe)).commit();
    expect(outcome.ok ? 200 : outcome.answer.status).toBe(402);
  });

  it('an answer that had not left is given again, even when the challenge has expired', async () => {
    const request = await paidRequest(rig);
    await commit(admittedTo(await rig.gate.admit(request, safe)));
    rig.clock.nowMs += 3_600_000;
    await rig.restart();
    const delivery = admittedTo(await rig.gate.admit(request, safe));
    await commit(delivery);
    delivery.answered();
  });

  it('a claim of a once route whose process died is unknown, not repeated', async () => {
    const request = await paidRequest(rig, order, once);
    admittedTo(await rig.gate.admit(request, once));
    await rig.restart();
    expect(refusedWith(await rig.gate.admit(request, once)).status).toBe(409);
  });
});

describe('one payment', () => {
  it('buys for one challenge only, even when two challenges were given its invoice', async () => {
    const challenge = await challengeFor(rig, price);
    const request = { ...price, credentials: [await paidCredential(rig, challenge)] };
    const delivery = admittedTo(await rig.gate.admit(request, safe));
    await commit(delivery);
    const claim = await rig.ledger.find(challenge.id);
    const other = await rig.ledger.deliver({
      challengeId: 'A'.repeat(43),
      reference: claim?.reference ?? '',
      method: 'lightning',
      intent: 'charge',
      paid: { amount: 1n, currency: 'sat' },
      route: 'GET /v1/*',
      resource: 'GET /v1/x',
      expiresMs: rig.clock.nowMs + 1_000,
      nowMs: rig.clock.nowMs,
    });
    expect(other).toMatchObject({ ok: false, by: 'reference' });
    delivery.answered();
  });
});

describe('a ledger that does not answer', () => {
  it('refuses at the commit, and the credential stays good', async () => {
    const request = await paidRequest(rig);
    const delivery = admittedTo(await rig.gate.admit(request, safe));
    await rig.ledger.close();
    const outcome = await delivery.commit();
    expect(outcome.ok).toBe(false);
    expect(outcome.ok ? 0 : outcome.answer.status).toBe(500);
    expect(outcome.ok ? {} : problemOf(outcome.answer)).toMatchObject({ retry: 'same-credential' });
  });

  it('asks nobody to pay until it answers again', async () => {
    const request = await paidRequest(rig);
    const delivery = admittedTo(await rig.gate.admit(request, safe));
    await rig.ledger.close();
    expect((await delivery.commit()).ok).toBe(false);
    const refusal = refusedWith(await rig.gate.admit(price, safe));
    expect([refusal.status, fields(refusal.headers, 'WWW-Authenticate')]).toEqual([500, []]);
    await rig.restart();
    expect(refusedWith(await rig.gate.admit(price, safe)).status).toBe(402);
  });

  it('refuses a once route before its upstream', async () => {
    const request = await paidRequest(rig, order, once);
    await rig.ledger.close();
    expect(refusedWith(await rig.gate.admit(request, once)).status).toBe(500);
    expect(rig.events.at(-1)).toMatchObject({ kind: 'ledger-unavailable' });
  });
});

describe('an Idempotency-Key', () => {
  it('has a length that can be kept', async () => {
    for (const key of ['', 'x'.repeat(256)]) {
      expect(refusedWith(await rig.gate.admit({ ...price, idempotencyKey: key }, safe)).status).toBe(400);
    }
  });
});
