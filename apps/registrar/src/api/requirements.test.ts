import { startTempoDevnet, type TempoDevnet } from '@farebox/devnet/tempo';
import { parseChallenges } from '@farebox/protocol';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  ask,
  challengeOf,
  fundedAccount,
  newAgent,
  payLightning,
  problemIn,
  type Read,
  receiptOf,
  registerPath,
  signTempo,
} from '../testing/client.js';
import { openRig, type Rig } from '../testing/rig.js';

// What the document asks of the server, by its numbers, on a real Tempo chain.
let chain: TempoDevnet;
let rig: Rig;
beforeAll(async () => {
  chain = await startTempoDevnet();
});
afterAll(() => chain.close());
beforeEach(async () => {
  rig = await openRig({ chain });
});
afterEach(async () => {
  await rig.close();
  expect(rig.faults).toEqual([]);
});

const order = { domain: 'myname', tld: 'chatbot', years: 1 };

/** Pays for what was asked, on the chain. */
const paidOnTempo = async (asked: Read) => signTempo(chain, await fundedAccount(chain), asked);

/** Registers a name, paid on the chain. */
async function buy(key: string | undefined, json: object = order, path = registerPath) {
  const asked = await ask(rig, path, { json, key });
  const headers = { Authorization: await paidOnTempo(asked) };
  return ask(rig, path, { json, key, headers });
}

describe('identity', () => {
  it('R1: is a key in X-API-Key', async () => {
    const { id, key } = await newAgent(rig);
    expect(key).toMatch(/^hd_agent_[A-Za-z0-9_-]{43}$/);
    expect((await ask(rig, '/api/v1/agents/me', { key })).body.agent_id).toBe(id);
    expect((await buy(key)).body).toMatchObject({
      owner_id: id,
      target_owner_id: id,
      reseller_channel: null,
    });
  });

  it('R2: is the same key as a Bearer, on calls that carry no payment', async () => {
    const { id, key } = await newAgent(rig);
    const bearer = { Authorization: `Bearer ${key}` };
    expect((await ask(rig, '/api/v1/agents/me', { headers: bearer })).body.agent_id).toBe(id);
    // The order may be asked for with it; what is paid says who with the key, as Authorization is taken.
    const asked = await ask(rig, registerPath, { json: order, headers: bearer });
    const headers = { Authorization: await paidOnTempo(asked) };
    expect((await ask(rig, registerPath, { json: order, headers })).status).toBe(403);
    expect((await ask(rig, registerPath, { json: order, key, headers })).body.owner_id).toBe(id);
    for (const headers of [
      {},
      { 'X-API-Key': 'hd_agent_wrong' },
      { Authorization: 'Bearer x' },
      { Authorization: key },
    ]) {
      const refused = await ask(rig, '/api/v1/agents/me', { headers });
      expect(refused.status).toBe(401);
      expect(refused.headers.get('www-authenticate')).toContain('resource_metadata=');
    }
    const both = { 'X-API-Key': key, Authorization: `Bearer ${(await newAgent(rig)).key}` };
    expect((await ask(rig, '/api/v1/agents/me', { headers: both })).status).toBe(401);
  });

  it('R3: a wrong key is refused before any payment is looked at', async () => {
    const { key } = await newAgent(rig);
    const asked = await ask(rig, registerPath, { json: order, key });
    const headers = { Authorization: await paidOnTempo(asked) };
    expect((await ask(rig, registerPath, { json: order, key: 'hd_agent_x', headers })).status).toBe(401);
    expect(await chain.balance(rig.recipient)).toBe(0n);
    expect((await ask(rig, registerPath, { json: order, key, headers })).status).toBe(200);
  });

  it('is taken back for good, and a claim code works once', async () => {
    const { id, key, claim } = await newAgent(rig);
    const json = { claim_code: claim, human: 'Ann' };
    expect((await ask(rig, '/api/v1/agents/claim', { json })).body).toMatchObject({ agent_id: id });
    expect((await ask(rig, '/api/v1/agents/claim', { json })).status).toBe(404);
    expect((await ask(rig, '/api/v1/agents/me', { key })).body).toMatchObject({ claim_state: 'claimed' });
    for (const token of [key, key, 'never one']) {
      const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
      expect((await ask(rig, '/oauth2/revoke', { text: `token=${token}`, headers: form })).status).toBe(200);
    }
    expect((await ask(rig, '/api/v1/agents/me', { key })).status).toBe(401);
  });

  it('is given to one address only so often', async () => {
    const { limitsDefault } = await import('../registrar.js');
    await rig.restart({ limits: limitsDefault });
    for (let n = 0; n < 10; n++) await newAgent(rig);
    const refused = await ask(rig, '/agent-auth', { json: {} });
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(60);
  });
});

