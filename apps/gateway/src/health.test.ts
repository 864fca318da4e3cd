import { afterEach, describe, expect, it } from 'vitest';
import { createHealth, type HealthParts } from './health.js';
import { openRig, type Rig, type RigOptions, until } from './testing/rig.js';

let rig: Rig | undefined;
async function opened(options?: RigOptions): Promise<Rig> {
  rig = await openRig(options);
  return rig;
}
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

describe('GET /readyz', () => {
  it('says that all is well', async () => {
    const { ask } = await opened();
    const reply = await ask('/readyz');
    expect(reply.status).toBe(200);
    expect(reply.json()).toEqual({ status: 'ok', ledger: 'ok', node: 'ok', upstream: 'ok' });
    expect((await ask('/readyz', { method: 'DELETE' })).status).toBe(405);
  });

  it('tells an upstream that is gone from the rest; some others still sell', async () => {
    const { ask, gateway, upstream } = await opened();
    // Not a port that was free a moment ago: no test listens at this address.
    const origin = upstream.url.replace('127.0.0.1', '127.0.0.77');
    const dead = { ...gateway.config.upstreams.get('api'), name: 'dead', origin };
    await gateway.reload({
      ...gateway.config,
      upstreams: new Map([...gateway.config.upstreams, ['dead', dead as never]]),
    });
    expect((await ask('/readyz')).json()).toMatchObject({ status: 'degraded', upstream: 'degraded' });
    expect(Object.fromEntries(await gateway.health.upstreams())).toEqual({ api: 'ok', dead: 'unavailable' });
    await upstream.close();
    await until('nothing can be reached', async () => (await ask('/readyz')).status === 503);
    expect((await ask('/readyz')).json()).toMatchObject({
      status: 'unavailable',
      ledger: 'ok',
      upstream: 'unavailable',
    });
    // It lives, all the same.
    expect((await ask('/healthz')).status).toBe(200);
  });

  it('tells the node and the ledger apart', async () => {
    const answer = async () => undefined;
    const fault = async () => {
      throw new Error('down');
    };
    const parts = (ledger: () => Promise<never | undefined>, info: () => Promise<unknown>): HealthParts => ({
      ledger: { find: ledger },
      node: { info: info as never },
      upstreams: () => new Map(),
      draining: () => false,
      now: () => 0,
    });
    expect(await createHealth(parts(answer, fault)).ready()).toMatchObject({
      status: 'unavailable',
      ledger: 'ok',
      node: 'unavailable',
    });
    expect(await createHealth(parts(fault, answer)).ready()).toMatchObject({
      status: 'unavailable',
      ledger: 'unavailable',
      node: 'ok',
    });
    expect(await createHealth({ ...parts(answer, answer), draining: () => true }).ready()).toMatchObject({
      status: 'draining',
    });
  });

  it('asks each part once in a while, however often it is asked', async () => {
    let asked = 0;
    let nowMs = 0;
    const health = createHealth({
      ledger: {
        find: async () => {
          asked += 1;
          return undefined;
        },
      },
      node: undefined,
      upstreams: () => new Map(),
      draining: () => false,
      now: () => nowMs,
    });
    for (let i = 0; i < 100; i++) await health.ready();
    expect(asked).toBe(1);
    nowMs = 1_000;
    await health.alive();
    expect(asked).toBe(2);
  });
});
