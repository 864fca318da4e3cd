import { serializeChallenge } from '@farebox/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PayableRequest } from '../request.js';
import { openTestPurse, type TestPurse } from '../testing/purse.js';
import { QuirkyRegistrar } from '../testing/quirky-registrar.js';
import { Seller } from '../testing/seller.js';
import { type DiagnoseOptions, diagnose } from './diagnose.js';
import type { Finding } from './finding.js';

let registrar: QuirkyRegistrar;
let purse: TestPurse;

beforeAll(async () => {
  registrar = await new QuirkyRegistrar().listen();
  purse = openTestPurse(registrar.seller.node);
});
beforeEach(() => registrar.reset());
afterAll(async () => {
  purse.close();
  await registrar.close();
});

const key = ['X-API-Key', 'hd_agent_secret'] as const;
const json = ['Content-Type', 'application/json'] as const;
const mpp = ['X-Payment-Method', 'mpp'] as const;
const body = '{"domain":"myname","tld":"chatbot","years":1}';
const order = (changes: Partial<PayableRequest> = {}): PayableRequest => ({
  url: registrar.registerUrl,
  headers: [key, json, mpp],
  body,
  ...changes,
});

/** Lightning is the method, as far as this test goes: its own points are tested with it. */
const examiners: DiagnoseOptions['examiners'] = [
  { method: 'lightning', intent: 'charge', examine: () => [] },
];

async function examine(request: PayableRequest = order(), options: Partial<DiagnoseOptions> = {}) {
  const { findings } = await diagnose(request, { examiners, ...options });
  expect(JSON.stringify(findings)).not.toContain('hd_agent_secret');
  expect(purse.node.paid).toHaveLength(0);
  const faults = findings.filter(({ level }) => level === 'fault');
  return { findings, faults, codes: faults.map(({ area, code }) => `${area}.${code}`) };
}

const find = (findings: readonly Finding[], code: string) =>
  findings.find((finding) => finding.code === code);

describe('a key over its limit', () => {
  it('is a fault of yours, and a note says that it may be paid without a key', async () => {
    const seller = await new Seller(async ({ response }) => {
      const challenge = serializeChallenge(await seller.challenge());
      response.writeHead(429, { 'www-authenticate': challenge, 'retry-after': '7' }).end();
    }).listen();
    try {
      const { codes, findings } = await examine({ url: seller.url, headers: [key] });
      expect(codes).toEqual(['answer.too_many']);
      expect(find(findings, 'offers_payment')).toMatchObject({
        level: 'note',
        next: expect.stringContaining('without the key'),
      });
      seller.behave(({ response }) => void response.writeHead(429).end());
      const { findings: unsold } = await examine({ url: seller.url, headers: [key] });
      expect(find(unsold, 'offers_payment')).toBeUndefined();
    } finally {
      await seller.close();
    }
  });
});

describe('a request that is right', () => {
  it('has no faults; that this seller does not bind its challenge to the body is a warning', async () => {
    const { faults, findings } = await examine();
    // The registrar locks the name for whoever asks: what is there afterwards is no stale lock.
    expect(registrar.locks.size).toBe(1);
    expect(faults).toEqual([]);
    expect(find(findings, 'lock')?.level).toBe('ok');
    expect(find(findings, 'api_key')?.level).toBe('ok');
    expect(find(findings, 'body_kept')?.level).toBe('ok');
    expect(find(findings, 'clock')?.level).toBe('ok');
    expect(find(findings, 'refused')?.level).toBe('ok');
    expect(find(findings, 'digest')).toMatchObject({ level: 'warning', blame: 'seller' });
  });

  it('rehearses exactly the replay: everything again, and the credential', async () => {
    await examine();
    const [first, second] = registrar.seller.seen.filter(({ url }) => url.endsWith('/register'));
    expect([second?.method, second?.url, second?.body]).toEqual([first?.method, first?.url, first?.body]);
    expect(second?.headers['x-api-key']).toBe('hd_agent_secret');
    expect(second?.headers['content-type']).toBe('application/json');
    expect(second?.headers['x-payment-method']).toBe('mpp');
    expect(second?.credential?.challenge.id).toBeDefined();
    expect(first?.credential).toBeUndefined();
  });

  it('is asked once only when the rehearsal is not wanted', async () => {
    await examine(order(), { rehearse: false });
    expect(registrar.seller.credentials).toHaveLength(0);
  });
});

describe('identity', () => {
  it('in Authorization is replaced by the credential: your fault, and what to do', async () => {
    const { faults } = await examine(
      order({ headers: [['Authorization', 'Bearer hd_agent_secret'], json, mpp] }),
    );
    expect(find(faults, 'authorization_replaced')).toMatchObject({
      blame: 'you',
      next: expect.stringContaining('X-API-Key'),
    });
  });

  it('that is lost in the replay is noticed there too', async () => {
    registrar.reset({ needsIdentity: true });
    const { faults } = await examine(
      order({ headers: [['Authorization', 'Bearer hd_agent_secret'], json, mpp] }),
    );
    expect(find(faults, 'identity_lost')).toMatchObject({ area: 'identity', blame: 'you' });
  });

  it('stays in Authorization when the credential goes elsewhere', async () => {
    const { codes } = await examine(
      order({ headers: [['Authorization', 'Bearer hd_agent_secret'], json, mpp] }),
      {
        credentialPlace: 'payment-authorization',
      },
    );
    expect(codes).not.toContain('identity.authorization_replaced');
  });

  it('that is missing where one is needed', async () => {
    registrar.reset({ needsIdentity: true });
    const { faults } = await examine(order({ headers: [json, mpp] }));
    expect(find(faults, 'unauthorized')).toMatchObject({ area: 'identity', blame: 'you' });
  });
});

