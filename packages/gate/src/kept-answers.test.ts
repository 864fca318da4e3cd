import type { StoredAnswer } from '@farebox/ledger';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { redeliveriesMaxDefault, replayWindowMsDefault } from './context.js';
import type { GateRequest, Terms } from './terms.js';
import {
  admittedTo,
  fields,
  idempotent,
  once,
  openRig,
  paidRequest,
  price,
  problemOf,
  type Rig,
  refusedWith,
  replayedTo,
  runes,
  safe,
} from './testing/rig.js';

// Design §3 "Stored answers", draft-httpauth-payment-00 §"Idempotency and Side Effects".
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
const answer: StoredAnswer = {
  status: 201,
  headers: ['Content-Type', 'text/plain'],
  body: Buffer.from('the goods'),
};

/** Pays, and has the answer delivered and kept. */
async function served(request: GateRequest, terms: Terms, ends: 'answered' | 'cut'): Promise<GateRequest> {
  const paid = await paidRequest(rig, request, terms);
  const delivery = admittedTo(await rig.gate.admit(paid, terms));
  expect(delivery.keepsAnswer).toBe(true);
  expect((await delivery.commit(answer.status, answer)).ok).toBe(true);
  delivery[ends]();
  return paid;
}

describe('an answer that is kept', () => {
  it.each([
    ['safe', price, safe],
    ['idempotent', order, idempotent],
    ['once', order, once],
  ])(
    'on a %s route is given again to whoever knows the key, as often as asked, whole',
    async (_, asked, terms) => {
      const request = await served({ ...asked, idempotencyKey: 'order 7' }, terms, 'answered');
      for (const restarted of [false, true]) {
        if (restarted) await rig.restart();
        for (let i = 0; i < redeliveriesMaxDefault * 2; i++) {
          const { answer: again, delivery } = replayedTo(await rig.gate.admit(request, terms));
          expect([again.status, String(again.body)]).toEqual([201, 'the goods']);
          expect(fields(again.headers, 'Content-Type')).toEqual(['text/plain']);
          expect(fields(again.headers, 'Idempotent-Replayed')).toEqual(['true']);
          expect(fields(again.headers, 'Payment-Receipt')).toHaveLength(1);
          delivery.answered();
        }
      }
      expect(await rig.ledger.totals()).toMatchObject([{ state: 'answered', count: 1 }]);
    },
  );

  it('is not given to who does not know the key, once it has left', async () => {
    const request = await served({ ...price, idempotencyKey: 'order 7' }, safe, 'answered');
    const { idempotencyKey: _, ...keyless } = request;
    expect(refusedWith(await rig.gate.admit(keyless, safe)).status).toBe(402);
    expect(refusedWith(await rig.gate.admit({ ...request, idempotencyKey: 'order 8' }, safe)).status).toBe(
      402,
    );
  });

  it.each([
    ['idempotent', idempotent],
    ['once', once],
  ])('on a %s route is given again without a key while none has left, within the bound', async (_, terms) => {
    const request = await served(order, terms, 'cut');
    for (let i = 0; i < redeliveriesMaxDefault; i++) {
      const { answer: again, delivery } = replayedTo(await rig.gate.admit(request, terms));
      expect(String(again.body)).toBe('the goods');
      delivery.cut();
    }
    expect(refusedWith(await rig.gate.admit(request, terms)).status).toBe(402);
  });

  it('stays, however often the ledger is swept, until it has left', async () => {
    const request = await paidRequest(rig, order, once);
    const delivery = admittedTo(await rig.gate.admit(request, once));
    expect((await delivery.commit(answer.status, answer)).ok).toBe(true);
    await rig.restart();
    rig.clock.nowMs += replayWindowMsDefault + 3_600_000;
    const { nowMs } = rig.clock;
    const longMs = 90 * 86_400_000;
    const windows = {
      redemptionWindowMs: longMs,
      replayWindowMs: replayWindowMsDefault,
      retentionMs: longMs,
    };
    await rig.ledger.sweep({ nowMs, ...windows, rowsMax: 10 });
    const { answer: again, delivery: leaving } = replayedTo(await rig.gate.admit(request, once));
    expect(String(again.body)).toBe('the goods');
    leaving.answered();
    expect(refusedWith(await rig.gate.admit(request, once)).status).toBe(402);
  });

  it('is no longer given when its window is over', async () => {
    const request = await served({ ...order, idempotencyKey: 'order 7' }, once, 'answered');
    rig.clock.nowMs += replayWindowMsDefault + 1;
    expect(refusedWith(await rig.gate.admit(request, once)).status).toBe(402);
  });

  it('belongs to one request: the same key with another is 422, and nothing is used up', async () => {
    const request = await served({ ...price, idempotencyKey: 'order 7' }, safe, 'answered');
    const other = { ...runes, credentials: request.credentials, idempotencyKey: 'order 7' };
    const refusal = refusedWith(await rig.gate.admit(other, safe));
    expect([refusal.status, problemOf(refusal).title]).toEqual([422, 'Idempotency Key Reused']);
    expect(refusedWith(await rig.gate.admit({ ...other, idempotencyKey: 'order 8' }, safe)).status).toBe(403);
    replayedTo(await rig.gate.admit(request, safe)).delivery.answered();
  });
});

