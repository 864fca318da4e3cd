import { createHash } from 'node:crypto';
import { decodeRequest, serializeCredential } from '@farebox/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  admittedTo,
  challengeFor,
  challengesOf,
  commit,
  fields,
  openRig,
  paidCredential,
  paidRequest,
  pay,
  price,
  problemOf,
  type Rig,
  realm,
  refusedWith,
  runes,
  safe,
  withCredential,
} from './testing/rig.js';

// What a client sees: the table of the design, row by row.
let rig: Rig;
beforeAll(async () => {
  rig = await openRig();
});
afterAll(() => rig.close());

describe('no credential', () => {
  it('answers 402 with a challenge that carries all that is needed to pay (R37–R41)', async () => {
    const answer = refusedWith(await rig.gate.admit(price, safe));
    expect(answer.status).toBe(402);
    expect(fields(answer.headers, 'Cache-Control')).toEqual(['no-store']);
    expect(fields(answer.headers, 'Content-Type')).toEqual(['application/problem+json']);
    const [challenge] = challengesOf(answer);
    expect(challenge).toMatchObject({ realm, method: 'lightning', intent: 'charge' });
    expect(decodeRequest(challenge?.request ?? '')).toMatchObject({
      amount: '1',
      currency: 'sat',
      methodDetails: { invoice: expect.stringMatching(/^lnbcrt10n1/), network: 'regtest' },
    });
    expect(problemOf(answer)).toMatchObject({
      type: 'https://paymentauth.org/problems/payment-required',
      title: 'Payment Required',
      status: 402,
      challengeId: challenge?.id,
    });
    expect(fields(answer.headers, 'WWW-Authenticate')[0]).toContain('amount="1"');
  });

  it('leaves the amount hint out when told to', async () => {
    const answer = refusedWith(await rig.again({ amountHint: false }).admit(price, safe));
    expect(fields(answer.headers, 'WWW-Authenticate')[0]).not.toContain('amount=');
  });

  it('expires the challenge within its life, in whole seconds', async () => {
    const { expires = '' } = await challengeFor(rig, price);
    expect(expires).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(Date.parse(expires)).toBeLessThanOrEqual(rig.clock.nowMs + 5 * 60_000);
    expect(Date.parse(expires)).toBeGreaterThan(rig.clock.nowMs + 4 * 60_000);
  });

  it('changes nothing in the ledger', async () => {
    const before = await rig.ledger.totals();
    await rig.gate.admit(price, safe);
    expect(await rig.ledger.totals()).toEqual(before);
  });

  it('puts lightning last, unless Accept-Payment asks otherwise', async () => {
    const lightning = safe.offers[0];
    if (lightning === undefined) throw new Error('no offer');
    const other = { ...lightning, intent: 'session' };
    const methods = [lightning, other].map(({ method, intent }) => ({
      method,
      intent,
      quote: async () => ({ request: { amount: '1', currency: 'sat' }, expiresMs: rig.clock.nowMs + 60_000 }),
      verify: () => ({ ok: false, refusal: { reason: 'malformed', detail: 'No.' } }) as const,
    }));
    const gate = rig.again({ methods });
    const terms = { ...safe, offers: [lightning, other] };
    const ranked = refusedWith(
      await gate.admit({ ...price, acceptPayment: '*/session, */charge;q=0.1' }, terms),
    );
    expect(challengesOf(ranked).map((c) => c.intent)).toEqual(['session', 'charge']);
    const refusing = refusedWith(await gate.admit({ ...price, acceptPayment: '*/*, */session;q=0' }, terms));
    expect(challengesOf(refusing).map((c) => c.intent)).toEqual(['charge']);
    for (const acceptPayment of ['tempo/charge', ';;;malformed', undefined]) {
      const all = refusedWith(await gate.admit({ ...price, acceptPayment }, terms));
      expect(challengesOf(all)).toHaveLength(2);
    }
  });
});

