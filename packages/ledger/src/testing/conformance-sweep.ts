import { expect, it } from 'vitest';
import type { ClaimRequest, ClaimResult, Ledger, SweepTerms, Swept } from '../ledger.js';
import { brief } from './conformance.js';
import { requestOf } from './requests.js';
import { all, type OpenUnderTest, withLedger, withReader } from './under-test.js';

/** All windows so long that nothing is touched. */
const nothing: SweepTerms = {
  nowMs: 100_000,
  redemptionWindowMs: 100_000,
  replayWindowMs: 100_000,
  retentionMs: 100_000,
  rowsMax: 1000,
};
const answer = { status: 200, headers: [], body: Buffer.from('kept') };

function at(n: number | string, nowMs: number, changes: Partial<ClaimRequest> = {}): ClaimRequest {
  return requestOf(n, n, { nowMs, expiresMs: nowMs + 10, ...changes });
}

function seqOf(result: ClaimResult): number {
  if (!result.ok) throw new Error('it was there already');
  return result.seq;
}

/** Steps until there is no more to do; the sums. */
async function sweepAll(ledger: Ledger, terms: SweepTerms): Promise<Omit<Swept, 'more'>> {
  const sum = { expired: 0, answers: 0, pruned: 0 };
  for (let step = 0; step < 10_000; step++) {
    const { expired, answers, pruned, more } = await ledger.sweep(terms);
    expect(expired + answers + pruned).toBeLessThanOrEqual(terms.rowsMax);
    sum.expired += expired;
    sum.answers += answers;
    sum.pruned += pruned;
    if (!more) return sum;
  }
  throw new Error('it never ends');
}

