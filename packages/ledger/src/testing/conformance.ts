import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Claim, ClaimRequest, ClaimResult, Ledger } from '../ledger.js';
import { amountMax, resourceLengthMaxChars } from '../request-bounds.js';
import { conformsToModel } from './conformance-model.js';
import { conformsToTable } from './conformance-table.js';
import { requestOf } from './requests.js';

/** A ledger that the suite may use, empty at first, and the ways around it that the suite needs. */
export interface LedgerUnderTest {
  readonly ledger: Ledger;
  /** Puts a released claim into the state `expired`, behind the ledger's back (no verb does that yet). */
  expire(seq: number): Promise<void>;
  /** Closes the ledger and removes what it left. */
  dispose(): Promise<void>;
}

/**
 * What every store must do, one and the same for all: the words of `ledger.ts`, the transition table, a model.
 *
 * @param open opens an empty ledger; called once per group of tests
 */
export function ledgerConformance(name: string, open: () => Promise<LedgerUnderTest>): void {
  describe(`${name}: the ledger's contract`, () => {
    let underTest: LedgerUnderTest;
    beforeAll(async () => {
      underTest = await open();
    });
    afterAll(() => underTest.dispose());
    conformsToTable(() => underTest);
    conformsToModel(() => underTest.ledger);
    uniqueness(() => underTest.ledger);
    roundTrips(() => underTest.ledger);
    bounds(() => underTest.ledger);
  });
  describe(`${name}: totals and close`, () => endings(open));
}

function uniqueness(ledger: () => Ledger): void {
  it('one challenge, 1,000 concurrent delivers: exactly one ok', async () => {
    const request = requestOf('contended');
    const results = await Promise.all(Array.from({ length: 1000 }, () => ledger().deliver(request)));
    expect(results.filter((result) => result.ok)).toHaveLength(1);
    const taken = results.filter((result) => !result.ok && result.by === 'challenge');
    expect(taken).toHaveLength(999);
  });

  it('one payment, 100 challenges at once: exactly one ok', async () => {
    const requests = Array.from({ length: 100 }, (_, at) => requestOf(`crossing ${at}`, 'crossed'));
    const results = await Promise.all(requests.map((request) => ledger().deliver(request)));
    const winner = results.findIndex((result) => result.ok);
    expect(results.filter((result) => result.ok)).toHaveLength(1);
    for (const result of results) {
      if (!result.ok)
        expect([result.by, result.claim.challengeId]).toEqual(['reference', requests[winner]?.challengeId]);
    }
  });

  it.each(['claim', 'deliver', 'release'] as const)(
    '%s: a payment stays with its first challenge',
    async (verb) => {
      // Far apart in expiry, as a store that keeps its keys by time must not mistake them.
      await ledger().deliver(requestOf(`first ${verb}`, verb, { expiresMs: 1 }));
      const result = await ledger()[verb](
        requestOf(`second ${verb}`, verb, { expiresMs: 9_000_000_000_000 }),
      );
      expect(brief(result)).toBe('taken by reference');
      expect(await ledger().find(requestOf(`second ${verb}`).challengeId)).toBeUndefined();
    },
  );

  it.each([
    ['another payment', requestOf('credit', 'credit 2')],
    ['another amount', requestOf('credit', 'credit', { paid: { amount: 2n, currency: 'sat' } })],
    ['another currency', requestOf('credit', 'credit', { paid: { amount: 1n, currency: 'usd' } })],
    ['another method', requestOf('credit', 'credit', { method: 'tempo' })],
  ])('a credit is not redeemed by %s', async (_, request) => {
    await ledger().release(requestOf('credit'));
    for (const verb of ['claim', 'deliver', 'release'] as const) {
      expect(brief(await ledger()[verb](request))).toBe('taken by challenge');
    }
    expect(await ledger().find(request.challengeId)).toMatchObject({
      state: 'released',
      paid: { amount: 1n },
    });
  });
}