describe('paid', () => {
  it('R43, R45 delivers once, with the receipt of the lightning draft', async () => {
    const challenge = await challengeFor(rig, price);
    const preimage = await pay(rig, challenge);
    const request = withCredential(price, serializeCredential({ challenge, payload: { preimage } }));
    const delivery = admittedTo(await rig.gate.admit(request, safe));
    const receipt = await commit(delivery);
    delivery.answered();
    expect(receipt).toEqual({
      challengeId: challenge.id,
      method: 'lightning',
      reference: createHash('sha256').update(Buffer.from(preimage, 'hex')).digest('hex'),
      status: 'success',
      timestamp: new Date(rig.clock.nowMs).toISOString(),
    });
    const replay = refusedWith(await rig.gate.admit(request, safe));
    expect(replay.status).toBe(402);
    expect(problemOf(replay).type).toBe('https://paymentauth.org/problems/lightning/unknown-challenge');
    expect(challengesOf(replay)[0]?.id).not.toBe(challenge.id);
  });

  it('R44 the credential carries the preimage, and no other text in its place', async () => {
    const challenge = await challengeFor(rig, price);
    const preimage = await pay(rig, challenge);
    const hash = createHash('sha256').update(Buffer.from(preimage, 'hex')).digest('hex');
    for (const payload of [
      {},
      { preimage: hash },
      { preimage: '' },
      { preimage: [preimage] },
      { proof: preimage },
    ]) {
      const credential = serializeCredential({ challenge, payload });
      expect(refusedWith(await rig.gate.admit(withCredential(price, credential), safe)).status).toBe(402);
    }
    const credential = serializeCredential({ challenge, payload: { preimage } });
    const delivery = admittedTo(await rig.gate.admit(withCredential(price, credential), safe));
    expect(await commit(delivery)).toMatchObject({ reference: hash });
    delivery.answered();
  });

  it('marks the answer private', async () => {
    const delivery = admittedTo(await rig.gate.admit(await paidRequest(rig), safe));
    const outcome = await delivery.commit();
    expect(outcome.ok && fields(outcome.headers, 'Cache-Control')).toEqual(['private']);
    delivery.answered();
  });
});

describe('a bad credential', () => {
  const problems = 'https://paymentauth.org/problems/';
  it.each([
    ['not base64url', 'Payment ???', `${problems}malformed-credential`],
    [
      'not JSON',
      `Payment ${Buffer.from('nonsense').toString('base64url')}`,
      `${problems}malformed-credential`,
    ],
    ['empty', 'Payment ', `${problems}malformed-credential`],
  ])('%s is 402 with a fresh challenge', async (_, credential, type) => {
    const answer = refusedWith(await rig.gate.admit(withCredential(price, credential), safe));
    expect(answer.status).toBe(402);
    expect(problemOf(answer).type).toBe(type);
    expect(challengesOf(answer)).toHaveLength(1);
  });

  it('with a wrong preimage is 402 invalid-preimage, and the right one still works', async () => {
    const challenge = await challengeFor(rig, price);
    const preimage = 'ab'.repeat(32);
    const wrong = withCredential(price, serializeCredential({ challenge, payload: { preimage } }));
    const answer = refusedWith(await rig.gate.admit(wrong, safe));
    expect(answer.status).toBe(402);
    expect(problemOf(answer)).toMatchObject({
      type: `${problems}lightning/invalid-preimage`,
      title: 'Invalid Preimage',
    });
    expect(answer.body).not.toContain(preimage);
    const right = withCredential(price, await paidCredential(rig, challenge));
    admittedTo(await rig.gate.admit(right, safe)).cut();
  });

  it.each([
    ['upper case', 'AB'.repeat(32)],
    ['too short', 'ab'.repeat(31)],
    ['a number', 7],
  ])('with a preimage that is %s is malformed', async (_, preimage) => {
    const challenge = await challengeFor(rig, price);
    const request = withCredential(price, serializeCredential({ challenge, payload: { preimage } }));
    const answer = refusedWith(await rig.gate.admit(request, safe));
    expect(problemOf(answer).type).toBe(`${problems}lightning/malformed-credential`);
  });

  it('that has expired is 402 expired-invoice', async () => {
    const late = await openRig();
    const request = await paidRequest(late);
    late.clock.nowMs += 6 * 60_000;
    const answer = refusedWith(await late.gate.admit(request, safe));
    expect(answer.status).toBe(402);
    expect(problemOf(answer).type).toBe(`${problems}lightning/expired-invoice`);
    await late.close();
  });

  it('of a method that is not sold here is 400', async () => {
    const challenge = { ...(await challengeFor(rig, price)), method: 'tempo' };
    const request = withCredential(price, serializeCredential({ challenge, payload: {} }));
    const answer = refusedWith(await rig.gate.admit(request, safe));
    expect(answer.status).toBe(400);
    expect(problemOf(answer).type).toBe(`${problems}method-unsupported`);
  });

  it('beside another is 400', async () => {
    const { credentials } = await paidRequest(rig);
    const both = withCredential(price, ...credentials, 'payment x');
    expect(refusedWith(await rig.gate.admit(both, safe)).status).toBe(400);
    const beside = withCredential(price, ...credentials, 'Bearer token');
    admittedTo(await rig.gate.admit(beside, safe)).cut();
  });
});

