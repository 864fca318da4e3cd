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
  'name',
  'type',
  'data',
  'bio',
  'token',
  'claim_code',
  'human',
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

it('refuses a text that a store would change, wherever it stands, and takes what only looks like one', async () => {
  const agent = await newAgent(rig);
  const asked = await ask(rig, registerPath, { json: { domain: 'texts.agent' }, key: agent.key });
  const Authorization = await payLightning(rig, asked);
  const bought = await ask(rig, registerPath, {
    json: { domain: 'texts.agent' },
    key: agent.key,
    headers: { Authorization },
  });
  expect(bought.status).toBe(200);
  const records = '/api/v1/domains/texts.agent/records';
  const subscribe = '/api/v1/webhooks/subscribe';
  const hook = { target_url: 'https://a.example/', events: ['domain.renewed'] };
  const refused: readonly (readonly [path: string, json?: object | undefined, method?: string])[] = [
    [records, { type: 'TXT', data: 'a\u0000b' }],
    [records, { type: 'TXT', data: '\ud800' }],
    [subscribe, { ...hook, secret: '\u0000123456789abcdef' }],
    [subscribe, { ...hook, secret: '0123456789abcdef\udc00' }],
    [subscribe, { ...hook, target_url: 'https://a.example/\u0000', secret: 's'.repeat(16) }],
    ['/api/v1/domains/texts.agent/bio', { capabilities: ['\udfff'] }],
    ['/api/v1/my-domains?after=%00'],
    ['/api/v1/search?q=%00'],
    [`${records}/rec%00`, undefined, 'DELETE'],
    ['/api/v1/webhooks/%00', undefined, 'DELETE'],
    ['/api/v1/domains/a%00.agent/records'],
  ];
  for (const [path, json, method] of refused) {
    const answer = await ask(rig, path, { json, key: agent.key, ...(method && { method }) });
    expect([path, json, answer.status]).toEqual([path, json, 400]);
  }
  // A challenge's id is compared with the store's before anything is known of it.
  const echo = { id: 'a\u0000b', realm: 'x', method: 'lightning', intent: 'charge', request: 'e30' };
  const forged = Buffer.from(JSON.stringify({ challenge: echo, payload: {} })).toString('base64url');
  const presented = await ask(rig, registerPath, {
    json: { domain: 'other.agent' },
    key: agent.key,
    headers: { Authorization: `Payment ${forged}` },
  });
  expect(presented.status).toBe(402);
  const data = 'a\\u0000b %00 \u{1f600}';
  const written = await ask(rig, records, { json: { type: 'TXT', data }, key: agent.key });
  expect(written.status).toBe(201);
  expect((await ask(rig, records, { key: agent.key })).body.data).toMatchObject([{ data }]);
  expect(rig.faults).toEqual([]);
});
