import { type Challenge, canonicalize, encodeBase64url, serializeCredential } from '@farebox/protocol';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resourceOpaque } from './resource.js';
import type { GateRequest } from './terms.js';
import {
  admittedTo,
  challengeFor,
  once,
  openRig,
  paidRequest,
  pay,
  price,
  problemOf,
  type Rig,
  refusedWith,
  safe,
  withCredential,
} from './testing/rig.js';

let rig: Rig;
beforeAll(async () => {
  rig = await openRig();
});
afterAll(() => rig.close());

const post: GateRequest = {
  method: 'POST',
  path: '/v1/orders',
  query: '',
  credentials: [],
  body: Buffer.from('{"n":1}'),
};

/** A credential whose echo was changed after it was paid. */
async function credentialOf(challenge: Challenge, change: Partial<Challenge> = {}): Promise<string> {
  return serializeCredential({
    challenge: { ...challenge, ...change },
    payload: { preimage: await pay(rig, challenge) },
  });
}

function without(challenge: Challenge, ...names: ('opaque' | 'digest' | 'expires')[]): Challenge {
  return Object.fromEntries(
    Object.entries(challenge).filter(([name]) => !names.some((each) => each === name)),
  ) as unknown as Challenge; // the required members are never dropped
}

describe('a client that drops opaque and digest', () => {
  it('is served, because the id is recomputed from its own request', async () => {
    const challenge = await challengeFor(rig, post, once);
    expect(challenge.digest).toMatch(/^sha-256=:.+:$/);
    const bare = without(challenge, 'opaque', 'digest');
    const request = withCredential(post, await serializeBare(challenge, bare));
    admittedTo(await rig.gate.admit(request, once)).unknown();
  });

  it('is not served elsewhere, nor with another body', async () => {
    const challenge = await challengeFor(rig, post, once);
    const credential = await serializeBare(challenge, without(challenge, 'opaque', 'digest'));
    for (const request of [
      { ...post, path: '/v1/other' },
      { ...post, body: Buffer.from('{"n":2}') },
      { ...post, body: undefined },
      { ...post, query: 'x=1' },
      { ...post, method: 'PUT' },
    ]) {
      const answer = refusedWith(await rig.gate.admit(withCredential(request, credential), once));
      expect(answer.status).toBe(402);
      expect(problemOf(answer).type).toContain('unknown-challenge');
    }
  });
});

async function serializeBare(challenge: Challenge, bare: Challenge): Promise<string> {
  return serializeCredential({ challenge: bare, payload: { preimage: await pay(rig, challenge) } });
}

describe('the body', () => {
  it('is bound: the same payment does not buy another order, and the right one still works', async () => {
    const paid = await paidRequest(rig, post, once);
    const swapped = { ...paid, body: Buffer.from('{"n":2}') };
    const answer = refusedWith(await rig.gate.admit(swapped, once));
    expect(answer.status).toBe(402);
    expect(problemOf(answer)).toMatchObject({ detail: expect.stringContaining('body differs') });
    admittedTo(await rig.gate.admit(paid, once)).unknown();
  });
});

describe('tampering', () => {
  it.each([
    ['realm', { realm: 'https://evil.example' }],
    ['expires', { expires: '2099-01-01T00:00:00Z' }],
    ['intent', { intent: 'charge2' }],
    ['request', { request: Buffer.from('{"amount":"0","currency":"sat"}').toString('base64url') }],
    ['opaque', { opaque: Buffer.from('{"method":"GET","path":"/v1/dear"}').toString('base64url') }],
    ['digest', { digest: 'sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:' }],
    ['id', { id: 'x'.repeat(43) }],
  ])('with the %s is refused', async (_, change) => {
    const challenge = await challengeFor(rig, price);
    const request = withCredential(price, await credentialOf(challenge, change));
    const answer = refusedWith(await rig.gate.admit(request, safe));
    expect([400, 402]).toContain(answer.status);
  });

  it('with a challenge of another secret is refused; an older secret of the keyring still verifies', async () => {
    const paid = await paidRequest(rig);
    const fresh = 'another secret, also long enough to sign';
    const stranger = rig.again({ secrets: [fresh] });
    expect(refusedWith(await stranger.admit(paid, safe)).status).toBe(402);
    const rotated = rig.again({ secrets: [fresh, 'a secret of the tests, long enough to sign'] });
    admittedTo(await rotated.admit(paid, safe)).cut();
  });

  it('with another realm of the same secret is refused', async () => {
    const paid = await paidRequest(rig);
    expect(refusedWith(await rig.again({ realm: 'https://b.example' }).admit(paid, safe)).status).toBe(402);
  });

  it('with an offer that is gone is refused', async () => {
    const paid = await paidRequest(rig);
    const offers = [{ method: 'tempo', intent: 'charge', price: { amount: 1n, currency: 'usd' } }];
    expect(refusedWith(await rig.gate.admit(paid, { ...safe, offers })).status).toBe(500);
  });
});

describe('resourceOpaque', () => {
  it('is base64url(JCS) of a flat string map', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (path, query) => {
        const map = query === '' ? { method: 'GET', path } : { method: 'GET', path, query };
        const ascii = /^[\x20-\x7e]*$/.test(path + query);
        if (ascii)
          expect(resourceOpaque({ method: 'GET', path, query })).toBe(encodeBase64url(canonicalize(map)));
      }),
    );
  });
});

describe('a long request line', () => {
  const long = { method: 'GET', path: '/v1/search', query: `q=${'"'.repeat(8_000)}`, credentials: [] };
  const deep = { ...long, path: `/v1/${'a'.repeat(8_000)}`, query: '' };

  it.each([
    ['query', long],
    ['path', deep],
    ['query that just needs the hash', { ...long, query: 'a'.repeat(3_040) }],
  ])(
    'in the %s is bound to the last character, in a challenge that fits every header',
    async (_what, asked) => {
      const challenge = await challengeFor(rig, asked, once);
      expect(JSON.stringify(challenge).length).toBeLessThan(6_000);
      const credential = await credentialOf(challenge);
      const last = asked.query === '' ? 'path' : 'query';
      const other = { ...asked, [last]: `${asked[last].slice(0, -1)}b` };
      const refused = refusedWith(await rig.gate.admit(withCredential(other, credential), once));
      expect(refused.status).toBe(403);
      expect(problemOf(refused).detail).toContain('Credential was issued for ');
      const moved = refusedWith(
        await rig.gate.admit(withCredential({ ...asked, method: 'HEAD' }, credential), once),
      );
      expect(moved.status).toBe(403);
      const body = Buffer.from('a body');
      const otherBody = refusedWith(
        await rig.gate.admit(withCredential({ ...asked, body }, credential), once),
      );
      expect(problemOf(otherBody).detail).toContain('The body differs');
      admittedTo(await rig.gate.admit(withCredential(asked, credential), once)).unknown();
    },
  );
});