describe('an answer that is not kept', () => {
  it.each([
    ['safe', price, safe],
    ['idempotent', order, idempotent],
    ['once', order, once],
  ])('on a %s route is given no more once it has left, whoever knows the key', async (_, asked, terms) => {
    const request = await paidRequest(rig, { ...asked, idempotencyKey: 'order 7' }, terms);
    const delivery = admittedTo(await rig.gate.admit(request, terms));
    expect((await delivery.commit()).ok).toBe(true);
    delivery.answered();
    for (const restarted of [false, true]) {
      if (restarted) await rig.restart();
      const refusal = refusedWith(await rig.gate.admit(request, terms));
      expect([refusal.status, problemOf(refusal).detail]).toEqual([402, expect.stringContaining('used')]);
    }
  });

  it.each([
    ['safe', price, safe],
    ['idempotent', order, idempotent],
  ])('on a %s route and cut off is asked for again, and not said to be replayed', async (_, asked, terms) => {
    const request = await paidRequest(rig, { ...asked, idempotencyKey: 'order 7' }, terms);
    for (let turn = 0; turn <= redeliveriesMaxDefault; turn++) {
      const delivery = admittedTo(await rig.gate.admit(request, terms));
      const commit = await delivery.commit();
      expect(commit.ok && fields(commit.headers, 'Idempotent-Replayed')).toEqual([]);
      delivery.cut();
    }
    expect(refusedWith(await rig.gate.admit(request, terms)).status).toBe(402);
  });

  it('is not asked for in advance on a safe route without a key', async () => {
    const delivery = admittedTo(await rig.gate.admit(await paidRequest(rig), safe));
    expect(delivery.keepsAnswer).toBe(false);
    await delivery.release();
  });

  it('on a once route is lost with its connection, and that is said: nothing is repeated, nothing paid again', async () => {
    const request = await paidRequest(rig, order, once);
    const delivery = admittedTo(await rig.gate.admit(request, once));
    expect((await delivery.commit()).ok).toBe(true);
    delivery.cut();
    const refusal = refusedWith(await rig.gate.admit(request, once));
    expect([refusal.status, problemOf(refusal).title]).toEqual([409, 'Answer Lost']);
  });
});

describe('an upstream that fails again and again', () => {
  it('is tried no more than its bound, and the payment stays a credit', async () => {
    const gate = rig.again({ attemptsMax: 3 });
    const request = await paidRequest(rig);
    for (let i = 0; i < 3; i++) await admittedTo(await gate.admit(request, safe)).release();
    const refusal = refusedWith(await gate.admit(request, safe));
    expect([refusal.status, problemOf(refusal).title]).toEqual([409, 'Attempts Exhausted']);
    expect(await rig.ledger.totals()).toMatchObject([{ state: 'released', count: 1 }]);
  });

  it('in the middle of its answers is tried no more than its bound either, by a gate that remembers nothing', async () => {
    const request = await paidRequest(rig);
    for (let i = 0; i < 3; i++) {
      const broken = admittedTo(await rig.gate.admit(request, safe));
      expect((await broken.commit()).ok).toBe(true);
      broken.cut(true);
    }
    await rig.restart();
    const delivery = admittedTo(await rig.again({ attemptsMax: 3 }).admit(request, safe));
    const commit = await delivery.commit();
    expect(commit.ok ? 'committed' : problemOf(commit.answer).title).toBe('Attempts Exhausted');
  });

  it('in the middle of its answers does not use up what the buyer may lose', async () => {
    const request = await paidRequest(rig);
    for (let i = 0; i < redeliveriesMaxDefault * 2; i++) {
      const broken = admittedTo(await rig.gate.admit(request, safe));
      expect((await broken.commit()).ok).toBe(true);
      broken.cut(true);
    }
    const delivery = admittedTo(await rig.gate.admit(request, safe));
    expect((await delivery.commit()).ok).toBe(true);
    delivery.answered();
  });
});

