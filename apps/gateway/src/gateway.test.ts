import { parseReceipt, type Receipt, serializeCredential } from '@farebox/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { challengeOf, claims, openRig, payFor, type Rig, type RigOptions } from './testing/rig.js';

let rig: Rig | undefined;
async function opened(options?: RigOptions): Promise<Rig> {
  rig = await openRig(options);
  return rig;
}
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

function receiptOf(text: string | undefined): Receipt {
  const receipt = parseReceipt(text ?? '');
  if (!receipt.ok) throw new Error(receipt.detail);
  return receipt.value;
}

const PROBLEMS = 'https://paymentauth.org/problems';

describe('what a client sees (design §3)', () => {
  it('without a credential: 402 with a challenge, no-store and a problem', async () => {
    const { ask } = await opened();
    const reply = await ask('/paid/price');
    expect(reply.status).toBe(402);
    const challenge = challengeOf(reply);
    expect(challenge).toMatchObject({ realm: 'http://shop.test', method: 'lightning', intent: 'charge' });
    expect(reply.field('cache-control')).toBe('no-store');
    expect(reply.field('content-type')).toBe('application/problem+json');
    expect(reply.json()).toMatchObject({
      type: `${PROBLEMS}/payment-required`,
      status: 402,
      challengeId: challenge.id,
    });
  });

  it('paid: the upstream answer with a receipt, private', async () => {
    const { buy, ask, gateway } = await opened({
      listener: (_request, response) =>
        response.setHeader('Cache-Control', 'public, max-age=60').end('{"price":1}'),
    });
    const credential = await buy('/paid/price');
    const reply = await ask('/paid/price', { headers: ['Authorization', credential] });
    expect(reply.status).toBe(200);
    expect(reply.body.toString()).toBe('{"price":1}');
    expect(reply.fields('cache-control')).toEqual(['private']);
    const receipt = receiptOf(reply.field('payment-receipt'));
    expect(receipt).toMatchObject({ status: 'success', method: 'lightning' });
    expect(receipt.reference).toMatch(/^[0-9a-f]{64}$/);
    expect(await claims(gateway, 'answered')).toBe(1);
  });

  it('a used credential: 402 with a fresh challenge', async () => {
    const { buy, ask } = await opened();
    const credential = await buy('/paid/price');
    const headers = ['Authorization', credential];
    expect((await ask('/paid/price', { headers })).status).toBe(200);
    const replayed = await ask('/paid/price', { headers });
    expect(replayed.status).toBe(402);
    expect(challengeOf(replayed).id).not.toBe(credential);
    expect(replayed.field('payment-receipt')).toBeUndefined();
  });

  it('a malformed credential: 402 malformed-credential with a fresh challenge', async () => {
    const { ask } = await opened();
    const reply = await ask('/paid/price', { headers: ['Authorization', 'Payment !!!'] });
    expect(reply.status).toBe(402);
    expect(reply.json().type).toMatch(/malformed-credential$/);
    expect(challengeOf(reply).id).not.toBe('');
  });

  it('a wrong preimage: 402, and the right one still works', async () => {
    const { ask, node } = await opened();
    const unpaid = await ask('/paid/price');
    const payload = { preimage: '00'.repeat(32) };
    const wrong = serializeCredential({ challenge: challengeOf(unpaid), payload });
    const reply = await ask('/paid/price', { headers: ['Authorization', wrong] });
    expect(reply.status).toBe(402);
    expect(reply.json().type).toBe(`${PROBLEMS}/lightning/invalid-preimage`);
    const right = await payFor(node, unpaid);
    expect((await ask('/paid/price', { headers: ['Authorization', right] })).status).toBe(200);
  });

  it('another resource: 403 Forbidden that names both, and the credential is not consumed', async () => {
    const { buy, ask } = await opened();
    const credential = await buy('/paid/price');
    const headers = ['Authorization', credential];
    const reply = await ask('/paid/runes', { headers });
    expect(reply.status).toBe(403);
    expect(reply.json()).toMatchObject({
      type: `${PROBLEMS}/invalid-credential`,
      title: 'Forbidden',
      detail: 'Credential was issued for /paid/price, not /paid/runes',
    });
    expect((await ask('/paid/price', { headers })).status).toBe(200);
  });

  it('another resource with strict_402: 402', async () => {
    const { buy, ask } = await opened({ config: { strict_402: true } });
    const credential = await buy('/paid/price');
    expect((await ask('/paid/runes', { headers: ['Authorization', credential] })).status).toBe(402);
  });

  it('another method, query or body is another resource', async () => {
    const { buy, ask } = await opened();
    const get = ['Authorization', await buy('/paid/price')];
    expect((await ask('/paid/price', { headers: get, method: 'HEAD' })).status).toBe(403);
    expect((await ask('/paid/price?currency=usd', { headers: get })).status).toBe(403);
    expect((await ask('/paid/price', { headers: get })).status).toBe(200);
    const post = ['Authorization', await buy('/paid/order', { method: 'POST', body: '{"n":1}' })];
    const other = await ask('/paid/order', { headers: post, method: 'POST', body: '{"n":2}' });
    expect(other.status).toBeGreaterThanOrEqual(402);
    expect(other.status).toBeLessThan(404);
    expect((await ask('/paid/order', { headers: post, method: 'POST', body: '{"n":1}' })).status).toBe(200);
  });

  it.each([
    [undefined, 500],
    [503, 503],
  ] as const)('node unreachable (unavailable_status %s): %s with Retry-After', async (configured, status) => {
    const { ask } = await opened({
      config: configured === undefined ? {} : { unavailable_status: configured },
      node: (paper) => ({
        capabilities: paper.capabilities,
        info: () => paper.info(),
        createInvoice: () => Promise.reject(new Error('connection refused')),
        lookupInvoice: (hash) => paper.lookupInvoice(hash),
        cancelInvoice: (hash) => paper.cancelInvoice(hash),
        close: () => paper.close(),
      }),
    });
    const reply = await ask('/paid/price');
    expect(reply.status).toBe(status);
    expect(reply.json()).toMatchObject({ title: 'Payment service unavailable', status });
    expect(reply.field('retry-after')).toBeDefined();
  });

  it('two Payment credentials: 400, in two fields of either name', async () => {
    const { buy, ask } = await opened();
    const one = await buy('/paid/price');
    const two = await buy('/paid/price');
    for (const headers of [
      ['Authorization', one, 'Authorization', two],
      ['Authorization', one, 'Payment-Authorization', two],
    ]) {
      expect((await ask('/paid/price', { headers })).status).toBe(400);
    }
    expect((await ask('/paid/price', { headers: ['Authorization', one] })).status).toBe(200);
  });

  it('Payment-Authorization is accepted, and Authorization of another scheme reaches the upstream', async () => {
    const seen: (string | undefined)[] = [];
    const { buy, ask } = await opened({
      listener: (request, response) => {
        seen.push(request.headers.authorization);
        response.end('ok');
      },
    });
    const credential = await buy('/paid/price');
    const headers = ['Authorization', 'Bearer theirs', 'Payment-Authorization', credential];
    expect((await ask('/paid/price', { headers })).status).toBe(200);
    expect(seen).toEqual(['Bearer theirs']);
  });
});

