import { expect, it } from 'vitest';
import type { Ledger } from '../ledger.js';
import { requestOf } from './requests.js';
import { type LedgerUnderTest, type OpenUnderTest, withLedger, withReader } from './under-test.js';

async function otherOf(underTest: LedgerUnderTest): Promise<Ledger> {
  if (underTest.other === undefined) throw new Error('there is no other holder');
  return underTest.other();
}

/** Where several ledgers are open on one store. */
export function holdersConform(open: OpenUnderTest): void {
  it('two holders, the same 200 credentials at once: each is delivered once, by one of them', () =>
    withLedger(open, async (underTest) => {
      const holders = [underTest.ledger, await otherOf(underTest)];
      const requests = Array.from({ length: 200 }, (_, n) => requestOf(n));
      const results = await Promise.all(
        requests.flatMap((request) =>
          holders.flatMap((holder) => [holder.deliver(request), holder.deliver(request)]),
        ),
      );
      expect(results.filter((result) => result.ok)).toHaveLength(200);
      const seen = await Promise.all(
        requests.map(async ({ challengeId }) => {
          const claims = await Promise.all(holders.map((holder) => holder.find(challengeId)));
          return claims.map((claim) => claim?.hold).sort();
        }),
      );
      expect(seen).toEqual(requests.map(() => ['mine', 'theirs']));
      await withReader(underTest, async (reader) => {
        expect(await reader.audit()).toEqual({ faults: [], partial: false });
      });
    }));

  it('one redelivery of an answer that was cut, whoever asks', () =>
    withLedger(open, async (underTest) => {
      const [one, other] = [underTest.ledger, await otherOf(underTest)];
      for (let n = 0; n < 20; n++) {
        const result = await one.deliver(requestOf(n));
        if (!result.ok) throw new Error('it was absent');
        expect(await other.redeliver(result.seq, 3, 2)).toBe('busy');
        await one.cut(result.seq, 3);
        const said = await Promise.all([one.redeliver(result.seq, 1, 4), other.redeliver(result.seq, 1, 4)]);
        expect(said.filter((each) => each === 'allowed')).toHaveLength(1);
        expect(said.filter((each) => each === 'no' || each === 'busy')).toHaveLength(1);
      }
    }));

  it('one takes over what the dead one asked, and only once', () =>
    withLedger(open, async (underTest) => {
      const requests = Array.from({ length: 20 }, (_, n) => requestOf(n));
      await underTest.lost(async (holder) => {
        await Promise.all(requests.map((request) => holder.claim(request)));
      });
      const holders = [underTest.ledger, await otherOf(underTest)];
      const results = await Promise.all(
        requests.flatMap((request) => holders.map((holder) => holder.claim(request, true))),
      );
      expect(results.filter((result) => result.ok)).toHaveLength(20);
    }));

  it('a credit is redeemed once, whoever released it', () =>
    withLedger(open, async (underTest) => {
      const [one, other] = [underTest.ledger, await otherOf(underTest)];
      const requests = Array.from({ length: 50 }, (_, n) => requestOf(n));
      await Promise.all(requests.map((request) => one.release(request)));
      const results = await Promise.all(
        requests.flatMap((request) => [one.deliver(request), other.deliver(request)]),
      );
      expect(results.filter((result) => result.ok)).toHaveLength(50);
      await withReader(underTest, async (reader) => {
        expect(await reader.audit()).toEqual({ faults: [], partial: false });
        const revenue = (await reader.movements()).find(
          ({ debit, credit }) => debit === 'owed' && credit === 'revenue',
        );
        expect(revenue).toMatchObject({ count: 50, amount: { amount: 50n } });
      });
    }));
}
