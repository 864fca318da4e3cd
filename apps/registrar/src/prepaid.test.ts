import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reconcileOrders } from './reconcile.js';
import { httpRegistry } from './registry/http-registry.js';
import { accountSums, balanceAccount, balanceOf, book, usdMicrosCurrency } from './store/entries.js';
import { ask, newAgent, registerPath } from './testing/client.js';
import { type ExternalRegistry, startExternalRegistry } from './testing/external-registry.js';
import { freeCoupon, openRig, type Rig } from './testing/rig.js';

let registry: ExternalRegistry;
let rig: Rig;
beforeEach(async () => {
  registry = await startExternalRegistry();
  rig = await openRig({
    registry: httpRegistry({ url: registry.url }),
    coupons: [{ ...freeCoupon, usesMax: 1 }],
  });
});
afterEach(async () => {
  await rig.close();
  await registry.close();
  expect(rig.faults).toEqual([]);
});

const price = 520_000n;

async function buyer(amount: bigint) {
  const agent = await newAgent(rig);
  const lines = [
    { account: 'gift', currency: usdMicrosCurrency, amount: -amount },
    { account: balanceAccount(agent.id), currency: usdMicrosCurrency, amount },
  ];
  await rig.db.write((sql) => book(sql, `gift ${agent.id}`, lines, rig.clock.nowMs));
  const gems = (domain: string, idempotencyKey?: string) =>
    ask(rig, registerPath, {
      json: { domain, namespace: 'agent', payment_method: 'gems' },
      key: agent.key,
      headers: idempotencyKey === undefined ? {} : { 'Idempotency-Key': idempotencyKey },
    });
  return { ...agent, gems, balance: () => rig.db.read((sql) => balanceOf(sql, agent.id)) };
}

/** What stands on the accounts, each once; all together it is nothing. */
async function books(): Promise<Readonly<Record<string, bigint>>> {
  const sums = await rig.db.read(accountSums);
  expect(sums.reduce((total, { amount }) => total + amount, 0n)).toBe(0n);
  return Object.fromEntries(sums.map(({ account, amount }) => [account, amount]));
}

describe('a balance, with a registry elsewhere', () => {
  it('is spent once, whoever comes at the same moment', async () => {
    const { gems, balance } = await buyer(price);
    const answers = await Promise.all(['a', 'b', 'c', 'd'].map((name) => gems(name)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
    expect(await balance()).toBe(0n);
    expect(registry.acted).toBe(1);
    expect(await books()).toEqual({
      gift: -price,
      balance: 0n,
      reserved: 0n,
      'sales:register': price,
    });
  });

  it('is reserved while the registry does not say, and settled when it does', async () => {
    const { key, gems, balance } = await buyer(price);
    registry.mode = 'quiet';
    expect((await gems('a', 'k')).status).toBe(504);
    expect(await balance()).toBe(0n);
    expect(await books()).toMatchObject({ reserved: price });
    expect((await gems('b')).status).toBe(409);
    // As after a crash: nobody is at work on it any more.
    await rig.restart();
    registry.mode = 'well';
    expect(await reconcileOrders(rig.registrar.desk)).toMatchObject([{ outcome: 'done' }]);
    expect(await books()).toEqual({ gift: -price, balance: 0n, reserved: 0n, 'sales:register': price });
    expect((await gems('a', 'k')).body).toMatchObject({ success: true, idempotent_replay: true });
    expect((await ask(rig, '/api/v1/my-domains', { key })).body.data).toMatchObject([{ id: 'a.agent' }]);
  });

  it('is there again when the registry refuses', async () => {
    const { gems, balance } = await buyer(price);
    registry.mode = 'refuses';
    expect((await gems('a')).status).toBe(409);
    expect(await balance()).toBe(price);
    expect(await books()).toEqual({ gift: -price, balance: price, reserved: 0n });
    registry.mode = 'well';
    expect((await gems('b')).status).toBe(201);
    expect(await balance()).toBe(0n);
  });
});

it('a coupon for all of the price is used as often as it is good, with a registry elsewhere', async () => {
  const { key } = await newAgent(rig);
  const free = (domain: string) =>
    ask(rig, registerPath, { json: { domain, namespace: 'agent', coupon_code: 'FREE' }, key });
  const statuses = (await Promise.all(['a', 'b', 'c', 'd'].map(free))).map(({ status }) => status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(1);
  expect(registry.acted).toBe(1);
});
