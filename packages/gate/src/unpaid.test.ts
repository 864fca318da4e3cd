import { NodeError } from '@farebox/lightning';
import type { Challenge, Offer } from '@farebox/protocol';
import { decodeRequest, MethodUnavailable } from '@farebox/protocol';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Answer, GateOptions, GateRequest } from './index.js';
import { remainingLifeMsMin, Unpriced } from './index.js';
import {
  admittedTo,
  challengeFor,
  challengesOf,
  commit,
  fields,
  openRig,
  paidCredential,
  paidRequest,
  price,
  problemOf,
  type Rig,
  refusedWith,
  runes,
  safe,
  withCredential,
} from './testing/rig.js';

let rig: Rig | undefined;

async function open(options: Partial<GateOptions> = {}): Promise<Rig> {
  rig = await openRig(options);
  return rig;
}

afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

const tight = { client: { perSecond: 0.1, burst: 2 }, global: { perSecond: 1, burst: 5 } };
const from = (client: string, request: GateRequest = price): GateRequest => ({ ...request, client });

async function unpaid(on: Rig, request: GateRequest): Promise<Answer> {
  return refusedWith(await on.gate.admit(request, safe));
}

async function statuses(on: Rig, request: GateRequest, times: number): Promise<number[]> {
  const all: number[] = [];
  for (let i = 0; i < times; i++) all.push((await unpaid(on, request)).status);
  return all;
}

describe('the mint budget', () => {
  it('answers 429 with Retry-After before the node is asked', async () => {
    const on = await open({ mintBudget: tight });
    const asked = vi.spyOn(on.node, 'createInvoice');
    expect(await statuses(on, from('a'), 5)).toEqual([402, 402, 429, 429, 429]);
    expect(asked).toHaveBeenCalledTimes(2);
    const answer = await unpaid(on, from('a'));
    expect(problemOf(answer)).toMatchObject({
      type: 'https://farebox.dev/problems/too-many-requests',
      status: 429,
      retry: 'safe',
    });
    expect(fields(answer.headers, 'Retry-After')).toEqual(['10']);
    expect(fields(answer.headers, 'WWW-Authenticate')).toEqual([]);
    expect(fields(answer.headers, 'Cache-Control')).toEqual(['no-store']);
    expect(on.events).toContainEqual({ kind: 'limited', route: safe.route, by: 'client' });
    on.clock.nowMs += 10_000;
    expect(await statuses(on, from('a'), 2)).toEqual([402, 429]);
  });

  it('does not let one client starve the others, up to the global limit', async () => {
    const on = await open({ mintBudget: tight });
    expect(await statuses(on, from('flood'), 50)).toContain(429);
    expect(await statuses(on, from('b'), 2)).toEqual([402, 402]);
    expect(await statuses(on, from('c'), 2)).toEqual([402, 429]);
    expect(on.events).toContainEqual({ kind: 'limited', route: safe.route, by: 'global' });
  });

  it('never limits a paid request', async () => {
    const on = await open({ mintBudget: tight });
    const paid = [await paidRequest(on, from('a')), await paidRequest(on, from('a'))];
    expect(await statuses(on, from('a'), 20)).toEqual(Array(20).fill(429));
    for (const request of paid) await commit(admittedTo(await on.gate.admit(request, safe)));
  });

  it('gives back what is paid, once: whoever pays is not held up, and using a credential again gains nothing', async () => {
    const on = await open({ mintBudget: tight });
    let last: GateRequest | undefined;
    for (let i = 0; i < 10; i++) {
      last = await paidRequest(on, from('a'));
      const delivery = admittedTo(await on.gate.admit(last, safe));
      await commit(delivery);
      delivery.answered();
    }
    if (last === undefined) throw new Error('Nothing was bought.');
    const again: number[] = [];
    for (let i = 0; i < 10; i++) again.push(refusedWith(await on.gate.admit(last, safe)).status);
    expect(again).toEqual([402, 402, ...Array(8).fill(429)]);
  });

  it('counts failed proofs, and tells them from the genuine credential of another resource', async () => {
    const on = await open({ mintBudget: tight });
    const challenge = await challengeFor(on, from('a'));
    const elsewhere = withCredential(from('a', runes), await paidCredential(on, challenge));
    for (let i = 0; i < 5; i++) expect(refusedWith(await on.gate.admit(elsewhere, safe)).status).toBe(403);
    const forged = withCredential(from('a'), 'Payment bm8');
    expect(await statuses(on, forged, 3)).toEqual([402, 429, 429]);
  });

  it('keeps what a failing node was asked: it was asked', async () => {
    const on = await open({ mintBudget: tight });
    const down = new NodeError('node_unreachable', 'Connection refused');
    const asked = vi.spyOn(on.node, 'createInvoice').mockRejectedValue(down);
    expect(await statuses(on, from('a'), 4)).toEqual([500, 500, 429, 429]);
    expect(asked).toHaveBeenCalledTimes(2);
  });
});