describe('a request that is read as a web form', () => {
  it.each(['redirect', 'html'] as const)('%s: a malformed request, never a success', async (form) => {
    registrar.reset({ form });
    const { faults } = await examine(order({ headers: [key, ['Content-Type', 'text/plain'], mpp] }));
    expect(find(faults, 'content_type')).toMatchObject({ area: 'request', blame: 'you' });
    const answer = find(faults, form === 'redirect' ? 'redirect_search' : 'html');
    expect(answer).toMatchObject({
      area: 'answer',
      blame: 'you',
      text: expect.stringContaining('never a success'),
    });
  });

  it.each(['redirect', 'html'] as const)(
    'in the replay only, with all headers kept (%s): the seller is to blame',
    async (form) => {
      registrar.reset({ form, readsReplayAsForm: true });
      const { faults } = await examine();
      const finding = find(faults, form === 'redirect' ? 'redirect_search' : 'html');
      expect(finding).toMatchObject({
        area: 'replay',
        blame: 'seller',
        next: expect.stringContaining('Do not pay here'),
      });
    },
  );

  const html = { 'content-type': 'text/html' };
  it.each([
    ['a page for a GET', { headers: [key] }, 200, html, 'html', 'no body'],
    [
      'a redirect to /search for a GET',
      { headers: [] },
      302,
      { location: '/search' },
      'redirect_search',
      'no body',
    ],
    ['a page for an order in JSON', { headers: [key, json, mpp], body }, 200, html, 'html', 'sent as JSON'],
    [
      'a redirect to /search for an order in JSON',
      { headers: [key, json, mpp], body },
      302,
      { location: '/search?q=' },
      'redirect_search',
      'sent as JSON',
    ],
  ] as const)('%s, at once: the seller is to blame', async (_name, request, status, headers, code, next) => {
    const seller = await new Seller().listen();
    seller.behave(({ response }) => void response.writeHead(status, headers).end('<html></html>'));
    try {
      const { faults } = await examine({ ...request, url: `${seller.url}/v1/price` });
      expect(find(faults, code)).toMatchObject({
        area: 'answer',
        blame: 'seller',
        next: expect.stringContaining(next),
      });
      expect(find(faults, code)?.next).not.toContain('Send the JSON body');
    } finally {
      await seller.close();
    }
  });

  it('a body that is not the JSON it says it is', async () => {
    const { codes } = await examine({
      ...order({ body: '{"domain":' }),
      url: `${registrar.seller.url}/elsewhere`,
    });
    expect(codes).toContain('request.body_not_json');
  });
});

describe('locks', () => {
  it('of an interrupted payment of our own: finish it, or clear it, and never by itself', async () => {
    registrar.locks.set('myname.chatbot', 'hd_agent_secret');
    const { faults } = await examine();
    const lock = find(faults, 'stale_lock');
    expect(lock).toMatchObject({
      area: 'lock',
      blame: 'you',
      next: expect.stringContaining('farebox pay resume'),
    });
    expect(lock?.next).toContain(`${registrar.seller.url}/api/v1/domains/myname.chatbot/reset-lock`);
    expect(registrar.locks.get('myname.chatbot')).toBe('hd_agent_secret');
    expect(registrar.seller.seen.map(({ url }) => url)).not.toContain(
      '/api/v1/domains/myname.chatbot/reset-lock',
    );
  });

  it('of somebody else: wait', async () => {
    registrar.locks.set('myname.chatbot', 'another agent');
    const { faults } = await examine();
    expect(find(faults, 'locked')).toMatchObject({ area: 'lock', next: expect.stringContaining('Wait') });
  });

  it('are not asked about for names that could lead elsewhere', async () => {
    await examine(order({ body: '{"domain":"../../admin","tld":"x?y"}' }));
    expect(registrar.seller.seen.every(({ url }) => url.endsWith('/register'))).toBe(true);
  });
});

describe('texts of refusals that sellers are known for', () => {
  it.each([
    ['AccountKeychainError(KeyNotFound(KeyNotFound))', 'access key'],
    ['Invalid payment authorization', 'X-API-Key'],
  ])('%s', async (refusal, advice) => {
    registrar.reset({ refusal });
    const { findings } = await examine();
    expect(find(findings, 'known_text')?.next).toContain(advice);
  });
});

describe('the wallet against the registrar', () => {
  const limits = { max: { amount: 5n, currency: 'sat' } };

  it('keeps identity, body and type, and gets the name', async () => {
    const result = await purse.wallet.pay(order(), limits);
    expect(result.kind).toBe('delivered');
    expect(registrar.names.get('myname.chatbot')).toBe('hd_agent_secret');
  });

  it('calls a 302 to /search after paying a refusal, keeps the credit, and redeems it later', async () => {
    registrar.reset({ readsReplayAsForm: true });
    const failed = await purse.wallet.pay(order(), limits).catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: 'seller_refused', status: 302, exitClass: 'credit', spent: 'yes' });
    const { quirks } = registrar;
    registrar.quirks = { ...quirks, readsReplayAsForm: false };
    const [entry] = purse.journal.list({ limit: 1 });
    const resumed = await purse.wallet.resume(entry?.id ?? '', { headers: [key] });
    expect(resumed.kind).toBe('delivered');
    expect(registrar.names.get('myname.chatbot')).toBe('hd_agent_secret');
  });
});
