import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { accountSums } from '../store/entries.js';
import { ask, newAgent, payLightning, registerPath } from '../testing/client.js';
import { openRig, type Rig } from '../testing/rig.js';

const numRuns = Number(process.env.FUZZ_RUNS ?? 150);
const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 1e9);

let rig: Rig;
let key = '';
/** A good credential of an order of its own: whatever is done to it, it buys nothing else. */
let credential = '';
beforeAll(async () => {
  rig = await openRig();
  ({ key } = await newAgent(rig));
  credential = await payLightning(rig, await ask(rig, registerPath, { json: { domain: 'mine.agent' }, key }));
});
afterAll(() => rig.close());

const text = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.constantFrom('myname', 'a.agent', 'xn--', 'ü', '..', '-', 'AGENT', 'chatbot', '\u0000', '١٢٣'),
);
const member = fc.oneof(
  text,
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.double(),
  fc.array(text, { maxLength: 2 }),
);
const names = [
  'domain',
  'namespace',
  'tld',
  'years',
  'agreed_to_terms',
  'payment_method',
  'coupon_code',
  'receipt',
  '__proto__',
];
const body = fc.oneof(
  fc.dictionary(fc.constantFrom(...names), member).map((value) => JSON.stringify(value)),
  fc.string({ maxLength: 60 }),
  fc.json(),
);
const path = fc.constantFrom(
  registerPath,
  '/api/v1/renew',
  '/api/v1/domains/quote',
  '/agent/auth',
  '/api/v1/agents/claim',
  '/oauth2/revoke',
  '/api/v1/domains/mine.agent/records',
  '/api/v1/domains/mine.agent/bio',
  '/api/v1/webhooks/subscribe',
);

/** Another credential: cut, doubled, or with one character changed. */
const mangled = fc.oneof(
  fc.constant(undefined),
  fc.nat().map((at) => (whole: string) => whole.slice(0, 8 + (at % whole.length))),
  fc.nat().map((at) => (whole: string) => {
    const place = 8 + (at % (whole.length - 8));
    return `${whole.slice(0, place)}${whole[place] === 'A' ? 'B' : 'A'}${whole.slice(place + 1)}`;
  }),
  fc.constant((whole: string) => whole),
);

it(`answers whatever comes with a refusal that can be read, and sells nothing for it (seed ${seed})`, async () => {
  await fc.assert(
    fc.asyncProperty(path, body, mangled, fc.boolean(), async (where, sent, mangle, named) => {
      const headers = {
        'Content-Type': 'application/json',
        ...(mangle === undefined ? {} : { Authorization: mangle(credential) }),
      };
      const answer = await ask(rig, where, { text: sent, headers, key: named ? key : undefined });
      expect(answer.status).toBeLessThan(500);
      expect(answer.headers.get('content-type')).toMatch(/^application\/(problem\+)?json$/);
      expect(JSON.stringify(answer.body)).not.toContain(key);
    }),
    { numRuns, seed },
  );
  expect(rig.faults).toEqual([]);
  expect(await rig.db.read(accountSums)).toEqual([]);
  const done = await ask(rig, registerPath, {
    json: { domain: 'mine.agent' },
    key,
    headers: { Authorization: credential },
  });
  expect(done.status).toBe(200);
});
