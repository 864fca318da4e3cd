import { describe, expect, it } from 'vitest';
import type { Ledger } from '../ledger.js';
import type { LedgerUnderTest } from './conformance.js';
import { requestOf } from './requests.js';

const places = ['absent', 'claimed', 'released', 'delivered', 'answered', 'expired'] as const;
type Place = (typeof places)[number];

const verbs = ['claim', 'deliver', 'settle', 'release', 'answered', 'redeliver'] as const;
type Verb = (typeof verbs)[number];

// The words of `ledger.ts`, cell by cell; written out here a second time on purpose.
// "ok → x": allowed, and afterwards the claim is x. Everything else leaves the claim as it was.
const expected: Record<Verb, Record<Place, string>> = {
  claim: {
    absent: 'ok → claimed',
    claimed: 'taken',
    released: 'ok → claimed',
    delivered: 'taken',
    answered: 'taken',
    expired: 'taken',
  },
  deliver: {
    absent: 'ok → delivered',
    claimed: 'taken',
    released: 'ok → delivered',
    delivered: 'taken',
    answered: 'taken',
    expired: 'taken',
  },
  settle: {
    absent: 'ledger_conflict',
    claimed: 'ok → delivered',
    released: 'ledger_conflict',
    delivered: 'ledger_conflict',
    answered: 'ledger_conflict',
    expired: 'ledger_conflict',
  },
  release: {
    absent: 'ok → released',
    claimed: 'ok → released',
    released: 'ok → released',
    delivered: 'taken',
    answered: 'taken',
    expired: 'taken',
  },
  answered: {
    absent: 'ledger_conflict',
    claimed: 'ledger_conflict',
    released: 'ledger_conflict',
    delivered: 'ok → answered',
    answered: 'ok → answered',
    expired: 'ledger_conflict',
  },
  redeliver: {
    absent: 'false',
    claimed: 'false',
    released: 'false',
    delivered: 'ok → delivered',
    answered: 'false',
    expired: 'false',
  },
};

/** Every verb on a claim in every state. */
export function conformsToTable(underTest: () => LedgerUnderTest): void {
  const cells = verbs.flatMap((verb) => places.map((place) => [verb, place, expected[verb][place]] as const));
  it.each(cells)('%s on %s: %s', async (verb, place, outcome) => {
    const name = `${verb} on ${place}`;
    const seq = await put(underTest(), name, place);
    const { ledger } = underTest();
    const { challengeId } = requestOf(name);
    const before = await ledger.find(challengeId);
    const said = await say(ledger, verb, name, seq);
    const after = await ledger.find(challengeId);
    if (!outcome.startsWith('ok')) {
      expect(said).toBe(outcome);
      expect(after).toEqual(before);
      return;
    }
    expect(said).toBe('ok');
    expect(after?.answered === true ? 'answered' : after?.state).toBe(outcome.slice('ok → '.length));
    expect(after?.attempts).toBe((before?.attempts ?? 0) + (verb === 'release' ? 1 : 0));
    expect(after?.redeliveries).toBe(verb === 'redeliver' ? 1 : 0);
  });

  describe('redelivery', () => {
    it('is bounded', async () => {
      const seq = await put(underTest(), 'bounded', 'delivered');
      const allowed = await Promise.all([1, 2, 3, 4, 5].map(() => underTest().ledger.redeliver(seq, 3, 1)));
      expect(allowed).toEqual([true, true, true, false, false]);
    });

    it('goes on after the answer has left, for whoever knows the Idempotency-Key, within the same bound', async () => {
      const { ledger } = underTest();
      const request = { ...requestOf('keyed'), idempotencyKey: 'order 7' };
      const result = await ledger.deliver(request);
      if (!result.ok) throw new Error('there already');
      await ledger.answered(result.seq, 2);
      expect(await ledger.redeliver(result.seq, 2, 3)).toBe(false);
      expect(await ledger.redeliver(result.seq, 2, 3, 'order 8')).toBe(false);
      expect(await ledger.redeliver(result.seq, 2, 3, 'order 7')).toBe(true);
      expect(await ledger.find(request.challengeId)).toMatchObject({ answered: false, redeliveries: 1 });
      await ledger.answered(result.seq, 4);
      expect(await ledger.redeliver(result.seq, 2, 5, 'order 7')).toBe(true);
      await ledger.answered(result.seq, 6);
      expect(await ledger.redeliver(result.seq, 2, 7, 'order 7')).toBe(false);
    });

    it('knows no key where none was given', async () => {
      const seq = await put(underTest(), 'keyless', 'answered');
      expect(await underTest().ledger.redeliver(seq, 3, 1, 'order 7')).toBe(false);
    });

    it('ends with the answer that has left completely', async () => {
      const seq = await put(underTest(), 'complete', 'delivered');
      const { ledger } = underTest();
      expect(await ledger.redeliver(seq, 3, 1)).toBe(true);
      await ledger.answered(seq, 2);
      expect(await ledger.redeliver(seq, 3, 3)).toBe(false);
    });
  });
}

// Brings a claim of this name to a place; its seq (a seq without a claim for `absent`).
async function put({ ledger, expire }: LedgerUnderTest, name: string, place: Place): Promise<number> {
  if (place === 'absent') return 4_000_000_000;
  const verb =
    place === 'claimed' ? 'claim' : place === 'released' || place === 'expired' ? 'release' : 'deliver';
  const result = await ledger[verb](requestOf(name));
  if (!result.ok) throw new Error(`${name} was there already`);
  if (place === 'answered') await ledger.answered(result.seq, 1);
  if (place === 'expired') await expire(result.seq);
  return result.seq;
}

async function say(ledger: Ledger, verb: Verb, name: string, seq: number): Promise<string> {
  try {
    if (verb === 'redeliver') return (await ledger.redeliver(seq, 3, 1)) ? 'ok' : 'false';
    if (verb === 'settle' || verb === 'answered') {
      await ledger[verb](seq, 1);
      return 'ok';
    }
    const result = await ledger[verb](requestOf(name));
    if (result.ok) return 'ok';
    expect(result).toMatchObject({ by: 'challenge', claim: { challengeId: requestOf(name).challengeId } });
    return 'taken';
  } catch (error) {
    if (error instanceof Error && 'code' in error) return String(error.code);
    throw error;
  }
}
