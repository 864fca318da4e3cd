import { expect, it } from 'vitest';
import type { ClaimResult, StoredAnswer } from '../ledger.js';
import { storedAnswerBytesMax } from '../request-bounds.js';
import { requestOf } from './requests.js';
import { type OpenUnderTest, withLedger } from './under-test.js';

const answer: StoredAnswer = {
  status: 201,
  headers: ['Content-Type', 'text/plain', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=\u00e9"\\'],
  body: Buffer.from('the answer'),
};

/** Answers that are kept with their delivery. */
export function answersConform(open: OpenUnderTest): void {
  it('comes back as it was, with the time of its delivery', () =>
    withLedger(open, async ({ ledger }) => {
      const request = requestOf(1);
      const seq = seqOf(await ledger.deliver(request, answer));
      expect(await ledger.find(request.challengeId)).toMatchObject({ answerKept: true });
      expect(plain(await ledger.answer(seq))).toEqual({ ...plain(answer), storedMs: request.nowMs });
    }));

  it.each([
    ['empty', new Uint8Array()],
    ['of every byte', Uint8Array.from({ length: 1024 }, (_, at) => at % 256)],
    ['as large as may be', new Uint8Array(storedAnswerBytesMax).fill(7)],
    ['a part of something larger', Buffer.from('xxinnerxx').subarray(2, 7)],
  ])('keeps a body %s, settled after a claim', (_, body) =>
    withLedger(open, async ({ ledger }) => {
      const seq = seqOf(await ledger.claim(requestOf(1)));
      await ledger.settle(seq, 7, { status: 200, headers: [], body });
      const kept = await ledger.answer(seq);
      expect(kept).toMatchObject({ status: 200, headers: [], storedMs: 7 });
      expect(Buffer.compare(kept?.body ?? Buffer.from('none'), body)).toBe(0);
    }),
  );

  it('keeps what the body was when it was delivered, whatever the caller does with its bytes', () =>
    withLedger(open, async ({ ledger }) => {
      const body = Buffer.from('before');
      const delivered = ledger.deliver(requestOf(1), { ...answer, body });
      body.write('after!');
      expect(Buffer.from((await ledger.answer(seqOf(await delivered)))?.body ?? []).toString()).toBe(
        'before',
      );
      // And the caller still has its own.
      expect(body.toString()).toBe('after!');
    }));

  it('each operation of a batch keeps its own', () =>
    withLedger(open, async ({ ledger }) => {
      const bodyOf = (n: number) => Buffer.from(`body ${n}`);
      const results = await Promise.all(
        Array.from({ length: 300 }, (_, n) =>
          ledger.deliver(requestOf(n), n % 3 === 0 ? undefined : { ...answer, body: bodyOf(n) }),
        ),
      );
      const kept = await Promise.all(results.map((result) => ledger.answer(seqOf(result))));
      kept.forEach((each, n) => {
        expect(each && Buffer.from(each.body).toString()).toBe(n % 3 === 0 ? undefined : `body ${n}`);
      });
    }));

  it('a redelivery keeps it, and so do the marks', () =>
    withLedger(open, async ({ ledger }) => {
      const seq = seqOf(await ledger.deliver(requestOf(1), answer));
      await ledger.cut(seq, 2);
      expect(await ledger.redeliver(seq, 3, 3)).toBe('allowed');
      await ledger.answered(seq, 4);
      expect(plain(await ledger.answer(seq))).toMatchObject(plain(answer));
    }));

  it('one that is refused keeps none, and the first one stays', () =>
    withLedger(open, async ({ ledger }) => {
      const seq = seqOf(await ledger.deliver(requestOf(1), answer));
      const other = { ...answer, status: 202 };
      expect((await ledger.deliver(requestOf(1), other)).ok).toBe(false);
      expect((await ledger.deliver(requestOf(2, 1), other)).ok).toBe(false);
      await expect(ledger.settle(seq, 2, other)).rejects.toMatchObject({ code: 'ledger_conflict' });
      expect(await ledger.answer(seq)).toMatchObject({ status: 201 });
      const credit = seqOf(await ledger.release(requestOf(3)));
      expect(await ledger.answer(credit)).toBeUndefined();
      expect(await ledger.find(requestOf(3).challengeId)).toMatchObject({ answerKept: false });
    }));

  it('a credit that is redeemed keeps the answer of its delivery', () =>
    withLedger(open, async ({ ledger }) => {
      await ledger.release(requestOf(1));
      const seq = seqOf(await ledger.deliver({ ...requestOf(1), nowMs: 9 }, answer));
      expect(await ledger.answer(seq)).toMatchObject({ status: 201, storedMs: 9 });
    }));

  it('says whether the Idempotency-Key is the one that the claim came with', () =>
    withLedger(open, async ({ ledger }) => {
      const keyed = { ...requestOf(1), idempotencyKey: 'order 7' };
      await ledger.deliver(keyed);
      await ledger.deliver(requestOf(2));
      const matches = async (n: number, key?: string) =>
        (await ledger.find(requestOf(n).challengeId, key))?.keyMatches;
      expect(await matches(1, 'order 7')).toBe(true);
      expect(await matches(1, 'order 8')).toBe(false);
      expect(await matches(1)).toBe(false);
      expect(await matches(2, 'order 7')).toBe(false);
      expect(await matches(2)).toBe(false);
      expect(await ledger.deliver(keyed)).toMatchObject({ ok: false, claim: { keyMatches: true } });
      expect(await ledger.deliver({ ...keyed, idempotencyKey: 'order 8' })).toMatchObject({
        claim: { keyMatches: false },
      });
    }));

  it('outlives its holder', () =>
    withLedger(open, async (underTest) => {
      let seq = 0;
      await underTest.lost(async (holder) => {
        seq = seqOf(await holder.deliver(requestOf(1), answer));
      });
      expect(await underTest.ledger.redeliver(seq, 3, 2)).toBe('allowed');
      expect(plain(await underTest.ledger.answer(seq))).toMatchObject(plain(answer));
    }));
}

function seqOf(result: ClaimResult): number {
  if (!result.ok) throw new Error('it was there already');
  return result.seq;
}

// Bytes compare by what they are, not by which kind of array holds them.
function plain(kept: StoredAnswer | undefined): object {
  return { ...kept, body: Buffer.from(kept?.body ?? 'none is kept').toString('latin1') };
}
