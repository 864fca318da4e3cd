import { startTempoDevnet, type TempoDevnet } from '@farebox/devnet/tempo';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { accountSums } from '../store/entries.js';
import {
  ask,
  challengeOf,
  fundedAccount,
  newAgent,
  payLightning,
  problemIn,
  receiptOf,
  registerPath,
  signTempo,
} from '../testing/client.js';
import { openRig, type Rig } from '../testing/rig.js';

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
const seed = { 'X-Payment-Method': 'mpp' };

describe('registering', () => {
  it('R9, R18: is paid on Tempo, chain 4217, by the agent of X-API-Key, and done', async () => {
    const { id, key } = await newAgent(rig);
    const asked = await ask(rig, registerPath, { json: order, key, headers: seed });
    expect(asked.status).toBe(402);
    expect(asked.body).toMatchObject({
      ...{ status: 402, result: 'payment_required', protocol: 'mpp', network: 'tempo-mainnet' },
      ...{ amount: 0.52, amount_units: 'display', currency: 'pathUSD', chain_id: 4217 },
      payment_request: { amount: '520000', amount_units: 'base', chainId: 4217 },
    });
    expect(asked.headers.get('cache-control')).toBe('no-store');
    const credential = await signTempo(chain, await fundedAccount(chain), asked);
    const headers = { ...seed, Authorization: credential };
    const done = await ask(rig, registerPath, { json: order, key, headers });
    expect(done.body).toMatchObject({ success: true, domain: 'myname.chatbot', owner_id: id });
    expect(done.status).toBe(200);
    expect(receiptOf(done)).toMatchObject({ method: 'tempo', status: 'success' });
    expect(await chain.balance(rig.recipient)).toBe(520_000n);
    const mine = await ask(rig, '/api/v1/my-domains', { headers: { Authorization: `Bearer ${key}` } });
    expect(mine.body.data).toMatchObject([{ id: 'myname.chatbot', status: 'registered' }]);
  });

  it('is paid over Lightning for the very same challenge answer', async () => {
    const { key } = await newAgent(rig);
    const asked = await ask(rig, registerPath, { json: order, key });
    challengeOf(asked, 'tempo');
    const headers = { Authorization: await payLightning(rig, asked) };
    const done = await ask(rig, registerPath, { json: order, key, headers });
    expect(done.status).toBe(200);
    expect(receiptOf(done)).toMatchObject({ method: 'lightning' });
    expect(await rig.db.read(accountSums)).toEqual([
      { account: 'payment:lightning', currency: 'sat', amount: -1_000n },
      { account: 'sales:register', currency: 'sat', amount: 1_000n },
    ]);
  });

  it.each([
    ['last', (receipt: string) => ({ ...order, receipt })],
    ['first', (receipt: string) => ({ receipt, ...order })],
  ])(
    'R10: takes the credential as the body’s receipt too, added to the same JSON as its %s member',
    async (_where, added) => {
      const { key } = await newAgent(rig);
      const asked = await ask(rig, registerPath, { json: order, key });
      const receipt = (await signTempo(chain, await fundedAccount(chain), asked)).replace(/^Payment /, '');
      const moved = await ask(rig, registerPath, { json: { ...added(receipt), years: 2 }, key });
      expect(moved.status).not.toBe(200);
      const done = await ask(rig, registerPath, { json: added(receipt), key });
      expect([done.status, receiptOf(done).method]).toEqual([200, 'tempo']);
    },
  );

  it('offers the one way of paying that X-MPP-Network or mpp_network asks for', async () => {
    const { key } = await newAgent(rig);
    const methodsFor = async (json: object, network?: string) => {
      const headers: Record<string, string> = network === undefined ? {} : { 'X-MPP-Network': network };
      const { status, body } = await ask(rig, registerPath, { json, key, headers });
      return status === 402 ? body.payment_methods : status;
    };
    expect(await methodsFor(order, 'tempo')).toEqual(['tempo']);
    expect(await methodsFor({ ...order, mpp_network: 'lightning' })).toEqual(['lightning']);
    expect(await methodsFor({ ...order, mpp_network: 'lightning' }, 'tempo')).toBe(400);
    expect(await methodsFor(order, 'base')).toBe(400);
  });

  it('renewed by somebody without a key stays its owner’s', async () => {
    const { id, key } = await newAgent(rig);
    const headers = {
      Authorization: await payLightning(rig, await ask(rig, registerPath, { json: order, key })),
    };
    await ask(rig, registerPath, { json: order, key, headers });
    const json = { domain: 'myname.chatbot' };
    const asked = await ask(rig, '/api/v1/renew', { json });
    const gift = { Authorization: await signTempo(chain, await fundedAccount(chain), asked) };
    const renewed = await ask(rig, '/api/v1/renew', { json, headers: gift });
    expect([renewed.status, renewed.body.owner_id]).toEqual([200, id]);
    expect(renewed.body.agent_id).not.toBe(id);
    const mine = await ask(rig, '/api/v1/my-domains', { key });
    expect(mine.body.data).toMatchObject([{ expiry_date: renewed.body.expiry_date }]);
  });

  it('R28: a credential with another identity is refused, and stays good for its own', async () => {
    const [one, other] = [await newAgent(rig), await newAgent(rig)];
    const asked = await ask(rig, registerPath, { json: order, key: one.key });
    const headers = { Authorization: await payLightning(rig, asked) };
    for (const key of [other.key, undefined])
      expect((await ask(rig, registerPath, { json: order, key, headers })).status).toBe(403);
    expect((await ask(rig, registerPath, { json: order, key: one.key, headers })).status).toBe(200);
  });

  it('without a key makes the identity of the payer, and shows its key', async () => {
    const account = await fundedAccount(chain);
    const asked = await ask(rig, registerPath, { json: order });
    const headers = { Authorization: await signTempo(chain, account, asked) };
    const done = await ask(rig, registerPath, { json: order, headers });
    expect(done.status).toBe(200);
    const me = await ask(rig, '/api/v1/agents/me', { key: String(done.body.api_key) });
    expect(me.body).toMatchObject({ agent_id: done.body.owner_id, identity_from: 'payment' });
    // Who pays again is the same.
    const next = { ...order, domain: 'another' };
    const second = await ask(rig, registerPath, { json: next });
    const paid = await ask(rig, registerPath, {
      json: next,
      headers: { Authorization: await signTempo(chain, account, second) },
    });
    expect(paid.body).toMatchObject({ owner_id: done.body.owner_id });
    expect(paid.body).not.toHaveProperty('api_key');
  });

  it('shows the key of such an identity again with a kept answer, and keeps it nowhere', async () => {
    const asked = await ask(rig, registerPath, { json: order });
    const headers = { Authorization: await payLightning(rig, asked), 'Idempotency-Key': 'mine' };
    const first = await ask(rig, registerPath, { json: order, headers });
    const again = await ask(rig, registerPath, { json: order, headers });
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(again.body).toEqual(first.body);
    expect(first.body.api_key).toMatch(/^hd_agent_/);
    const kept = Buffer.from((await rig.ledger.answer(1))?.body ?? []).toString();
    expect(kept).toContain('myname.chatbot');
    expect(kept).not.toContain('hd_agent_');
  });

  it.each(['tempo', 'lightning'])(
    'presented five times at once over %s, is one order and one charge',
    async (rail) => {
      const { key } = await newAgent(rig);
      const asked = await ask(rig, registerPath, { json: order, key });
      const Authorization =
        rail === 'tempo'
          ? await signTempo(chain, await fundedAccount(chain), asked)
          : await payLightning(rig, asked);
      const present = () => ask(rig, registerPath, { json: order, key, headers: { Authorization } });
      const statuses = (await Promise.all([1, 2, 3, 4, 5].map(present))).map(({ status }) => status);
      expect(statuses.filter((status) => status === 200)).toHaveLength(1);
      for (const status of statuses) expect([200, 402, 409]).toContain(status);
      expect(await rig.db.read(accountSums)).toHaveLength(2);
      expect(await chain.balance(rig.recipient)).toBe(rail === 'tempo' ? 520_000n : 0n);
    },
  );

  it('R27: a payment that does not verify is 402 with a fresh challenge, and takes nothing away', async () => {
    const { key } = await newAgent(rig);
    const asked = await ask(rig, registerPath, { json: order, key });
    const good = await payLightning(rig, asked);
    const forged = await payLightning(rig, asked).then((credential) => {
      const text = Buffer.from(credential.split(' ')[1] ?? '', 'base64url').toString();
      return `Payment ${Buffer.from(text.replace(/"preimage":"[0-9a-f]{64}"/, `"preimage":"${'0'.repeat(64)}"`)).toString('base64url')}`;
    });
    const refused = await ask(rig, registerPath, { json: order, key, headers: { Authorization: forged } });
    expect(refused.status).toBe(402);
    expect(problemIn(refused).type).toMatch(/invalid-preimage/);
    expect(problemIn(refused).detail).toMatch(/^Payment authorization did not verify\. /);
    expect(JSON.stringify(refused.body)).not.toContain('0'.repeat(64));
    challengeOf(refused, 'tempo');
    expect(
      (await ask(rig, registerPath, { json: order, key, headers: { Authorization: good } })).status,
    ).toBe(200);
  });
});
