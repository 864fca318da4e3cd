import { lightningSeller } from '@farebox/lightning';
import { PaperNode } from '@farebox/lightning/paper';
import { MethodUnavailable, type SellerMethod, serializeCredential } from '@farebox/protocol';
import { expect, it } from 'vitest';
import { refusedKeptMs } from './sell/presentation.js';
import { findUnsettled } from './store/purchases.js';
import { ask, challengeOf, newAgent, payLightning, type Read, registerPath } from './testing/client.js';
import { noLimits, openRig, type Rig, type RigOptions } from './testing/rig.js';

const lockLifeMs = 10 * 60_000;
const squatter = { 'X-Forwarded-For': '192.0.2.1' };
const victim = { 'X-Forwarded-For': '192.0.2.2' };

async function withRig(options: RigOptions, work: (rig: Rig) => Promise<void>): Promise<void> {
  const rig = await openRig({ trustedProxies: ['127.0.0.1'], ...options });
  await work(rig).finally(() => rig.close());
}

/** A credential for a challenge that nobody has paid. */
function unpaidFor(asked: Read): string {
  const challenge = challengeOf(asked, 'lightning');
  return serializeCredential({ challenge, payload: { preimage: '0'.repeat(64) } });
}

interface Squat {
  readonly json: object;
  readonly Authorization: string;
}

/** Asks for names without paying for them. */
async function squat(rig: Rig, key: string, names: readonly string[]): Promise<readonly Squat[]> {
  const squats: Squat[] = [];
  for (const domain of names) {
    const json = { domain, namespace: 'agent' };
    const asked = await ask(rig, registerPath, { json, key, headers: squatter });
    squats.push({ json, Authorization: unpaidFor(asked) });
  }
  return squats;
}

const present = (rig: Rig, key: string, { json, Authorization }: Squat) =>
  ask(rig, registerPath, { json, key, headers: { ...squatter, Authorization } });

it('a credential that pays nothing keeps no name longer than its lock, whatever limits are exhausted', () => {
  const few = { perSecond: 0.001, burst: 8 };
  const limits = { ...noLimits, mint: { ...noLimits.mint, client: few } };
  return withRig({ limits, lockLifeMs }, async (rig) => {
    const { key } = await newAgent(rig);
    const names = ['one', 'two', 'three', 'four'];
    const squats = await squat(rig, key, names);
    const statuses: number[] = [];
    for (let round = 0; round < 4; round++) {
      for (const each of squats) statuses.push((await present(rig, key, each)).status);
      await Promise.all(squats.flatMap((each) => [present(rig, key, each), present(rig, key, each)]));
    }
    expect(statuses.at(-1)).toBe(429);
    rig.clock.nowMs += lockLifeMs + 1_000;
    for (const each of squats) await present(rig, key, each);
    const other = await newAgent(rig);
    for (const domain of names) {
      const json = { domain, namespace: 'agent' };
      expect((await ask(rig, registerPath, { json, key: other.key, headers: victim })).status).toBe(402);
    }
  });
});

/** A registrar that is paid over Lightning while what judges its payments does not answer. */
async function withMute(caps: RigOptions['caps'], work: (rig: Rig) => Promise<void>): Promise<void> {
  const place: { rig?: Rig } = {};
  const node = new PaperNode({ now: () => place.rig?.clock.nowMs ?? Date.now() });
  const mute: SellerMethod = {
    ...lightningSeller({ node, network: 'regtest' }),
    verify: () => Promise.reject(new MethodUnavailable('It does not answer.')),
  };
  await withRig({ methods: [mute], caps, lockLifeMs }, (rig) => {
    place.rig = rig;
    return work(rig);
  });
}

