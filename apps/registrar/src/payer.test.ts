import { startTempoDevnet, type TempoDevnet } from '@farebox/devnet/tempo';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { ask, fundedAccount, payLightning, registerPath, signTempo } from './testing/client.js';
import { openRig, type Rig } from './testing/rig.js';

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

const revoke = (token: unknown) => ask(rig, '/oauth2/revoke', { json: { token } });
const me = (key: unknown) => ask(rig, '/api/v1/agents/me', { key: String(key) });
const claim = (code: unknown) =>
  ask(rig, '/api/v1/agents/claim', { json: { claim_code: code, human: 'Ann' } });

it('an account whose key was taken back gets another with what it buys next, and is the same agent', async () => {
  const account = await fundedAccount(chain);
  const buy = async (domain: string) => {
    const json = { domain, namespace: 'agent' };
    const Authorization = await signTempo(chain, account, await ask(rig, registerPath, { json }));
    return (await ask(rig, registerPath, { json, headers: { Authorization } })).body;
  };
  const first = await buy('first');
  await revoke(first.api_key);
  expect((await me(first.api_key)).status).toBe(401);
  const second = await buy('second');
  expect(second.owner_id).toBe(first.owner_id);
  expect((await me(second.api_key)).body).toMatchObject({ agent_id: first.owner_id });
  expect((await me(first.api_key)).status).toBe(401);
  const mine = await ask(rig, '/api/v1/my-domains', { key: String(second.api_key) });
  expect(mine.body.data).toMatchObject([{ id: 'first.agent' }, { id: 'second.agent' }]);
  // A key that is good is nobody's to replace.
  expect(await buy('third')).not.toHaveProperty('api_key');
  expect((await me(second.api_key)).status).toBe(200);
  // The code came with the key that replaced the first; the first one's is worth nothing.
  expect((await claim(first.claim_code)).status).toBe(404);
  expect((await claim(second.claim_code)).body).toMatchObject({ agent_id: first.owner_id });
  await revoke(second.api_key);
  const claimed = await buy('fourth');
  expect((await me(claimed.api_key)).body).toMatchObject({ claim_state: 'claimed' });
  expect(claimed).not.toHaveProperty('claim_code');
});

it('who has paid without a key can be claimed by a person, with a code that the answer shows', async () => {
  const json = { domain: 'myname', namespace: 'agent' };
  const headers = {
    Authorization: await payLightning(rig, await ask(rig, registerPath, { json })),
    'Idempotency-Key': 'mine',
  };
  const done = await ask(rig, registerPath, { json, headers });
  expect(done.body.claim_code).toMatch(/^claim_[A-Za-z0-9_-]{22}$/);
  expect((await ask(rig, registerPath, { json, headers })).body).toEqual(done.body);
  expect(Buffer.from((await rig.ledger.answer(1))?.body ?? []).toString()).not.toContain('claim_');
  expect((await claim(done.body.claim_code)).body).toMatchObject({ agent_id: done.body.agent_id });
  expect((await claim(done.body.claim_code)).status).toBe(404);
  expect((await ask(rig, registerPath, { json, headers })).body).not.toHaveProperty('claim_code');
});