function roundTrips(ledger: () => Ledger): void {
  it.each([0n, 1n, 2n ** 53n - 1n, 2n ** 53n + 1n, 10n ** 18n + 1n, amountMax])(
    'keeps the amount %s',
    async (amount) => {
      const request = requestOf(`amount ${amount}`, `amount ${amount}`, {
        paid: { amount, currency: 'msat' },
      });
      expect((await ledger().deliver(request)).ok).toBe(true);
      expect((await ledger().find(request.challengeId))?.paid).toEqual({ amount, currency: 'msat' });
    },
  );

  it.each([
    ['a hash', 'ab'.repeat(32)],
    ['a hash in capitals', 'AB'.repeat(32)],
    ['a transaction hash', `0x${'cd'.repeat(32)}`],
    ['63 digits', 'e'.repeat(63)],
    ['a name', 'order #1 / 2'],
    ['512 characters', '~'.repeat(512)],
  ])('keeps the reference: %s', async (_, reference) => {
    const request = requestOf(`reference ${reference}`, 0, { reference });
    expect((await ledger().deliver(request)).ok).toBe(true);
    expect((await ledger().find(request.challengeId))?.reference).toBe(reference);
    expect(brief(await ledger().deliver(requestOf(`again ${reference}`, 0, { reference })))).toBe(
      'taken by reference',
    );
  });

  it('gives back all of a claim', async () => {
    const request: ClaimRequest = requestOf('whole', 'whole', {
      method: 'tempo',
      intent: 'session',
      route: 'POST /v1/é/*',
      resource: 'POST /v1/é/1?q=%00&emoji=⚡️',
    });
    const first = await ledger().release(request);
    await ledger().deliver({ ...request, nowMs: request.nowMs + 5 });
    if (!first.ok) throw new Error('it was absent');
    await ledger().redeliver(first.seq, 3, request.nowMs + 7);
    const { expiresMs: _, nowMs: createdMs, ...fields } = request;
    const expected: Claim = {
      ...fields,
      seq: first.seq,
      state: 'delivered',
      answered: false,
      redeliveries: 1,
      attempts: 1,
      createdMs,
      updatedMs: createdMs + 7,
    };
    expect(await ledger().find(request.challengeId)).toEqual(expected);
  });

  it('keeps the first 2,048 characters of a resource, whole ones', async () => {
    const request = requestOf('long', 'long', {
      resource: `${'x'.repeat(resourceLengthMaxChars - 1)}⚡⚡😀`,
    });
    await ledger().deliver(request);
    expect((await ledger().find(request.challengeId))?.resource).toBe(
      `${'x'.repeat(resourceLengthMaxChars - 1)}⚡`,
    );
    const split = requestOf('split', 'split', { resource: `${'x'.repeat(resourceLengthMaxChars - 1)}😀` });
    await ledger().deliver(split);
    expect((await ledger().find(split.challengeId))?.resource).toBe(
      `${'x'.repeat(resourceLengthMaxChars - 1)}\u{fffd}`,
    );
  });
}

