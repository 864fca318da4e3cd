import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Claim, ClaimRequest, ClaimResult, Ledger } from '../ledger.js';
import { amountMax, resourceLengthMaxChars } from '../request-bounds.js';
import { answersConform } from './conformance-answers.js';
import { booksConform } from './conformance-books.js';
import { boundsConform } from './conformance-bounds.js';
import { holdersConform } from './conformance-holders.js';
import { conformsToModel } from './conformance-model.js';
import { sweepConforms } from './conformance-sweep.js';
import { conformsToTable } from './conformance-table.js';
import { requestOf } from './requests.js';
import { type LedgerUnderTest, type OpenUnderTest, withLedger } from './under-test.js';

/** What the suite must know of a kind of store. */
export interface StoreTraits {
  /** Several ledgers can be open on it at once: {@link LedgerUnderTest.other} is there. */
  readonly severalHolders: boolean;
}

/**
 * What every store must do, one and the same for all: the words of `ledger.ts` and `books.ts`, the table of transitions, a
 * model.
 *
 * @param open opens an empty ledger; called once per group of tests, and for some tests alone
 */
export function ledgerConformance(name: string, open: OpenUnderTest, traits: StoreTraits): void {
  describe(`${name}: the ledger's contract`, () => {
    let underTest: LedgerUnderTest;
    beforeAll(async () => {
      underTest = await open();
    });
    afterAll(() => underTest.dispose());
    conformsToTable(() => underTest, traits);
    conformsToModel(() => underTest);
    uniqueness(() => underTest.ledger);
    roundTrips(() => underTest.ledger);
    boundsConform(() => underTest.ledger);
  });
  describe(`${name}: kept answers`, () => answersConform(open));
  describe(`${name}: housekeeping`, () => sweepConforms(open));
  describe(`${name}: the books`, () => booksConform(open));
  if (traits.severalHolders) describe(`${name}: several holders`, () => holdersConform(open));
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
      rate: { price: '0.002', currency: 'USD', rate: '65012.5', unit: 'BTC', asOfMs: 1_699_999_000_000 },
    });
    const first = await ledger().release(request);
    // What it was quoted at stays as it was first said.
    const requoted = { price: '9', currency: 'EUR', rate: '1', unit: 'BTC', asOfMs: 5 };
    await ledger().deliver({ ...request, rate: requoted, nowMs: request.nowMs + 5 });
    if (!first.ok) throw new Error('it was absent');
    await ledger().redeliver(first.seq, 3, request.nowMs + 7);
    const { nowMs: createdMs, ...fields } = request;
    const expected: Claim = {
      ...fields,
      seq: first.seq,
      state: 'delivered',
      hold: 'mine',
      redeliveries: 1,
      attempts: 1,
      keyMatches: false,
      answerKept: false,
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

function endings(open: OpenUnderTest): void {
  it('sums by state, method and currency, beyond 64 bits', () =>
    withLedger(open, async ({ ledger }) => {
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
      const sat = { amount: 1n, currency: 'sat' };
      expect(totals.sort((a, b) => a.state.localeCompare(b.state))).toEqual([
        { state: 'answered', method: 'lightning', count: 1, ...huge },
        { state: 'claimed', method: 'lightning', count: 1, paid: sat },
        {
          state: 'delivered',
          method: 'lightning',
          count: 2,
          paid: { amount: amountMax * 2n, currency: 'msat' },
        },
        { state: 'released', method: 'tempo', count: 1, paid: sat },
      ]);
    }));

  it('close() finishes what was submitted, refuses what comes after, and may be called again', () =>
    withLedger(open, async ({ ledger }) => {
      const submitted = Array.from({ length: 3000 }, (_, at) => ledger.deliver(requestOf(at)));
      const closing = ledger.close();
      const unavailable = { code: 'ledger_unavailable' };
      await expect(ledger.deliver(requestOf('late'))).rejects.toMatchObject(unavailable);
      await expect(ledger.totals()).rejects.toMatchObject(unavailable);
      await expect(ledger.answered(1, 1)).rejects.toMatchObject(unavailable);
      await expect(ledger.find(requestOf(1).challengeId)).rejects.toMatchObject(unavailable);
      expect((await Promise.all(submitted)).every((result) => result.ok)).toBe(true);
      await closing;
      await ledger.close();
    }));

  it('a refused mark that nobody awaits is no unhandled rejection', () =>
    withLedger(open, async ({ ledger }) => {
      const unhandled: unknown[] = [];
      const listener = (reason: unknown): void => void unhandled.push(reason);
      process.on('unhandledRejection', listener);
      void ledger.answered(999, 1);
      void ledger.cut(999, 1);
      void ledger.cut(0, 1);
      await ledger.close();
      void ledger.answered(1, 1);
      void ledger.cut(1, 1, true);
      // Node.js reports unhandled rejections before the next turn of the event loop.
      await new Promise((next) => setImmediate(next));
      process.off('unhandledRejection', listener);
      expect(unhandled).toEqual([]);
    }));
}

/** A result in three words. */
export function brief(result: ClaimResult): string {
  return result.ok ? 'ok' : `taken by ${result.by}`;
}