describe('an order', () => {
  it('R5: is paid as header and body say, if they say the same', async () => {
    const { key } = await newAgent(rig);
    const asked = (json: object, header?: string) =>
      ask(rig, registerPath, {
        json,
        key,
        headers: header === undefined ? {} : { 'X-Payment-Method': header },
      });
    expect((await asked({ ...order, payment_method: 'gems' }, 'mpp')).status).toBe(400);
    expect((await asked({ ...order, payment_method: 'cash' })).status).toBe(400);
    expect((await asked({ ...order, payment_method: 'MPP' }, 'mpp')).status).toBe(402);
  });

  it('R6: needs agreed_to_terms where that is strict, before any challenge; compat takes the seed’s body', async () => {
    const { key } = await newAgent(rig);
    expect((await ask(rig, registerPath, { json: { ...order, agreed_to_terms: false }, key })).status).toBe(
      400,
    );
    await rig.restart({ termsRequired: true });
    const refused = await ask(rig, registerPath, { json: order, key });
    expect(problemIn(refused)).toMatchObject({ status: 400, code: 'terms-not-agreed' });
    expect(refused.headers.has('www-authenticate')).toBe(false);
    expect(await chain.balance(rig.recipient)).toBe(0n);
    expect((await buy(key, { ...order, agreed_to_terms: true })).status).toBe(200);
  });

  it('R4: names its domain in one way, and is refused for what is reserved or not sold', async () => {
    const { key } = await newAgent(rig);
    const statusOf = async (json: object) => (await ask(rig, registerPath, { json, key })).status;
    expect(await statusOf({ ...order, namespace: 'agent' })).toBe(400);
    expect(await statusOf({ domain: 'trademark', namespace: 'agent' })).toBe(403);
    expect(await statusOf({ domain: 'x', namespace: 'boss' })).toBe(400);
    expect(await statusOf({ ...order, years: 11 })).toBe(400);
    expect(await statusOf({ ...order, years: 0.5 })).toBe(400);
    expect(
      (await ask(rig, registerPath, { text: '{"domain":', headers: { 'Content-Type': 'application/json' } }))
        .status,
    ).toBe(400);
    expect(await statusOf({ ...order, domain: 'x'.repeat(70_000) })).toBe(413);
  });

  it('R7: is 402 with a Payment challenge for each way of paying, in the field and in the body', async () => {
    const { key } = await newAgent(rig);
    const asked = await ask(rig, registerPath, { json: order, key });
    expect([asked.status, challengeOf(asked, 'tempo').intent]).toEqual([402, 'charge']);
    const { challenges } = parseChallenges([String(asked.body.www_authenticate)]);
    expect(challenges).toEqual([challengeOf(asked, 'tempo'), challengeOf(asked, 'lightning')]);
  });

  it('R16: is bound to its very bytes, and to its method (R11) and URL (R12)', async () => {
    const { key } = await newAgent(rig);
    const asked = await ask(rig, registerPath, { json: order, key });
    expect(challengeOf(asked, 'tempo').digest).toMatch(/^sha-256=:/);
    const headers = { 'Content-Type': 'application/json', Authorization: await paidOnTempo(asked) };
    const spaced = JSON.stringify(order, null, 1);
    const refused = await ask(rig, registerPath, { text: spaced, key, headers });
    expect([402, 403]).toContain(refused.status);
    for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS']) {
      const other = await ask(rig, registerPath, { method, key, headers });
      expect([method, other.status, other.headers.get('allow')]).toEqual([method, 405, 'POST']);
    }
    const elsewhere = await ask(rig, `${registerPath}?x=1`, { text: JSON.stringify(order), key, headers });
    expect([402, 403]).toContain(elsewhere.status);
    expect(await chain.balance(rig.recipient)).toBe(0n);
    const done = await ask(rig, registerPath, { text: JSON.stringify(order), key, headers });
    expect(done.status).toBe(200);
    expect(receiptOf(done).challengeId).toBe(challengeOf(asked, 'tempo').id);
    expect(done.headers.get('cache-control')).toBe('private');
    // Used up: nothing is sold twice for it.
    expect((await ask(rig, registerPath, { text: JSON.stringify(order), key, headers })).status).toBe(409);
  });

  it('R8: renews on both paths, by exactly the years that were bought', async () => {
    const { key } = await newAgent(rig);
    const { body } = await buy(key);
    const end = new Date(String(body.expiry_date));
    for (const [path, json, years] of [
      ['/api/v1/renew', { domain: 'myname.chatbot', years: 2 }, 2],
      ['/api/v1/domains/renew', { domain: 'myname', tld: 'chatbot', years: 1 }, 3],
    ] as const) {
      const renewed = await buy(key, json, path);
      expect(renewed.status).toBe(200);
      const expected = new Date(end);
      expected.setUTCFullYear(end.getUTCFullYear() + years);
      expect(Date.parse(String(renewed.body.expiry_date))).toBe(expected.getTime());
    }
    const tooLong = { domain: 'myname.chatbot', years: 10 };
    expect((await ask(rig, '/api/v1/renew', { json: tooLong, key })).status).toBe(400);
    const stranger = await newAgent(rig);
    const one = { domain: 'myname.chatbot', years: 1 };
    expect((await ask(rig, '/api/v1/renew', { json: one, key: stranger.key })).status).toBe(403);
    expect((await ask(rig, '/api/v1/renew', { json: { domain: 'free.agent' }, key })).status).toBe(404);
  });

  it('R27: whose payment does not move is 402 with a fresh challenge, says so once, and costs nothing', async () => {
    const { key } = await newAgent(rig);
    const asked = await ask(rig, registerPath, { json: order, key });
    const account = await fundedAccount(chain, 600_000n);
    // Enough when it was signed, and not any more when it is presented.
    const Authorization = await signTempo(chain, account, asked);
    const before = await ask(rig, registerPath, { json: { ...order, domain: 'other' }, key });
    const spent = { Authorization: await signTempo(chain, account, before) };
    expect(
      (await ask(rig, registerPath, { json: { ...order, domain: 'other' }, key, headers: spent })).status,
    ).toBe(200);
    const headers = { Authorization };
    const refused = await ask(rig, registerPath, { json: order, key, headers });
    expect(refused.status).toBe(402);
    expect(problemIn(refused).detail?.match(/payment authorization/gi)).toHaveLength(1);
    expect(problemIn(refused).detail).toMatch(
      /^(Payment authorization did not verify|Invalid payment authorization)/,
    );
    await chain.fund(account.address, 10_000_000n);
    const anew = { Authorization: await signTempo(chain, account, refused) };
    expect((await ask(rig, registerPath, { json: order, key, headers: anew })).status).toBe(200);
    expect(await chain.balance(rig.recipient)).toBe(1_040_000n);
  });

  it('R19: that has lost its JSON is told so; a browser’s form goes to the search page', async () => {
    const { key } = await newAgent(rig);
    const asked = await ask(rig, registerPath, { json: order, key });
    const Authorization = await payLightning(rig, asked);
    const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const text = 'domain=myname&tld=chatbot&years=1';
    for (const headers of [
      { ...form, Authorization },
      { ...form, 'X-Payment-Method': 'mpp' },
      { 'Content-Type': 'text/plain', Authorization },
    ]) {
      const refused = await ask(rig, registerPath, { text, key, headers });
      expect(refused.status).toBe(415);
      expect(problemIn(refused).detail).toMatch(/application\/json.*Nothing was charged/);
      expect(JSON.stringify(refused.body)).not.toContain(key);
    }
    const plain = await ask(rig, registerPath, { text, headers: form });
    expect([plain.status, plain.headers.get('location')]).toEqual([302, '/search']);
    expect((await ask(rig, registerPath, { json: order, key, headers: { Authorization } })).status).toBe(200);
  });

  it('R20: is answered 200 with JSON and a receipt, or not at all: no API path redirects', async () => {
    const { key } = await newAgent(rig);
    const done = await buy(key);
    expect(done.headers.get('content-type')).toBe('application/json');
    receiptOf(done);
  });
});
