import { describe, expect, it } from 'vitest';
import {
  type Issued,
  LiveChallenges,
  liveChallengesMax,
  type NotIssued,
  samenessKey,
} from './live-challenges.js';

const t0 = 1_790_000_000_000;

function issued(challengeId: string, expiresMs = t0 + 300_000): Issued {
  return { kind: 'issued', fields: [], challengeId, ids: [challengeId], expiresMs };
}

const same = {
  client: 'a',
  idempotencyKey: 'k',
  route: 'GET /',
  opaque: 'o',
  digest: undefined,
  acceptPayment: undefined,
};

describe('live challenges', () => {
  it('are no more than so many, and forget the oldest first', async () => {
    const live = new LiveChallenges();
    const total = liveChallengesMax + 100;
    for (let i = 0; i < total; i++) await live.share(`key ${i}`, t0, async () => issued(`id ${i}`));
    expect(live.size).toBe(liveChallengesMax);
    const again = await live.share(`key ${total - 1}`, t0, async () => issued('another'));
    expect(again).toMatchObject({ challengeId: `id ${total - 1}` });
    const forgotten = await live.share('key 0', t0, async () => issued('another'));
    expect(forgotten).toMatchObject({ challengeId: 'another' });
  });

  it('that are made while others push them out are still given to who asked for them', async () => {
    const live = new LiveChallenges();
    let finish: (made: Issued | NotIssued) => void = () => {};
    const slow = live.share('slow', t0, () => new Promise((resolve) => (finish = resolve)));
    for (let i = 0; i < liveChallengesMax; i++)
      await live.share(`key ${i}`, t0, async () => issued(`id ${i}`));
    finish(issued('slow id'));
    expect(await slow).toMatchObject({ challengeId: 'slow id' });
    expect(live.size).toBe(liveChallengesMax);
  });

  it('of several offers are all over when one is paid', async () => {
    const live = new LiveChallenges();
    const both: Issued = { ...issued('second'), ids: ['first', 'second'] };
    await live.share('key', t0, async () => both);
    live.spent('first');
    expect(live.size).toBe(0);
    expect(await live.share('key', t0, async () => issued('third'))).toMatchObject({ challengeId: 'third' });
  });

  it('are told apart by everything, wherever one part ends and the next begins', () => {
    const keys = [
      samenessKey(same),
      samenessKey({ ...same, client: 'ak', idempotencyKey: '' }),
      samenessKey({ ...same, client: 'a","k', idempotencyKey: '' }),
      samenessKey({ ...same, digest: 'd' }),
      samenessKey({ ...same, acceptPayment: 'd' }),
      samenessKey({ ...same, route: 'GET /*' }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('hold keys of one length, whatever was sent', () => {
    expect(samenessKey({ ...same, acceptPayment: 'x'.repeat(16_000) })).toHaveLength(43);
  });
});