it('a credential that nobody can judge keeps a name within the caps, and not for ever', () =>
  withMute({ perHolder: 2, perClient: 10 }, async (rig) => {
    const { key } = await newAgent(rig);
    const squats = await squat(rig, key, ['one', 'two']);
    for (const each of squats) expect((await present(rig, key, each)).status).toBe(503);
    const third = () => ask(rig, registerPath, { json: { domain: 'three.agent' }, key, headers: squatter });
    // The locks are over, and the names are kept for what may be a payment: that counts.
    rig.clock.nowMs += lockLifeMs + 1_000;
    expect((await third()).status).toBe(429);
    const other = await newAgent(rig);
    const wanted = () =>
      ask(rig, registerPath, { json: { domain: 'one.agent' }, key: other.key, headers: victim });
    expect((await wanted()).status).toBe(423);
    for (let minute = 10; minute <= 25; minute += 5) {
      for (const each of squats) await present(rig, key, each);
      rig.clock.nowMs += 5 * 60_000;
    }
    expect((await wanted()).status).toBe(402);
    expect((await third()).status).toBe(402);
    // It is judged all the same, and takes nothing from whom the name is locked for.
    expect((await present(rig, key, squats[0] ?? { json: {}, Authorization: '' })).status).toBe(503);
    expect((await ask(rig, '/api/v1/domains/one.agent/lock-status', { key: other.key })).body).toMatchObject({
      held_by_you: true,
      lock_state: 'held',
    });
  }));

it('a lock that was let go of does not make room for another name that a credential keeps', () =>
  withMute({ perHolder: 2, perClient: 10 }, async (rig) => {
    const { key } = await newAgent(rig);
    const squats: Squat[] = [];
    for (const name of ['one', 'two', 'three', 'four']) {
      squats.push(...(await squat(rig, key, [name])));
      await ask(rig, `/api/v1/domains/${name}.agent/reset-lock`, { method: 'POST', key });
    }
    for (const each of squats) await present(rig, key, each);
    const other = await newAgent(rig);
    const statuses: number[] = [];
    for (const domain of ['one', 'two', 'three', 'four']) {
      const json = { domain, namespace: 'agent' };
      statuses.push((await ask(rig, registerPath, { json, key: other.key, headers: victim })).status);
    }
    expect(statuses).toEqual([423, 423, 402, 402]);
  }));

it('a credential that pays nothing is let go of, also where it is presented twice at once', () => {
  const place: { rig?: Rig } = {};
  const node = new PaperNode({ now: () => place.rig?.clock.nowMs ?? Date.now() });
  const lightning = lightningSeller({ node, network: 'regtest' });
  let met = () => {};
  const both = new Promise<void>((resolve) => {
    met = resolve;
  });
  let atWork = 0;
  const meeting: SellerMethod = {
    ...lightning,
    async verify(...given) {
      atWork += 1;
      if (atWork === 2) met();
      await both;
      return lightning.verify(...given);
    },
  };
  return withRig({ methods: [meeting], lockLifeMs }, async (rig) => {
    place.rig = rig;
    const { key } = await newAgent(rig);
    const squats = await squat(rig, key, ['one']);
    await Promise.all(squats.flatMap((each) => [present(rig, key, each), present(rig, key, each)]));
    expect(await rig.db.read((sql) => findUnsettled(sql, 10))).toEqual([]);
  });
});

it('credentials that prove nothing are limited as orders are, and one that pays is not', () => {
  const few = { perSecond: 0.001, burst: 3 };
  const limits = { ...noLimits, order: { ...noLimits.order, client: few } };
  return withRig({ limits, lockLifeMs }, async (rig) => {
    const { key } = await newAgent(rig);
    const [bogus] = await squat(rig, key, ['one']);
    const json = { domain: 'two', namespace: 'agent' };
    const asked = await ask(rig, registerPath, { json, key, headers: squatter });
    if (bogus === undefined) throw new Error('Nothing was asked for.');
    const statuses: number[] = [];
    for (let n = 0; n < 4; n++) statuses.push((await present(rig, key, bogus)).status);
    expect(statuses).toEqual([402, 402, 429, 429]);
    const paid = { json, Authorization: await payLightning(rig, asked) };
    expect((await present(rig, key, paid)).status).toBe(200);
    // It is a moment only: somebody may have paid for it since.
    rig.clock.nowMs += refusedKeptMs;
    expect((await present(rig, key, bogus)).status).toBe(402);
  });
});