/** Housekeeping. */
export function sweepConforms(open: OpenUnderTest): void {
  it('a credit expires when it has not been touched for the whole window', () =>
    withLedger(open, async ({ ledger }) => {
      await ledger.release(at(1, 1000));
      await ledger.release(at(2, 1000));
      await ledger.release({ ...at(2, 1000), nowMs: 2000 });
      await ledger.claim(at(3, 1000));
      await ledger.deliver(at(4, 1000));
      const terms = { ...nothing, nowMs: 2501, redemptionWindowMs: 1000 };
      expect(await sweepAll(ledger, terms)).toEqual({ expired: 1, answers: 0, pruned: 0 });
      expect(await ledger.find(at(1, 0).challengeId)).toMatchObject({
        state: 'expired',
        attempts: 1,
        updatedMs: 2501,
      });
      expect(await ledger.find(at(2, 0).challengeId)).toMatchObject({ state: 'released' });
      expect(brief(await ledger.deliver(at(1, 3000)))).toBe('taken by challenge');
      expect(await sweepAll(ledger, { ...terms, nowMs: 3501 })).toMatchObject({ expired: 1 });
    }));

  it.each([1000, 2])(
    'answers leave with the replay window, once their claims are done with; %i rows a step',
    (rowsMax) =>
      withLedger(open, async (underTest) => {
        await underTest.lost(async (holder) => {
          for (const name of ['killed', 'killed too']) await holder.deliver(at(name, 1000), answer);
        });
        const { ledger } = underTest;
        const enter = async (name: string, nowMs = 1000) =>
          seqOf(await ledger.deliver(at(name, nowMs), answer));
        await enter('leaving');
        await ledger.cut(await enter('cut'), 1001);
        const refunded = await enter('refunded');
        await ledger.cut(refunded, 1001);
        await ledger.refund(refunded, 1002);
        const answered = await enter('answered');
        await ledger.answered(answered, 1001);
        await ledger.answered(await enter('later', 1500), 1501);
        await ledger.deliver(at('last', 2000));
        const terms = { ...nothing, nowMs: 2400, replayWindowMs: 1000, rowsMax };
        const kept = async () => {
          const names: string[] = [];
          for (const name of ['killed', 'killed too', 'leaving', 'cut', 'refunded', 'answered', 'later'])
            if ((await ledger.find(at(name, 0).challengeId))?.answerKept === true) names.push(name);
          return names;
        };
        const stay = ['killed', 'killed too', 'leaving', 'cut'];
        expect(await kept()).toEqual([...stay, 'refunded', 'answered', 'later']);
        expect(await sweepAll(ledger, terms)).toEqual({ expired: 0, answers: 2, pruned: 0 });
        expect(await kept()).toEqual([...stay, 'later']);
        expect(await ledger.answer(answered)).toBeUndefined();
        // However old: it leaves when its claim counts as answered.
        const old = { ...terms, nowMs: 90_000 };
        expect(await sweepAll(ledger, old)).toEqual({ expired: 0, answers: 1, pruned: 0 });
        expect(await kept()).toEqual(stay);
        // Before it is pruned itself: at this sweep already, or at the next.
        const lapsing = await sweepAll(ledger, { ...old, retentionMs: 80_000 });
        const { answers } = await sweepAll(ledger, old);
        expect(lapsing.answers + answers).toBe(3);
        expect(await kept()).toEqual(['leaving']);
      }),
  );

  it('what was made under a clock that was ahead does not hide what is due behind it', () =>
    withLedger(open, async ({ ledger }) => {
      for (const name of ['ahead', 'ahead too', 'and again']) await ledger.deliver(at(name, 900_000));
      await ledger.answered(seqOf(await ledger.deliver(at('due', 1000))), 1001);
      await ledger.deliver(at('last', 80_000));
      const terms = { ...nothing, nowMs: 80_000, retentionMs: 20_000, rowsMax: 2 };
      expect(await sweepAll(ledger, terms)).toMatchObject({ pruned: 1 });
      expect(await ledger.find(at('due', 0).challengeId)).toBeUndefined();
    }));

  it('only what is answered, expired or refunded leaves, after its retention and its expiry', () =>
    withLedger(open, async (underTest) => {
      const { ledger } = underTest;
      const enter = async (verb: 'claim' | 'deliver' | 'release', n: string, expiresMs = 1010) =>
        seqOf(await ledger[verb](at(n, 1000, { expiresMs })));
      await enter('claim', 'claimed');
      await ledger.unknown(await enter('claim', 'unknown'), 1001);
      await enter('release', 'released');
      await enter('deliver', 'delivered');
      await ledger.cut(await enter('deliver', 'cut'), 1001);
      await ledger.answered(await enter('deliver', 'answered'), 1001);
      await ledger.answered(await enter('deliver', 'valid', 90_000), 1001);
      await ledger.answered(await enter('deliver', 'young'), 70_000);
      await ledger.refund(await enter('release', 'refunded'), 1001);
      await ledger.deliver(at('last', 80_000));
      const terms = { ...nothing, nowMs: 80_000, retentionMs: 20_000 };
      expect(await sweepAll(ledger, terms)).toEqual({ expired: 0, answers: 0, pruned: 2 });
      const stay = ['claimed', 'unknown', 'released', 'delivered', 'cut', 'valid', 'young', 'last'];
      for (const name of [...stay, 'answered', 'refunded']) {
        const found = await ledger.find(at(name, 0).challengeId);
        expect([name, found !== undefined]).toEqual([name, stay.includes(name)]);
      }
      expect(await sweepAll(ledger, { ...terms, nowMs: 90_001 })).toMatchObject({ pruned: 2 });
      expect(await ledger.find(at('valid', 0).challengeId)).toBeUndefined();
      await withReader(underTest, async (reader) => {
        expect((await reader.audit()).faults).toEqual([]);
      });
    }));

  it('what has left takes its entries and its answer along, leaves the books as they were, and is never mistaken', () =>
    withLedger(open, async (underTest) => {
      const { ledger } = underTest;
      await ledger.release(at(1, 1000));
      const seq = seqOf(await ledger.deliver(at(1, 1100), answer));
      await ledger.answered(seq, 1200);
      const last = seqOf(await ledger.deliver(at(2, 50_000)));
      const books = () => withReader(underTest, (reader) => reader.movements());
      const before = await books();
      expect(await sweepAll(ledger, { ...nothing, nowMs: 50_000, retentionMs: 10_000 })).toEqual({
        expired: 0,
        answers: 0,
        pruned: 1,
      });
      expect(await books()).toEqual(before);
      expect(await ledger.answer(seq)).toBeUndefined();
      await withReader(underTest, async (reader) => {
        expect((await all(reader.entries())).map((entry) => entry.seq)).toEqual([last]);
        expect(await reader.claim(at(1, 0).challengeId)).toBeUndefined();
        expect((await reader.audit()).faults).toEqual([]);
      });
      // A verb that still names it finds nothing, and a claim made later is another one.
      await expect(ledger.answered(seq, 1)).rejects.toMatchObject({ code: 'ledger_conflict' });
      expect(await ledger.redeliver(seq, 3, 1)).toBe('no');
      const again = seqOf(await ledger.deliver(at(1, 60_000)));
      expect(again).toBeGreaterThan(last);
      expect(brief(await ledger.deliver(at(1, 60_000)))).toBe('taken by challenge');
      expect(brief(await ledger.deliver(requestOf('x', 1)))).toBe('taken by reference');
    }));

  it('what was cut off, and nobody came for while it was kept, is used up, and then leaves', () =>
    withLedger(open, async (underTest) => {
      const late = { expiresMs: 90_000 };
      await underTest.lost(async (holder) => {
        await holder.deliver(at('orphaned', 1000));
        await holder.claim(at('claimed', 1000));
      });
      const { ledger } = underTest;
      await ledger.cut(seqOf(await ledger.deliver(at('cut', 1000))), 1100);
      await ledger.cut(seqOf(await ledger.deliver(at('cut late', 1000))), 45_000);
      await ledger.cut(seqOf(await ledger.deliver(at('still good', 1000, late))), 1100);
      await ledger.unknown(seqOf(await ledger.claim(at('unknown', 1000))), 1100);
      await ledger.deliver(at('mine', 1000));
      await ledger.release(at('released', 1000));
      await (await underTest.other?.())?.deliver(at('theirs', 1000));
      const states = async (): Promise<Record<string, string | undefined>> => {
        const found: Record<string, string | undefined> = {};
        for (const name of [...Object.keys(stays), 'cut', 'orphaned'])
          found[name] = (await ledger.find(at(name, 0).challengeId))?.state;
        return found;
      };
      const stays = {
        ...{ 'cut late': 'cut', 'still good': 'cut', claimed: 'claimed', unknown: 'unknown' },
        ...{ mine: 'delivered', released: 'released' },
        theirs: underTest.other === undefined ? undefined : 'delivered',
      };
      const terms = { ...nothing, nowMs: 50_000, retentionMs: 10_000 };
      expect(await sweepAll(ledger, { ...terms, rowsMax: 3 })).toMatchObject({ pruned: 0 });
      expect(await states()).toEqual({ ...stays, cut: 'answered', orphaned: 'answered' });
      expect(await sweepAll(ledger, { ...terms, nowMs: 59_000 })).toMatchObject({ pruned: 0 });
      expect(await sweepAll(ledger, { ...terms, nowMs: 60_001 })).toMatchObject({ pruned: 2 });
      expect(await states()).toEqual({ ...stays, 'cut late': 'answered' });
      await withReader(underTest, async (reader) => {
        expect((await reader.audit()).faults).toEqual([]);
      });
    }));

  it('goes in steps of bounded size, and refuses what stays as ever', () =>
    withLedger(open, async (underTest) => {
      const { ledger } = underTest;
      const seqs = await Promise.all(Array.from({ length: 600 }, (_, n) => ledger.deliver(at(n, 1000))));
      await Promise.all(
        seqs.map((result, n) => (n % 10 === 0 ? undefined : ledger.answered(seqOf(result), 1001))),
      );
      await ledger.deliver(at('last', 50_000));
      const terms = { ...nothing, nowMs: 50_000, retentionMs: 10_000, rowsMax: 7 };
      expect(await sweepAll(ledger, terms)).toEqual({ expired: 0, answers: 0, pruned: 540 });
      expect(await sweepAll(ledger, terms)).toEqual({ expired: 0, answers: 0, pruned: 0 });
      const again = await Promise.all(Array.from({ length: 600 }, (_, n) => ledger.deliver(at(n, 60_000))));
      expect(again.filter((result) => !result.ok)).toHaveLength(60);
      await underTest.lost(async () => {});
      const third = await Promise.all(
        Array.from({ length: 600 }, (_, n) => underTest.ledger.deliver(at(n, 60_000))),
      );
      expect(third.filter((result) => result.ok)).toEqual([]);
    }));

  it('traffic goes on meanwhile, and both agree afterwards', () =>
    withLedger(open, async (underTest) => {
      const { ledger } = underTest;
      await Promise.all(Array.from({ length: 1000 }, (_, n) => ledger.release(at(n, 1000))));
      const terms = {
        ...nothing,
        nowMs: 50_000,
        redemptionWindowMs: 10_000,
        retentionMs: 10_000,
        rowsMax: 20,
      };
      const sweeping = sweepAll(ledger, terms);
      const redeemed: ClaimResult[] = [];
      for (let n = 0; n < 1000; n += 10) {
        const several = [0, 1, 2, 3, 4].map((k) => ledger.deliver(at(n + k, 50_000)));
        redeemed.push(...(await Promise.all(several)));
      }
      const { expired } = await sweeping;
      expect(expired + redeemed.filter((result) => result.ok).length).toBe(1000);
      await withReader(underTest, async (reader) => {
        expect((await reader.audit()).faults).toEqual([]);
      });
    }));
}
