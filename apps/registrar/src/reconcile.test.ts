import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tidyStore } from './housekeeping.js';
import { graceMs, yearsLater } from './life/domain-life.js';
import { reconcileOrders } from './reconcile.js';
import { httpRegistry } from './registry/http-registry.js';
import { findDomain, removeDomain } from './store/domains.js';
import { accountSums, balanceOf } from './store/entries.js';
import { findPurchase, findUnsettled, insertPurchase, stepPurchase } from './store/purchases.js';
import { ask, newAgent, payLightning, problemIn, type Read, registerPath } from './testing/client.js';
import { type ExternalRegistry, startExternalRegistry } from './testing/external-registry.js';
import { openRig, type Rig } from './testing/rig.js';

let registry: ExternalRegistry;
let rig: Rig;
beforeEach(async () => {
  registry = await startExternalRegistry();
  rig = await openRig({ registry: httpRegistry({ url: registry.url }) });
});
afterEach(async () => {
  await rig.close();
  await registry.close();
});

const json = { domain: 'myname', namespace: 'agent', years: 1 };

/** An order that was paid, and about whose outcome the registry went quiet. */
async function lost() {
  const agent = await newAgent(rig);
  const asked = await ask(rig, registerPath, { json, key: agent.key });
  const Authorization = await payLightning(rig, asked);
  registry.mode = 'quiet';
  const present = () => ask(rig, registerPath, { json, key: agent.key, headers: { Authorization } });
  const answer = await present();
  expect(answer.status).toBe(504);
  expect(problemIn(answer).retry).toBe('resume');
  return { agent, present };
}

describe('a registry that goes quiet after it has acted', () => {
  it('has registered the name once, when the same credential comes again: one charge', async () => {
    const { present } = await lost();
    registry.mode = 'well';
    expect((await present()).status).toBe(200);
    expect(registry.acted).toBe(1);
    expect(await rig.db.read(accountSums)).toEqual([
      { account: 'payment:lightning', currency: 'sat', amount: -1_000n },
      { account: 'sales:register', currency: 'sat', amount: 1_000n },
    ]);
  });

  it('is reconciled without the buyer, who gets the answer later', async () => {
    const { agent, present } = await lost();
    expect(await reconcileOrders(rig.registrar.desk)).toMatchObject([
      { domain: 'myname.agent', outcome: 'unknown' },
    ]);
    // As long as nobody knows, nobody else gets the name, and no reset frees it.
    rig.clock.nowMs += 24 * 3_600_000;
    const other = await newAgent(rig);
    expect((await ask(rig, registerPath, { json, key: other.key })).status).toBe(423);
    const reset = '/api/v1/domains/myname.agent/reset-lock';
    expect((await ask(rig, reset, { method: 'POST', key: agent.key })).status).toBe(409);
    registry.mode = 'well';
    await rig.restart();
    expect(await reconcileOrders(rig.registrar.desk)).toMatchObject([{ outcome: 'done' }]);
    expect(await reconcileOrders(rig.registrar.desk)).toEqual([]);
    expect((await ask(rig, '/api/v1/my-domains', { key: agent.key })).body.data).toMatchObject([
      { id: 'myname.agent' },
    ]);
    expect((await present()).body).toMatchObject({ success: true, idempotent_replay: true });
    expect(registry.acted).toBe(1);
    expect(await rig.ledger.totals()).toMatchObject([{ count: 1, paid: { amount: 1_000n } }]);
  });

  it('and says that it is still at work on the key is asked again, until it says what it did', async () => {
    const { agent, present } = await lost();
    registry.mode = 'busy';
    expect((await present()).status).toBe(504);
    expect(await reconcileOrders(rig.registrar.desk)).toMatchObject([{ outcome: 'unknown' }]);
    registry.mode = 'well';
    expect((await present()).body).toMatchObject({ success: true });
    expect(registry.acted).toBe(1);
    expect(await rig.db.read((sql) => balanceOf(sql, agent.id))).toBe(0n);
  });

  it('that refuses for good leaves the buyer what was paid', async () => {
    const agent = await newAgent(rig);
    const asked = await ask(rig, registerPath, { json, key: agent.key });
    const headers = { Authorization: await payLightning(rig, asked) };
    registry.mode = 'refuses';
    const answer = await ask(rig, registerPath, { json, key: agent.key, headers });
    expect(answer.body).toMatchObject({ code: 'kept-as-balance', balance_added: { amount: '0.52' } });
    expect(await rig.db.read((sql) => balanceOf(sql, agent.id))).toBe(520_000n);
    expect(registry.acted).toBe(0);
  });
});

