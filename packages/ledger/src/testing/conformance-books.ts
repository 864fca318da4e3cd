import { expect, it } from 'vitest';
import type { BooksFilter, Entry } from '../books.js';
import type { ClaimRequest, ClaimResult, Ledger } from '../ledger.js';
import { amountMax } from '../request-bounds.js';
import { book } from './conformance-model.js';
import { requestOf } from './requests.js';
import { all, type LedgerUnderTest, type OpenUnderTest, withLedger, withReader } from './under-test.js';

function at(n: number | string, nowMs: number, changes: Partial<ClaimRequest> = {}): ClaimRequest {
  return requestOf(n, n, { nowMs, ...changes });
}

function seqOf(result: ClaimResult): number {
  if (!result.ok) throw new Error('it was there already');
  return result.seq;
}

/** An entry in a few words: `1000 #1 received → owed`. */
function brief({ atMs, seq, debit, credit }: Entry): string {
  return `${atMs} #${seq} ${debit} → ${credit}`;
}

/** The books, and the reader beside the ledger. */
export function booksConform(open: OpenUnderTest): void {
  streams(open);

  it('finds a claim by its challenge, its payment and its number, with its whole life', () =>
    withLedger(open, async (underTest) => {
      const { ledger } = underTest;
      const seq = seqOf(await ledger.claim({ ...at(1, 1000), idempotencyKey: 'order 7' }));
      await ledger.unknown(seq, 1001);
      await ledger.resolve(seq, 'released', 1002);
      await ledger.deliver(at(1, 1003), { status: 200, headers: [], body: Buffer.from('x') });
      await ledger.answered(seq, 1004);
      await ledger.refund(seq, 1005);
      await withReader(underTest, async (reader) => {
        const { challengeId, reference } = at(1, 0);
        const found = await reader.claim(`#${seq}`);
        expect(found?.claim).toMatchObject({
          ...{
            seq,
            challengeId,
            reference,
            state: 'refunded',
            attempts: 1,
            createdMs: 1000,
            updatedMs: 1005,
          },
          ...{ answerKept: true, keyMatches: false, hold: undefined },
        });
        expect(found?.entries.map(brief)).toEqual([
          `1000 #${seq} received → owed`,
          `1003 #${seq} owed → revenue`,
          `1005 #${seq} revenue → refunds`,
        ]);
        expect(await reader.claim(challengeId)).toEqual(found);
        expect(await reader.claim(reference)).toEqual(found);
        for (const name of ['', '#0', '#99', `#${seq} `, at(2, 0).challengeId, at(2, 0).reference])
          expect(await reader.claim(name)).toBeUndefined();
      });
    }));

  it('enters the rate that a price was quoted at, and none where there was none', () =>
    withLedger(open, async (underTest) => {
      const { ledger } = underTest;
      const rate = { price: '0.002', currency: 'USD', rate: '65012.5', unit: 'BTC', asOfMs: 900 };
      const seq = seqOf(await ledger.release(at(1, 1000, { rate })));
      await ledger.deliver(at(1, 1001, { rate }));
      await ledger.deliver(at(2, 1002));
      await withReader(underTest, async (reader) => {
        const found = await reader.claim(`#${seq}`);
        expect(found?.claim.rate).toEqual(rate);
        expect(found?.entries.map((entry) => entry.rate)).toEqual([rate, rate]);
        expect((await all(reader.claims())).map((claim) => claim.rate)).toEqual([rate, undefined]);
        const entries = await all(reader.entries());
        expect(entries.map((entry) => [entry.seq === seq, entry.rate])).toEqual([
          [true, rate],
          [true, rate],
          [false, undefined],
        ]);
      });
      for (const bad of [
        { ...rate, price: '-1' },
        { ...rate, rate: '1e9' },
        { ...rate, currency: 'U\n' },
        { ...rate, unit: '' },
        { ...rate, asOfMs: 0.5 },
      ])
        await expect(ledger.deliver(at(3, 1003, { rate: bad }))).rejects.toMatchObject({
          code: 'ledger_request_invalid',
        });
    }));

  it('each way through the books, to the last unit, beyond 64 bits', () =>
    withLedger(open, async (underTest) => {
      const { ledger } = underTest;
      const huge = { paid: { amount: amountMax, currency: 'msat' } };
      for (const n of [1, 2, 3]) await ledger.deliver(at(n, 1000, huge));
      const owed = seqOf(await ledger.claim(at(4, 1000, huge)));
      await ledger.release(at(5, 1000, huge));
      await ledger.refund(seqOf(await ledger.release(at(6, 1000, huge))), 1001);
      await ledger.settle(owed, 1002);
      await ledger.refund(seqOf(await ledger.release(at(7, 500, huge))), 501);
      await ledger.release(at(8, 500, huge));
      await expire(ledger, 900);
      await withReader(underTest, async (reader) => {
        const balances = new Map<string, bigint>();
        for (const total of await reader.movements()) {
          expect(total).toMatchObject({ method: 'lightning', intent: 'charge', route: 'GET /v1/bitcoin/*' });
          book(balances, total);
        }
        expect(Object.fromEntries(balances)).toEqual({
          received: 8n * amountMax,
          owed: amountMax,
          revenue: 4n * amountMax,
          breakage: amountMax,
          refunds: 2n * amountMax,
        });
        expect(await reader.audit()).toEqual({ faults: [], partial: false });
        expect(await reader.size()).toBe(8);
      });
    }));

  it('an empty ledger has empty books', () =>
    withLedger(open, (underTest) =>
      withReader(underTest, async (reader) => {
        expect(await all(reader.claims())).toEqual([]);
        expect(await all(reader.entries())).toEqual([]);
        expect(await reader.movements()).toEqual([]);
        expect(await reader.size()).toBe(0);
        expect(await reader.audit()).toEqual({ faults: [], partial: false });
        await reader.close();
      }),
    ));

  it('what is refused or repeated moves nothing', () =>
    withLedger(open, async (underTest) => {
      const { ledger } = underTest;
      const seq = seqOf(await ledger.deliver(at(1, 1000)));
      const before = await withReader(underTest, (reader) => reader.movements());
      expect(before).toHaveLength(1);
      await ledger.deliver(at(1, 1001));
      await ledger.deliver(requestOf(2, 1));
      await ledger.redeliver(seq, 3, 1002);
      await ledger.answered(seq, 1003);
      await ledger.answered(seq, 1004);
      await expect(ledger.settle(seq, 1005)).rejects.toMatchObject({ code: 'ledger_conflict' });
      await ledger.abandon(at(1, 0).challengeId, 1006);
      expect(await withReader(underTest, (reader) => reader.movements())).toEqual(before);
    }));
}

