import { expect, it } from 'vitest';
import { pendingOpsMax } from '../front/queue.js';
import type { ClaimRequest, Ledger, StoredAnswer, SweepTerms } from '../ledger.js';
import { amountMax, storedAnswerBytesMax } from '../request-bounds.js';
import { requestOf } from './requests.js';

const invalid = { name: 'LedgerMisuse', code: 'ledger_request_invalid' };

/** What is out of bounds is refused, and leaves nothing behind. */
export function boundsConform(ledger: () => Ledger): void {
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
      await expect(ledger()[verb](request)).rejects.toMatchObject(invalid);
    }
    expect(await ledger().find(request.challengeId)).toBeUndefined();
  });

  it.each([0, -1, 1.5, Number.NaN, 2 ** 53])('refuses the seq %s', async (seq) => {
    const refused = [
      ledger().settle(seq, 1),
      ledger().unknown(seq, 1),
      ledger().answered(seq, 1),
      ledger().cut(seq, 1),
      ledger().redeliver(seq, 3, 1),
      ledger().answer(seq),
      ledger().resolve(seq, 'released', 1),
      ledger().refund(seq, 1),
    ];
    for (const promise of refused) await expect(promise).rejects.toMatchObject(invalid);
  });

  it.each([-1, 0.5, Number.NaN])('refuses the time %s', async (nowMs) => {
    const { challengeId } = requestOf('timeless');
    const refused = [
      ledger().settle(1, nowMs),
      ledger().abandon(challengeId, nowMs),
      ledger().answered(1, nowMs),
      ledger().redeliver(1, 3, nowMs),
      ledger().refund(1, nowMs),
    ];
    for (const promise of refused) await expect(promise).rejects.toMatchObject(invalid);
  });

  it.each(['', 'x'.repeat(256)])('refuses an Idempotency-Key of %j', async (idempotencyKey) => {
    const request = { ...requestOf('key'), idempotencyKey };
    await expect(ledger().deliver(request)).rejects.toMatchObject(invalid);
    await expect(ledger().find(request.challengeId, idempotencyKey)).rejects.toMatchObject(invalid);
  });

  it.each<[string, StoredAnswer]>([
    ['a body above the bound', answerOf({ body: new Uint8Array(storedAnswerBytesMax + 1) })],
    ['a name without a value', answerOf({ headers: ['content-type'] })],
    ['no status', answerOf({ status: 0 })],
    ['headers beyond all measure', answerOf({ headers: ['x', 'y'.repeat(100_000)] })],
  ])('keeps no answer with %s', async (what, answer) => {
    const request = requestOf(`answer with ${what}`);
    await expect(ledger().deliver(request, answer)).rejects.toMatchObject(invalid);
    expect(await ledger().find(request.challengeId)).toBeUndefined();
    const claim = await ledger().claim(request);
    if (!claim.ok) throw new Error('it was absent');
    await expect(ledger().settle(claim.seq, 1, answer)).rejects.toMatchObject(invalid);
    expect(await ledger().find(request.challengeId)).toMatchObject({ state: 'claimed', answerKept: false });
  });

  it.each<[string, Partial<SweepTerms>]>([
    ['no rows', { rowsMax: 0 }],
    ['half a row', { rowsMax: 1.5 }],
    ['rows without end', { rowsMax: Number.POSITIVE_INFINITY }],
    ['a window below zero', { retentionMs: -1 }],
    ['no time', { nowMs: Number.NaN }],
  ])('does not sweep with %s', async (_, changes) => {
    const terms = { nowMs: 1, redemptionWindowMs: 1, replayWindowMs: 1, retentionMs: 1, rowsMax: 1 };
    await expect(ledger().sweep({ ...terms, ...changes })).rejects.toMatchObject(invalid);
  });

  it('allows no redelivery beyond a bound that is no number', async () => {
    const result = await ledger().deliver(requestOf('unbounded'));
    if (!result.ok) throw new Error('it was absent');
    await expect(ledger().redeliver(result.seq, Number.NaN, 1)).rejects.toMatchObject({
      code: 'ledger_request_invalid',
    });
    expect(await ledger().redeliver(result.seq, 0, 1)).toBe('no');
  });

  it('finds nothing under what is no challenge id', async () => {
    expect(await ledger().find('')).toBeUndefined();
    expect(await ledger().find('x'.repeat(10_000))).toBeUndefined();
    await ledger().abandon('x'.repeat(10_000), 1);
    expect(await ledger().answer(4_000_000_000)).toBeUndefined();
    // However often: nothing of it may be left waiting.
    for (let asked = 0; asked <= pendingOpsMax; asked++) await ledger().find('no challenge id');
    expect(await ledger().deliver(requestOf('afterwards'))).toMatchObject({ ok: true });
  });
}

function answerOf(changes: Partial<StoredAnswer>): StoredAnswer {
  return { status: 200, headers: [], body: new Uint8Array(), ...changes };
}