describe('a payment that will buy nothing any more', () => {
  it('is told that its credit has expired', async () => {
    const request = await paidRequest(rig);
    await admittedTo(await rig.gate.admit(request, safe)).release();
    const nowMs = rig.clock.nowMs + 1_000;
    await rig.ledger.sweep({
      ...{ nowMs, redemptionWindowMs: 500, replayWindowMs: 500, retentionMs: nowMs, rowsMax: 10 },
    });
    await expectEnd(request, 'credit-expired', 'credit of this payment has expired');
  });

  it('is told that it was paid back', async () => {
    const request = await paidRequest(rig);
    const delivery = admittedTo(await rig.gate.admit(request, safe));
    await delivery.release();
    const claim = await rig.ledger.find(delivery.challengeId);
    await rig.ledger.refund(claim?.seq ?? 0, rig.clock.nowMs);
    await expectEnd(request, 'refunded', 'paid back');
  });

  /** Told so before the upstream is asked, and, by a gate that has to ask its ledger at the commit, after it. */
  async function expectEnd(request: GateRequest, reason: string, words: string): Promise<void> {
    const known = refusedWith(await rig.gate.admit(request, safe));
    await rig.restart();
    const commit = await admittedTo(await rig.gate.admit(request, safe)).commit();
    if (commit.ok) throw new Error('It was delivered.');
    for (const refusal of [known, commit.answer]) {
      expect([refusal.status, problemOf(refusal).detail]).toEqual([402, expect.stringContaining(words)]);
    }
    expect(rig.events.filter((event) => event.kind === 'refused' && event.reason === reason)).toHaveLength(2);
  }
});

describe('terms', () => {
  const charged: Terms = { ...safe, chargeOn: 'any-response' };

  it('any-response: a 404 is delivered and paid for, without a receipt', async () => {
    const request = await paidRequest(rig, price, charged);
    const delivery = admittedTo(await rig.gate.admit(request, charged));
    expect([200, 301, 404, 500, 402, 502, 503, 504].filter((status) => delivery.charges(status))).toEqual([
      200, 301, 404, 500,
    ]);
    const commit = await delivery.commit(404);
    expect(commit.ok && fields(commit.headers, 'Payment-Receipt')).toEqual([]);
    expect(commit.ok && fields(commit.headers, 'Farebox-Payment')).toEqual(['charged']);
    delivery.answered();
    expect(refusedWith(await rig.gate.admit(request, charged)).status).toBe(402);
  });

  it('success: only a 2xx is', async () => {
    const delivery = admittedTo(await rig.gate.admit(await paidRequest(rig), safe));
    expect([200, 204, 299, 199, 301, 404, 500].filter((status) => delivery.charges(status))).toEqual([
      200, 204, 299,
    ]);
    await delivery.release();
  });

  it('ask-again: an unknown outcome is asked for once more, by the same credential', async () => {
    const again: Terms = { ...once, onUnknown: 'ask-again' };
    const request = await paidRequest(rig, order, again);
    admittedTo(await rig.gate.admit(request, again)).unknown();
    await rig.restart();
    const delivery = admittedTo(await rig.gate.admit(request, again));
    expect((await delivery.commit(201, answer)).ok).toBe(true);
    delivery.answered();
    expect(await rig.ledger.totals()).toMatchObject([{ state: 'answered', count: 1 }]);
  });

  it('hold: it is not, until a person has resolved it', async () => {
    const request = await paidRequest(rig, order, once);
    const { challengeId } = admittedTo(await rig.gate.admit(request, once));
    await rig.restart();
    expect(refusedWith(await rig.gate.admit(request, once)).status).toBe(409);
    const claim = await rig.ledger.find(challengeId);
    await rig.ledger.resolve(claim?.seq ?? 0, 'released', rig.clock.nowMs);
    const delivery = admittedTo(await rig.gate.admit(request, once));
    expect((await delivery.commit(201, answer)).ok).toBe(true);
    delivery.answered();
  });
});