describe('the same Idempotency-Key', () => {
  const keyed = (changes: Partial<GateRequest> = {}): GateRequest => ({
    ...price,
    client: 'a',
    idempotencyKey: 'k1',
    ...changes,
  });

  it('gets the same challenge again, without an invoice and without the budget', async () => {
    const on = await open({ mintBudget: { ...tight, client: { perSecond: 0.001, burst: 1 } } });
    const first = await challengeFor(on, keyed());
    for (let i = 0; i < 20; i++) {
      on.clock.nowMs += 1_000;
      expect(await challengeFor(on, keyed())).toEqual(first);
    }
    await commit(
      admittedTo(await on.gate.admit(withCredential(keyed(), await paidCredential(on, first)), safe)),
    );
  });

  it('gets one challenge when it asks many times at once', async () => {
    const on = await open();
    const asked = vi.spyOn(on.node, 'createInvoice');
    const all = await Promise.all(Array.from({ length: 50 }, () => challengeFor(on, keyed())));
    expect(new Set(all.map(({ id }) => id)).size).toBe(1);
    expect(asked).toHaveBeenCalledTimes(1);
  });

  it.each<[string, Partial<GateRequest>]>([
    ['key', { idempotencyKey: 'k2' }],
    ['client', { client: 'b' }],
    ['path', { path: '/v1/runes' }],
    ['query', { query: 'a=1' }],
    ['method', { method: 'POST' }],
    ['body', { body: Buffer.from('{}') }],
  ])('gets another one with another %s', async (_, changes) => {
    const on = await open();
    const first = await challengeFor(on, keyed());
    const other = await challengeFor(on, keyed(changes));
    expect(invoiceOf(other)).not.toBe(invoiceOf(first));
    expect((await challengeFor(on, keyed())).id).toBe(first.id);
  });

  it('gets another one once it is paid, also when it was only proved', async () => {
    const on = await open();
    const first = await challengeFor(on, keyed());
    admittedTo(await on.gate.admit(withCredential(keyed(), await paidCredential(on, first)), safe));
    expect((await challengeFor(on, keyed())).id).not.toBe(first.id);
  });

  it('gets another one when there is too little time left to pay', async () => {
    const on = await open({ challengeLifeMs: 60_000 });
    const first = await challengeFor(on, keyed());
    on.clock.nowMs += 60_000 - remainingLifeMsMin - 1_000;
    expect((await challengeFor(on, keyed())).id).toBe(first.id);
    on.clock.nowMs += 1_000;
    expect((await challengeFor(on, keyed())).id).not.toBe(first.id);
  });

  it('is nothing without a client: a stranger with the same key must not get another’s invoice', async () => {
    const on = await open();
    const first = await challengeFor(on, keyed({ client: undefined }));
    expect((await challengeFor(on, keyed({ client: undefined }))).id).not.toBe(first.id);
  });

  it('gets a fresh challenge after a failed proof', async () => {
    const on = await open();
    const first = await challengeFor(on, keyed());
    const [fresh] = challengesOf(await unpaid(on, withCredential(keyed(), 'Payment bm8')));
    expect(fresh?.id).not.toBe(first.id);
  });

  it('does not remember that there was none', async () => {
    const on = await open();
    const down = new NodeError('node_unreachable', 'Connection refused');
    vi.spyOn(on.node, 'createInvoice').mockRejectedValueOnce(down);
    expect((await unpaid(on, keyed())).status).toBe(500);
    expect((await unpaid(on, keyed())).status).toBe(402);
  });
});

describe('a price by request', () => {
  const offer = (amount: bigint): Offer => ({
    method: 'lightning',
    intent: 'charge',
    price: { amount, currency: 'sat' },
  });
  const amountOf = (challenge: Challenge | undefined) => decodeRequest(challenge?.request ?? '')?.amount;

  it('is what its function says of this very request', async () => {
    const on = await open();
    const terms = {
      ...safe,
      offersFor: ({ query, body }: { query: string; body?: Uint8Array | undefined }) => [
        offer(query === '' ? 2n : BigInt(body?.length ?? 0) + 3n),
      ],
    };
    expect(amountOf(await challengeFor(on, price, terms))).toBe('2');
    const large = { ...price, query: 'a=1', body: Buffer.alloc(40) };
    expect(amountOf(await challengeFor(on, large, terms))).toBe('43');
  });

  it('is honoured as it was quoted, whatever it has become, and is not looked up again', async () => {
    const on = await open();
    let amount = 5n;
    const offersFor = vi.fn(() => {
      if (amount === 0n) throw new MethodUnavailable('The rate is too old.');
      return [offer(amount)];
    });
    const terms = { ...safe, offersFor };
    const cheap = await paidRequest(on, price, terms);
    const second = await paidRequest(on, price, terms);
    amount = 500n;
    expect(offersFor).toHaveBeenCalledTimes(2);
    const receipt = await commit(admittedTo(await on.gate.admit(cheap, terms)));
    expect(receipt.reference).toMatch(/^[0-9a-f]{64}$/);
    amount = 0n;
    await commit(admittedTo(await on.gate.admit(second, terms)));
    expect(offersFor).toHaveBeenCalledTimes(2);
    expect((await on.ledger.totals()).map(({ paid }) => paid)).toEqual([{ amount: 10n, currency: 'sat' }]);
  });

  it('of a request that cannot be read is not told: 400, and what to do', async () => {
    const on = await open();
    const terms = {
      ...safe,
      offersFor: () => {
        throw new Unpriced('The query names size twice; name it once.');
      },
    };
    const answer = refusedWith(await on.gate.admit(price, terms));
    expect(answer.status).toBe(400);
    expect(problemOf(answer).detail).toBe('The query names size twice; name it once.');
  });

  it('that cannot be told is not sold, and says so as the payment service being unavailable', async () => {
    const on = await open();
    const error = new MethodUnavailable('The rate is too old.');
    const terms = {
      ...safe,
      offersFor: () => {
        throw error;
      },
    };
    expect(refusedWith(await on.gate.admit(price, terms)).status).toBe(500);
    expect(on.events).toContainEqual({
      kind: 'method-unavailable',
      route: safe.route,
      method: 'lightning',
      error,
    });
    expect(refusedWith(await on.gate.admit(price, { ...safe, offersFor: () => [] })).status).toBe(500);
  });
});

function invoiceOf(challenge: Challenge): unknown {
  const details = decodeRequest(challenge.request)?.methodDetails;
  return typeof details === 'object' && details !== null && 'invoice' in details
    ? details.invoice
    : undefined;
}