/** A renewal that was paid at the last moment, and about which the registry went quiet. */
async function lostRenewal() {
  const agent = await newAgent(rig);
  const bought = await ask(rig, registerPath, { json, key: agent.key });
  const first = { Authorization: await payLightning(rig, bought) };
  expect((await ask(rig, registerPath, { json, key: agent.key, headers: first })).status).toBe(200);
  const endMs = yearsLater(rig.clock.nowMs, 1);
  rig.clock.nowMs = endMs + graceMs - 60_000;
  const asked = await ask(rig, '/api/v1/renew', { json, key: agent.key });
  const headers = { Authorization: await payLightning(rig, asked) };
  registry.mode = 'quiet';
  expect((await ask(rig, '/api/v1/renew', { json, key: agent.key, headers })).status).toBe(504);
  rig.clock.nowMs += 24 * 3_600_000;
  return { agent, endMs };
}

describe('a renewal that the registry went quiet about', () => {
  it('keeps the name until the registry has said what it did', async () => {
    const { agent, endMs } = await lostRenewal();
    await tidyStore(rig.db, rig.clock.nowMs);
    const other = await newAgent(rig);
    expect((await ask(rig, registerPath, { json, key: other.key })).status).toBe(423);
    registry.mode = 'well';
    expect(await reconcileOrders(rig.registrar.desk)).toMatchObject([{ kind: 'renew', outcome: 'done' }]);
    const owned = await rig.db.read((sql) => findDomain(sql, 'myname.agent', rig.clock.nowMs));
    expect(owned).toMatchObject({ owner: agent.id, expiresMs: yearsLater(endMs, 1) });
  });

  it('is balance where the name is gone all the same', async () => {
    const { agent } = await lostRenewal();
    await rig.db.write((sql) => removeDomain(sql, 'myname.agent'));
    registry.mode = 'well';
    expect(await reconcileOrders(rig.registrar.desk)).toMatchObject([{ outcome: 'failed' }]);
    expect(await reconcileOrders(rig.registrar.desk)).toEqual([]);
    expect(await rig.db.read((sql) => balanceOf(sql, agent.id))).toBe(520_000n);
  });
});

it('one name paid for twice while the registry was quiet is a name, and balance', async () => {
  const agent = await newAgent(rig);
  const present = (Authorization: string) =>
    ask(rig, registerPath, { json, key: agent.key, headers: { Authorization } });
  const asked: Read[] = [];
  for (let n = 0; n < 2; n++) asked.push(await ask(rig, registerPath, { json, key: agent.key }));
  registry.mode = 'quiet';
  for (const each of asked) expect((await present(await payLightning(rig, each))).status).toBe(504);
  registry.mode = 'well';
  const outcomes = (await reconcileOrders(rig.registrar.desk)).map(({ outcome }) => outcome);
  expect(outcomes.sort()).toEqual(['done', 'failed']);
  expect(await reconcileOrders(rig.registrar.desk)).toEqual([]);
  expect(await rig.db.read((sql) => balanceOf(sql, agent.id))).toBe(520_000n);
});

it('an order that cannot be reconciled is told, and keeps no other one from it', async () => {
  await lost();
  const agent = await newAgent(rig);
  const second = { ...json, domain: 'second' };
  const asked = await ask(rig, registerPath, { json: second, key: agent.key });
  const headers = { Authorization: await payLightning(rig, asked) };
  expect((await ask(rig, registerPath, { json: second, key: agent.key, headers })).status).toBe(504);
  registry.mode = 'well';
  const { desk } = rig.registrar;
  const failing = {
    ...desk,
    registry: {
      ...desk.registry,
      carryOut: (order: Parameters<typeof desk.registry.carryOut>[0]) =>
        order.fqdn === 'myname.agent' ? Promise.reject(new Error('no')) : desk.registry.carryOut(order),
    },
  };
  const told = (await reconcileOrders(failing)).map(({ domain, outcome }) => `${domain} ${outcome}`);
  expect(told.sort()).toEqual(['myname.agent unknown', 'second.agent done']);
  expect(rig.faults).toHaveLength(1);
});

it('orders that nobody has paid for stand in no paid order’s way', async () => {
  rig.clock.nowMs += 1_000;
  await lost();
  const { nowMs } = rig.clock;
  const unpaid = {
    ...{ id: 'unpaid', session: 'ord_unpaid', fqdn: 'other.agent', years: 1 },
    kind: 'register',
    ...{ agent: undefined, holder: 'x', client: 'x', usdMicros: 1n, method: 'lightning', coupon: undefined },
    expiresMs: nowMs,
  } as const;
  const first = await rig.db.write(async (sql) => {
    await insertPurchase(sql, unpaid, nowMs - 1_000);
    const order = await findPurchase(sql, 'unpaid');
    if (order !== undefined) await stepPurchase(sql, order, 'present', nowMs);
    return findUnsettled(sql, 1);
  });
  expect(first).toMatchObject([{ fqdn: 'myname.agent', state: 'unknown' }]);
});