describe('a genuine credential for another resource (R51, R52)', () => {
  it('is 403 in the words of the seed, is not consumed, and has no fresh challenge', async () => {
    const { credentials } = await paidRequest(rig, price);
    const answer = refusedWith(await rig.gate.admit({ ...runes, credentials }, safe));
    expect(answer.status).toBe(403);
    expect(problemOf(answer)).toMatchObject({
      type: 'https://paymentauth.org/problems/invalid-credential',
      title: 'Forbidden',
      status: 403,
      detail: 'Credential was issued for /v1/bitcoin/price, not /v1/runes',
    });
    expect(challengesOf(answer)).toEqual([]);
    admittedTo(await rig.gate.admit({ ...price, credentials }, safe)).cut();
  });

  it.each([
    ['method', { ...price, method: 'HEAD' }, 'GET /v1/bitcoin/price, not HEAD /v1/bitcoin/price'],
    ['query', { ...price, query: 'a=1' }, '/v1/bitcoin/price, not /v1/bitcoin/price?a=1'],
  ])('names the %s when that is what differs', async (_, asked, words) => {
    const { credentials } = await paidRequest(rig, price);
    const answer = refusedWith(await rig.gate.admit({ ...asked, credentials }, safe));
    expect(problemOf(answer).detail).toBe(`Credential was issued for ${words}`);
  });

  it('is 402 with a fresh challenge when strict', async () => {
    const { credentials } = await paidRequest(rig, price);
    const answer = refusedWith(await rig.again({ strict402: true }).admit({ ...runes, credentials }, safe));
    expect(answer.status).toBe(402);
    expect(problemOf(answer).type).toBe('https://paymentauth.org/problems/invalid-challenge');
    expect(challengesOf(answer)).toHaveLength(1);
  });
});

describe('the payment node is unreachable (R53)', () => {
  it.each([500, 503] as const)(
    'is %i with Retry-After, and nothing is consumed',
    async (unavailableStatus) => {
      const paid = await paidRequest(rig);
      const methods = safe.offers.map(({ method, intent }) => ({
        method,
        intent,
        quote: async () => Promise.reject(new Error('connection refused')),
        verify: () => ({ ok: false, refusal: { reason: 'malformed', detail: 'No.' } }) as const,
      }));
      const answer = refusedWith(await rig.again({ methods, unavailableStatus }).admit(price, safe));
      expect(answer.status).toBe(unavailableStatus);
      expect(problemOf(answer)).toMatchObject({
        title: 'Payment service unavailable',
        status: unavailableStatus,
      });
      expect(fields(answer.headers, 'Retry-After')).toHaveLength(1);
      expect(answer.body).not.toContain('connection refused');
      admittedTo(await rig.gate.admit(paid, safe)).cut();
    },
  );
});