function bounds(ledger: () => Ledger): void {
  it.each<[string, Partial<ClaimRequest>]>([
    ['an amount of 2^63', { paid: { amount: amountMax + 1n, currency: 'sat' } }],
    ['an amount below zero', { paid: { amount: -1n, currency: 'sat' } }],
    ['a challenge id of 31 bytes', { challengeId: Buffer.alloc(31).toString('base64url') }],
    ['another spelling of a challenge id', { challengeId: `${'A'.repeat(42)}B` }],
    ['an empty reference', { reference: '' }],
    ['a reference of 513 characters', { reference: 'x'.repeat(513) }],
    ['a reference with a line break', { reference: 'x\ny' }],
    ['an empty method', { method: '' }],
    ['a route of 513 characters', { route: 'x'.repeat(513) }],
    ['half a millisecond', { nowMs: 0.5 }],
    ['no time', { expiresMs: Number.NaN }],
  ])('refuses %s', async (what, changes) => {
    const request = requestOf(what, what, changes);
    for (const verb of ['claim', 'deliver', 'release'] as const) {
      await expect(ledger()[verb](request)).rejects.toMatchObject({ code: 'ledger_request_invalid' });
    }
    expect(await ledger().find(request.challengeId)).toBeUndefined();
  });

  it.each([0, -1, 1.5, Number.NaN, 2 ** 53])('refuses the seq %s', async (seq) => {
    const refusal = { code: 'ledger_request_invalid' };
    await expect(ledger().settle(seq, 1)).rejects.toMatchObject(refusal);
    await expect(ledger().answered(seq, 1)).rejects.toMatchObject(refusal);
    await expect(ledger().redeliver(seq, 3, 1)).rejects.toMatchObject(refusal);
  });

  it('allows no redelivery beyond a bound that is no number', async () => {
    const result = await ledger().deliver(requestOf('unbounded'));
    if (!result.ok) throw new Error('it was absent');
    await expect(ledger().redeliver(result.seq, Number.NaN, 1)).rejects.toMatchObject({
      code: 'ledger_request_invalid',
    });
    expect(await ledger().redeliver(result.seq, 0, 1)).toBe(false);
  });

  it('finds nothing under what is no challenge id', async () => {
    expect(await ledger().find('')).toBeUndefined();
    expect(await ledger().find('x'.repeat(10_000))).toBeUndefined();
  });
}

function endings(open: () => Promise<LedgerUnderTest>): void {
  it('sums by state, method and currency, beyond 64 bits', async () => {
    const { ledger, dispose } = await open();
    try {
      expect(await ledger.totals()).toEqual([]);
      const huge = { paid: { amount: amountMax, currency: 'msat' } };
      await ledger.deliver(requestOf(1, 1, huge));
      const second = await ledger.deliver(requestOf(2, 2, huge));
      await ledger.deliver(requestOf(3, 3, { ...huge, route: 'GET /other' }));
      await ledger.claim(requestOf(4, 4));
      await ledger.release(requestOf(5, 5, { method: 'tempo' }));
      if (!second.ok) throw new Error('it was absent');
      await ledger.answered(second.seq, 1);
      const totals = [...(await ledger.totals())];
      const key = (total: (typeof totals)[number]): string =>
        `${total.state} ${total.answered} ${total.method}`;
      expect(totals.sort((a, b) => key(a).localeCompare(key(b)))).toEqual([
        {
          state: 'claimed',
          answered: false,
          method: 'lightning',
          count: 1,
          paid: { amount: 1n, currency: 'sat' },
        },
        {
          state: 'delivered',
          answered: false,
          method: 'lightning',
          count: 2,
          paid: { amount: amountMax * 2n, currency: 'msat' },
        },
        {
          state: 'delivered',
          answered: true,
          method: 'lightning',
          count: 1,
          paid: { amount: amountMax, currency: 'msat' },
        },
        {
          state: 'released',
          answered: false,
          method: 'tempo',
          count: 1,
          paid: { amount: 1n, currency: 'sat' },
        },
      ]);
    } finally {
      await dispose();
    }
  });

  it('close() finishes what was submitted, refuses what comes after, and may be called again', async () => {
    const { ledger, dispose } = await open();
    try {
      const submitted = Array.from({ length: 3000 }, (_, at) => ledger.deliver(requestOf(at)));
      const closing = ledger.close();
      const late = ledger.deliver(requestOf('late'));
      await expect(late).rejects.toMatchObject({ code: 'ledger_unavailable' });
      await expect(ledger.totals()).rejects.toMatchObject({ code: 'ledger_unavailable' });
      expect((await Promise.all(submitted)).every((result) => result.ok)).toBe(true);
      await closing;
      await ledger.close();
    } finally {
      await dispose();
    }
  });
}

/** A result in three words. */
export function brief(result: ClaimResult): string {
  return result.ok ? 'ok' : `taken by ${result.by}`;
}