describe('routing', () => {
  it('is default deny: no route is 404 without an offer of payment', async () => {
    const { ask } = await opened();
    const reply = await ask('/elsewhere');
    expect(reply.status).toBe(404);
    expect(reply.field('content-type')).toBe('application/problem+json');
    expect(reply.field('www-authenticate')).toBeUndefined();
  });

  it('a known path with another method is 405 with Allow', async () => {
    const { ask } = await opened({ routes: [{ match: 'GET /paid/*', upstream: 'api', price: '1 sat' }] });
    const reply = await ask('/paid/price', { method: 'POST', body: 'x' });
    expect(reply.status).toBe(405);
    expect(reply.field('allow')).toBe('GET, HEAD');
  });

  it('HEAD on a GET route is its own priced request', async () => {
    const { ask, askPaid } = await opened({
      routes: [{ match: 'GET /paid/*', upstream: 'api', price: '1 sat' }],
    });
    expect((await ask('/paid/price', { method: 'HEAD' })).status).toBe(402);
    const reply = await askPaid('/paid/price', { method: 'HEAD' });
    expect(reply.status).toBe(200);
    expect(reply.body.length).toBe(0);
    expect(reply.field('payment-receipt')).toBeDefined();
  });

  it('answers OPTIONS * itself and refuses absolute-form, authority-form and nonsense', async () => {
    const { ask } = await opened();
    expect((await ask('*', { method: 'OPTIONS' })).status).toBe(204);
    expect((await ask('http://127.0.0.1/paid/price')).status).toBe(400);
    expect((await ask('paid/price')).status).toBe(400);
  });

  it('refuses WebSocket before any payment', async () => {
    const { ask } = await opened();
    const headers = ['Connection', 'Upgrade', 'Upgrade', 'websocket'];
    expect((await ask('/paid/price', { headers })).status).toBe(400);
    // Without Connection it is an offer that a server may ignore (RFC 9110 §7.8).
    expect((await ask('/paid/price', { headers: headers.slice(2) })).status).toBe(402);
  });
});

describe('GET /healthz', () => {
  it('says ok while ledger and node answer', async () => {
    const { ask } = await opened();
    const reply = await ask('/healthz');
    expect(reply.status).toBe(200);
    expect(reply.json()).toEqual({ status: 'ok', ledger: 'ok', node: 'ok' });
    expect((await ask('/healthz', { method: 'POST' })).status).toBe(405);
  });

  it('says 503 and which part does not answer', async () => {
    const { ask } = await opened({
      node: (paper) => ({
        capabilities: paper.capabilities,
        info: () => Promise.reject(new Error('gone')),
        createInvoice: (request) => paper.createInvoice(request),
        lookupInvoice: (hash) => paper.lookupInvoice(hash),
        cancelInvoice: (hash) => paper.cancelInvoice(hash),
        close: () => paper.close(),
      }),
    });
    const reply = await ask('/healthz');
    expect(reply.status).toBe(503);
    expect(reply.json()).toEqual({ status: 'unavailable', ledger: 'ok', node: 'unavailable' });
  });

  it('can be switched off', async () => {
    const { ask } = await opened({ config: { healthz: false } });
    expect((await ask('/healthz')).status).toBe(404);
  });
});

describe('one credential, many at a time', () => {
  it('is served exactly once', async () => {
    const { buy, ask, gateway } = await opened();
    const headers = ['Authorization', await buy('/paid/price')];
    const replies = await Promise.all(Array.from({ length: 200 }, () => ask('/paid/price', { headers })));
    expect(replies.filter((reply) => reply.status === 200)).toHaveLength(1);
    expect(await claims(gateway, 'answered')).toBe(1);
    for (const reply of replies) expect([200, 402, 409]).toContain(reply.status);
  });
});
