import { describe, expect, it } from 'vitest';
import type { Claim, Ledger, SweepTerms } from '../ledger.js';
import type { StoreTraits } from './conformance.js';
import { type CellPlace, type CellVerb, cellOf, places, verbs } from './conformance-cells.js';
import { requestOf } from './requests.js';
import type { LedgerUnderTest } from './under-test.js';

/** A time long before all others in the suite: only what the cells about expiry put there is swept. */
const longAgoMs = 1_000;
/** A seq without a claim. */
const nowhere = 4_000_000_000;

const sweepLongAgo: SweepTerms = {
  nowMs: 2_000,
  redemptionWindowMs: 500,
  replayWindowMs: 2_000,
  retentionMs: 2_000,
  rowsMax: 10_000,
};

/** Every verb on a claim in every place. */
export function conformsToTable(underTest: () => LedgerUnderTest, traits: StoreTraits): void {
  const possible = places.filter((place) => traits.severalHolders || !place.endsWith('-theirs'));
  const cells = verbs.flatMap((verb) => possible.map((place) => [verb, place, cellOf(verb, place)] as const));
  it.each(cells)('%s on %s: %s', async (verb, place, cell) => {
    const name = `${verb} on ${place}`;
    const seq = await put(underTest(), name, place, verb === 'sweep' ? longAgoMs : undefined);
    const { ledger } = underTest();
    const { challengeId } = requestOf(name);
    const before = await ledger.find(challengeId);
    expect(standing(before)).toBe(place);
    const said = await say(ledger, verb, name, seq);
    const after = await ledger.find(challengeId);
    const [next, counted] = cell.startsWith('→') ? cell.slice(2).split(' ') : [];
    if (next === undefined) {
      expect(said).toBe(cell === 'stays' ? 'ok' : cell);
      expect(after).toEqual(before);
      return;
    }
    expect(said).toBe('ok');
    expect(standing(after)).toBe(next);
    expect(after?.attempts).toBe((before?.attempts ?? 0) + (counted === '+a' ? 1 : 0));
    expect(after?.redeliveries).toBe((before?.redeliveries ?? 0) + (counted === '+r' ? 1 : 0));
  });

  describe('redelivery', () => redelivery(() => underTest().ledger));
}

function redelivery(ledger: () => Ledger): void {
  it('is bounded', async () => {
    const seq = await delivered(ledger(), 'bounded');
    const allowed = await Promise.all([1, 2, 3, 4, 5].map(() => ledger().redeliver(seq, 3, 1)));
    expect(allowed).toEqual(['allowed', 'allowed', 'allowed', 'no', 'no']);
  });

  it('ends with the answer that has left completely', async () => {
    const seq = await delivered(ledger(), 'complete');
    expect(await ledger().redeliver(seq, 3, 1)).toBe('allowed');
    await ledger().answered(seq, 2);
    expect(await ledger().redeliver(seq, 3, 3)).toBe('no');
  });

  it('an answer that its upstream broke off counts as an attempt instead', async () => {
    const seq = await delivered(ledger(), 'broken off');
    expect(await ledger().redeliver(seq, 2, 1)).toBe('allowed');
    for (const attempts of [1, 2, 3]) {
      await ledger().cut(seq, 2, true);
      const { challengeId } = requestOf('broken off');
      expect(await ledger().find(challengeId)).toMatchObject({ state: 'cut', attempts, redeliveries: 0 });
      expect(await ledger().redeliver(seq, 2, 3)).toBe('allowed');
    }
    await ledger().cut(seq, 4);
    expect(await ledger().redeliver(seq, 2, 5)).toBe('allowed');
    await ledger().cut(seq, 6);
    expect(await ledger().redeliver(seq, 2, 7)).toBe('no');
  });
}

async function delivered(ledger: Ledger, name: string): Promise<number> {
  const result = await ledger.deliver(requestOf(name));
  if (!result.ok) throw new Error(`${name} was there already`);
  return result.seq;
}

function standing(claim: Claim | undefined): string {
  if (claim === undefined) return 'absent';
  return claim.hold === undefined || claim.hold === 'mine' ? claim.state : `${claim.state}-${claim.hold}`;
}

/** Brings a claim of this name to a place. Returns its seq; a seq without a claim for `absent`. */
async function put(
  underTest: LedgerUnderTest,
  name: string,
  place: CellPlace,
  nowMs = place === 'expired' ? longAgoMs : requestOf(name).nowMs,
): Promise<number> {
  if (place === 'absent') return nowhere;
  const request = { ...requestOf(name), nowMs };
  let seq: number | undefined;
  const enter = (verb: 'claim' | 'deliver' | 'release') => async (ledger: Ledger) => {
    const result = await ledger[verb](request);
    if (!result.ok) throw new Error(`${name} was there already`);
    seq = result.seq;
  };
  if (place.endsWith('-theirs')) {
    if (underTest.other === undefined) throw new Error('there is no other holder');
    await enter(place === 'claimed-theirs' ? 'claim' : 'deliver')(await underTest.other());
  } else if (place.endsWith('-orphaned')) {
    await underTest.lost(enter(place === 'claimed-orphaned' ? 'claim' : 'deliver'));
  } else await enter(firstVerb(place))(underTest.ledger);
  const { ledger } = underTest;
  if (seq === undefined) throw new Error('nothing was entered');
  if (place === 'unknown') await ledger.unknown(seq, nowMs);
  if (place === 'answered') await ledger.answered(seq, nowMs);
  if (place === 'cut') await ledger.cut(seq, nowMs);
  if (place === 'refunded') await ledger.refund(seq, nowMs);
  if (place === 'expired') await ledger.sweep(sweepLongAgo);
  return seq;
}

function firstVerb(place: CellPlace): 'claim' | 'deliver' | 'release' {
  if (place === 'claimed' || place === 'unknown') return 'claim';
  return ['released', 'expired', 'refunded'].includes(place) ? 'release' : 'deliver';
}

async function say(ledger: Ledger, verb: CellVerb, name: string, seq: number): Promise<string> {
  try {
    return await done(ledger, verb, name, seq);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ledger_conflict') return 'conflict';
    throw error;
  }
}

async function done(ledger: Ledger, verb: CellVerb, name: string, seq: number): Promise<string> {
  const request = requestOf(name);
  const nowMs = request.nowMs + 1;
  const entered = async (result: Awaited<ReturnType<Ledger['claim']>>): Promise<string> => {
    if (result.ok) return 'ok';
    expect(result).toMatchObject({ by: 'challenge', claim: { challengeId: request.challengeId } });
    return 'taken';
  };
  switch (verb) {
    case 'claim':
      return entered(await ledger.claim(request));
    case 'claim, asking again':
      return entered(await ledger.claim(request, true));
    case 'deliver':
      return entered(await ledger.deliver(request));
    case 'release':
      return entered(await ledger.release(request));
    case 'redeliver': {
      const said = await ledger.redeliver(seq, 3, nowMs);
      return said === 'allowed' ? 'ok' : said;
    }
    case 'abandon':
      await ledger.abandon(request.challengeId, nowMs);
      return 'ok';
    case 'resolve as released':
    case 'resolve as delivered':
      await ledger.resolve(seq, verb === 'resolve as released' ? 'released' : 'delivered', nowMs);
      return 'ok';
    case 'cut by the upstream':
      await ledger.cut(seq, nowMs, true);
      return 'ok';
    case 'sweep':
      await ledger.sweep(sweepLongAgo);
      return 'ok';
    default:
      await ledger[verb](seq, nowMs);
      return 'ok';
  }
}