function streams(open: OpenUnderTest): void {
  it('streams claims by number and entries by time, whatever came first', () =>
    withLedger(open, async (underTest) => {
      const { ledger } = underTest;
      const [a, b] = [seqOf(await ledger.release(at(1, 1000))), seqOf(await ledger.claim(at(2, 1010)))];
      await ledger.deliver(at(1, 1020));
      const c = seqOf(await ledger.deliver(at(3, 1030)));
      await ledger.settle(b, 1040);
      // A clock that was set back: an entry still comes after its claim's opening one.
      const d = seqOf(await ledger.release(at(4, 900)));
      await ledger.deliver(at(4, 905));
      await withReader(underTest, async (reader) => {
        expect((await all(reader.claims())).map(({ seq }) => seq)).toEqual([a, b, c, d]);
        expect((await all(reader.entries())).map(brief)).toEqual([
          `1000 #${a} received → owed`,
          `1010 #${b} received → owed`,
          `1020 #${a} owed → revenue`,
          `1030 #${c} received → revenue`,
          `900 #${d} received → owed`,
          `1040 #${b} owed → revenue`,
          `905 #${d} owed → revenue`,
        ]);
      });
    }));

  it('filters by time, route, method and state', () =>
    withLedger(open, async (underTest) => {
      await fill(underTest.ledger);
      const claims = (filter: BooksFilter) =>
        withReader(underTest, async (reader) =>
          (await all(reader.claims(filter))).map(({ resource }) => resource),
        );
      expect(await claims({ fromMs: 1020, untilMs: 1040 })).toEqual(['2', '3']);
      expect(await claims({ route: 'POST /a' })).toEqual(['1', '3', '5']);
      expect(await claims({ method: 'tempo', untilMs: 1030 })).toEqual(['0']);
      expect(await claims({ states: ['released', 'claimed'] })).toEqual(['1', '2']);
      expect(await claims({ states: [] })).toEqual([]);
      await withReader(underTest, async (reader) => {
        const late = await all(reader.entries({ fromMs: 1050, untilMs: 2001 }));
        expect(late.map(({ atMs, debit }) => `${atMs} ${debit}`)).toEqual(['1050 received', '2000 owed']);
        const tempo = await all(reader.entries({ method: 'tempo', route: 'POST /b' }));
        expect(tempo.every(({ method, route }) => method === 'tempo' && route === 'POST /b')).toBe(true);
        expect(tempo).toHaveLength(2);
        const seqs = (await all(reader.claims())).map(({ seq }) => seq);
        const afterSeq = seqs[1] ?? 0;
        const behind = await all(reader.claims({ afterSeq, untilMs: 1050 }));
        expect(behind.map(({ resource }) => resource)).toEqual(['2', '3', '4']);
        expect(await all(reader.claims({ afterSeq: seqs.at(-1) }))).toEqual([]);
        const entries = await all(reader.entries());
        expect(await all(reader.entries({ afterSeq }))).toEqual(entries.filter(({ seq }) => seq > afterSeq));
        expect(await all(reader.entries({ afterSeq: 0 }))).toEqual(entries);
      });
    }));

  it('streams more than a page, while the ledger is written', () =>
    withLedger(open, async (underTest) => {
      const { ledger } = underTest;
      const enter = (from: number) =>
        Promise.all(Array.from({ length: 1200 }, (_, n) => ledger.release(at(from + n, 1000 + n))));
      await enter(0);
      await withReader(underTest, async (reader) => {
        const seen: number[] = [];
        for await (const { seq } of reader.entries()) {
          seen.push(seq);
          if (seen.length === 10) await enter(5000);
          if (seen.length === 700) await ledger.deliver(at(3, 9000));
        }
        // All that was there, each once and in order, and nothing that was not.
        const first = seen.slice(0, 1200);
        expect(first).toEqual([...new Set(first)].sort((one, other) => one - other));
        expect(seen.length - 1200).toBeLessThanOrEqual(1);
        expect((await reader.audit()).faults).toEqual([]);
      });
    }));

  it('a stream that is left early can be followed by another', () =>
    withLedger(open, async (underTest: LedgerUnderTest) => {
      await fill(underTest.ledger);
      await withReader(underTest, async (reader) => {
        for await (const claim of reader.claims()) {
          expect(claim.resource).toBe('0');
          break;
        }
        for await (const entry of reader.entries()) {
          expect(entry.debit).toBe('received');
          break;
        }
        expect(await all(reader.claims())).toHaveLength(6);
      });
    }));
}

// Six claims, one every 10 ms from 1000 on, in turns of two routes and three methods.
async function fill(ledger: Ledger): Promise<void> {
  for (let n = 0; n < 6; n++) {
    const request = at(n, 1000 + 10 * n, {
      resource: String(n),
      route: n % 2 === 1 ? 'POST /a' : 'POST /b',
      method: n % 3 === 0 ? 'tempo' : 'lightning',
    });
    if (n === 1) await ledger.release(request);
    else if (n === 0 || n === 2) await ledger.claim(request);
    else await ledger.deliver(request);
  }
  const first = await ledger.find(at(0, 0).challengeId);
  await ledger.settle(first?.seq ?? 0, 2000);
}

// What has not been touched since the moment before.
async function expire(ledger: Ledger, nowMs: number): Promise<void> {
  await ledger.sweep({
    nowMs,
    redemptionWindowMs: 100,
    replayWindowMs: nowMs,
    retentionMs: nowMs,
    rowsMax: 100,
  });
}
