import { startTempoDevnet, type TempoDevnet } from '@farebox/devnet/tempo';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findPurchase, stepPurchase } from '../store/purchases.js';
import {
  ask,
  challengeOf,
  fundedAccount,
  newAgent,
  payLightning,
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
afterEach(() => rig.close());

const json = { domain: 'myname', tld: 'chatbot', years: 1 };
const reset = (key?: string) =>
  ask(rig, '/api/v1/domains/myname.chatbot/reset-lock', { method: 'POST', key });
const status = (key?: string) => ask(rig, '/api/v1/domains/myname.chatbot/lock-status', { key });

describe('R25: a pending payment', () => {
  it('locks the name for as long as its challenge lives, against everybody else', async () => {
    const [one, other] = [await newAgent(rig), await newAgent(rig)];
    expect((await ask(rig, registerPath, { json, key: one.key })).status).toBe(402);
    const refused = await ask(rig, registerPath, { json, key: other.key });
    expect(refused.status).toBe(423);
    expect(refused.body).toMatchObject({ code: 'domain-locked', action: 'wait' });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    const found = await ask(rig, '/api/v1/domains/search?q=myname.chatbot');
    expect(found.body.results).toMatchObject([{ available: false }]);
    expect(JSON.stringify(found.body)).not.toContain(one.id);
    rig.clock.nowMs += 10 * 60_000 + 1;
    expect((await ask(rig, registerPath, { json, key: other.key })).status).toBe(402);
  });

  it('is shown to its holder, and to others without saying whose it is', async () => {
    const [one, other] = [await newAgent(rig), await newAgent(rig)];
    const asked = await ask(rig, registerPath, { json, key: one.key });
    expect((await status(one.key)).body).toMatchObject({
      ...{ locked: true, held_by_you: true, recommended_action: 'reconcile_same_session' },
      session_id: asked.body.session_id,
    });
    const seen = await status(other.key);
    expect(seen.body).toMatchObject({ locked: true, held_by_you: false, recommended_action: 'wait' });
    expect(JSON.stringify(seen.body)).not.toMatch(/agt_|ord_/);
    expect((await status()).status).toBe(401);
  });

  it('is made longer for its holder only so often', async () => {
    const { key } = await newAgent(rig);
    const statuses: number[] = [];
    for (let n = 0; n < 6; n++) {
      statuses.push((await ask(rig, registerPath, { json, key })).status);
      rig.clock.nowMs += 60_000;
    }
    expect(statuses).toEqual([402, 402, 402, 402, 423, 423]);
  });

  it('that was interrupted is finished by the same credential, also after a restart', async () => {
    const { key } = await newAgent(rig);
    const asked = await ask(rig, registerPath, { json, key });
    const Authorization = await payLightning(rig, asked);
    await rig.restart();
    expect((await ask(rig, registerPath, { json, key, headers: { Authorization } })).status).toBe(200);
  });
});

describe('R26: reset-lock', () => {
  it('clears the lock for its holder, and for nobody else before it is over', async () => {
    const [one, other] = [await newAgent(rig), await newAgent(rig)];
    expect((await reset(one.key)).status).toBe(404);
    await ask(rig, registerPath, { json, key: one.key });
    expect((await reset()).status).toBe(401);
    expect((await reset(other.key)).status).toBe(403);
    const cleared = await reset(one.key);
    expect(cleared.body).toMatchObject({ status: 'success', message: 'Cleared lock for myname.chatbot' });
    expect((await ask(rig, registerPath, { json, key: other.key })).status).toBe(402);
    rig.clock.nowMs += 10 * 60_000 + 1;
    expect((await reset(one.key)).status).toBe(200);
  });

  it('does not rob a payment that is at work, not even its own', async () => {
    const [one, other] = [await newAgent(rig), await newAgent(rig)];
    const asked = await ask(rig, registerPath, { json, key: one.key });
    const { id } = challengeOf(asked, 'tempo');
    // As a crash leaves it, in the middle of the payment.
    await rig.db.write(async (sql) => {
      const order = await findPurchase(sql, id);
      if (order === undefined) throw new Error('no order');
      await stepPurchase(sql, order, 'present', rig.clock.nowMs, { inFlightMs: rig.clock.nowMs });
    });
    rig.clock.nowMs += 11 * 60_000;
    for (const { key } of [one, other])
      expect((await reset(key)).body).toMatchObject({ code: 'lock-in-flight' });
    expect((await ask(rig, registerPath, { json, key: other.key })).status).toBe(423);
  });

  it('leaves a Tempo payment unmoved when somebody else has the name meanwhile', async () => {
    const [one, other] = [await newAgent(rig), await newAgent(rig)];
    const account = await fundedAccount(chain, 2_000_000n);
    const Authorization = await signTempo(
      chain,
      account,
      await ask(rig, registerPath, { json, key: one.key }),
    );
    await reset(one.key);
    const theirs = await ask(rig, registerPath, { json, key: other.key });
    expect((await ask(rig, registerPath, { json, key: one.key, headers: { Authorization } })).status).toBe(
      423,
    );
    const paid = { Authorization: await payLightning(rig, theirs) };
    expect((await ask(rig, registerPath, { json, key: other.key, headers: paid })).status).toBe(200);
    const late = await ask(rig, registerPath, { json, key: one.key, headers: { Authorization } });
    expect([late.status, late.body.code]).toEqual([409, 'domain-taken']);
    expect(await chain.balance(rig.recipient)).toBe(0n);
  });
});

it('the same order asked for again after its lock was cleared locks the name again', async () => {
  const [one, other] = [await newAgent(rig), await newAgent(rig)];
  const headers = { 'Idempotency-Key': 'k' };
  const again = () => ask(rig, registerPath, { json, key: one.key, headers });
  const first = await again();
  expect((await reset(one.key)).status).toBe(200);
  const second = await again();
  expect([second.status, second.body.session_id]).toEqual([402, first.body.session_id]);
  expect((await status(one.key)).body).toMatchObject({ locked: true, session_id: first.body.session_id });
  expect((await ask(rig, registerPath, { json, key: other.key })).status).toBe(423);
  expect((await reset(one.key)).status).toBe(200);
  expect((await ask(rig, registerPath, { json, key: other.key })).status).toBe(402);
  expect((await again()).status).toBe(423);
});
