import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reconcileOrders } from './reconcile.js';
import { httpRegistry } from './registry/http-registry.js';
import { accountSums, balanceOf } from './store/entries.js';
import { ask, newAgent, payLightning, problemIn, registerPath } from './testing/client.js';
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
