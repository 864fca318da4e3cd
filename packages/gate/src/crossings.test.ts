import { type Challenge, decodeRequest, encodeRequest, serializeCredential } from '@farebox/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Gate } from './gate.js';
import type { GateRequest, Terms } from './terms.js';
import {
  admittedTo,
  challengeFor,
  once,
  openRig,
  paidRequest,
  pay,
  price,
  type Rig,
  safe,
} from './testing/rig.js';

/** How many credentials are presented where they do not belong. The long run: `CROSSING_RUNS=100000`. */
const runs = Number(process.env.CROSSING_RUNS ?? 4_000);
/** How many paid credentials they are made of. */
const credentialsCount = 24;

/** A paid credential and the request that it was issued for. */
interface Paid {
  readonly request: GateRequest;
  readonly terms: Terms;
  readonly challenge: Challenge;
  readonly preimage: string;
  readonly used: boolean;
}

let rig: Rig;
const paid: Paid[] = [];
const dear: Terms = {
  ...safe,
  route: 'GET /dear/*',
  offers: safe.offers.map((offer) => ({ ...offer, price: { amount: 100n, currency: 'sat' } })),
};

beforeAll(async () => {
  rig = await openRig();
  for (let i = 0; i < credentialsCount; i++) {
    const [terms, request] = asked(i);
    const challenge = await challengeFor(rig, request, terms);
    const preimage = await pay(rig, challenge);
    const credentials = [serializeCredential({ challenge, payload: { preimage } })];
    const used = i % 3 === 0;
    paid.push({ request: { ...request, credentials }, terms, challenge, preimage, used });
    if (!used) continue;
    const delivery = admittedTo(await rig.gate.admit({ ...request, credentials }, terms));
    expect((await delivery.commit()).ok).toBe(true);
    delivery.answered();
  }
});
afterAll(() => rig.close());

function asked(i: number): [Terms, GateRequest] {
  if (i % 2 === 0) return [safe, { ...price, path: `/v1/bitcoin/${i}`, query: i % 4 === 0 ? '' : `n=${i}` }];
  const body = Buffer.from(`{"n":${i}}`);
  return [once, { ...price, method: 'POST', path: `/v1/orders/${i}`, body }];
}

/** The credential with another amount in the request of its challenge, and all else as it was. */
function tampered({ challenge, preimage }: Paid, amount: string): string {
  const fields = decodeRequest(challenge.request);
  if (fields === undefined) throw new Error('The challenge has no request.');
  const request = encodeRequest({ ...fields, amount });
  return serializeCredential({ challenge: { ...challenge, request }, payload: { preimage } });
}

/** One way in which a credential can be presented where it does not belong. Undefined: it would belong there. */
type Crossing = (from: Paid, other: Paid) => Promise<readonly [Gate, GateRequest, Terms] | undefined>;

const here = (request: GateRequest, terms: Terms) => [rig.gate, request, terms] as const;
const crossings: Readonly<Record<string, Crossing>> = {
  'other route': async ({ request }, other) =>
    other.request.path === request.path
      ? undefined
      : here({ ...other.request, credentials: request.credentials }, other.terms),
  'other path': async ({ request, terms }) => here({ ...request, path: `${request.path}/x` }, terms),
  'other query': async ({ request, terms }) => here({ ...request, query: `${request.query}&x=1` }, terms),
  'other method': async ({ request, terms }) =>
    here({ ...request, method: request.method === 'GET' ? 'DELETE' : 'PUT' }, terms),
  'other body': async ({ request, terms }) => here({ ...request, body: Buffer.from('{"n":"x"}') }, terms),
  'dear route': async ({ request }) => here({ ...request, path: '/dear/1' }, dear),
  // The same terms but for the price, at a resource that a sloppy reading takes for the same.
  'dear twin': async ({ request, terms }) =>
    here({ ...request, path: request.path.replace('/v1/', '/V1/') }, { ...terms, offers: dear.offers }),
  'raised amount': async (from) =>
    here({ ...from.request, credentials: [tampered(from, '100')] }, { ...from.terms, offers: dear.offers }),
  'raised amount, dear route': async (from) =>
    here({ ...from.request, path: '/dear/1', credentials: [tampered(from, '100')] }, dear),
  'other realm': async ({ request, terms }) => [
    rig.again({ realm: 'https://other.example' }),
    request,
    terms,
  ],
  'rotated secret': async ({ request, terms }) => [
    rig.again({ secrets: ['a newer secret that knows nothing of the old one'] }),
    request,
    terms,
  ],
  expired: async ({ request, terms }) => [
    rig.again({ now: () => rig.clock.nowMs + 24 * 3_600_000 }),
    request,
    terms,
  ],
  used: async ({ request, terms, used }) => (used ? here(request, terms) : undefined),
};

describe(`${runs} replays and crossings of paid credentials`, () => {
  it('none is accepted, and none is used up by it', { timeout: 600_000 }, async () => {
    const before = await rig.ledger.totals();
    const names = Object.keys(crossings);
    const seen: Record<string, number> = {};
    const accepted: string[] = [];
    for (let run = 0; run < runs; ) {
      const name = names[run % names.length] ?? '';
      const from = paid[run % paid.length];
      const other = paid[(run * 7 + 1) % paid.length];
      run++;
      if (from === undefined || other === undefined) continue;
      const crossing = await crossings[name]?.(from, other);
      if (crossing === undefined) continue;
      const [gate, request, terms] = crossing;
      const admission = await gate.admit(request, terms);
      seen[name] = (seen[name] ?? 0) + 1;
      if (admission.kind === 'admitted') {
        // A safe route learns at the commit that the credential was used.
        const commit = await admission.delivery.commit();
        if (commit.ok) accepted.push(name);
      } else if (admission.kind === 'replayed') accepted.push(name);
    }
    expect(accepted).toEqual([]);
    expect(Object.keys(seen).sort()).toEqual([...names].sort());
    expect(await rig.ledger.totals()).toEqual(before);
    for (const { request, terms, used } of paid) {
      if (used) continue;
      const delivery = admittedTo(await rig.gate.admit(request, terms));
      expect((await delivery.commit()).ok).toBe(true);
      delivery.answered();
    }
  });
});

describe('a price that has been raised', () => {
  it('is not asked of who was quoted the old one, until that expires', async () => {
    const request = await paidRequest(rig, { ...price, path: '/v1/raised' });
    const raised: Terms = { ...safe, offers: dear.offers };
    expect((await challengeFor(rig, { ...request, credentials: [] }, raised)).request).not.toBe(
      (await challengeFor(rig, { ...request, credentials: [] })).request,
    );
    const delivery = admittedTo(await rig.gate.admit(request, raised));
    expect((await delivery.commit()).ok).toBe(true);
    delivery.answered();
  });
});
