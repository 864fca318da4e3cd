import { afterEach, describe, expect, it } from 'vitest';
import { ask as askAt } from '../testing/client.js';
import { openRig, type Rig, type RigOptions } from '../testing/rig.js';

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

async function opened(options: RigOptions = {}): Promise<Rig & { readonly watchPort: number }> {
  rig = await openRig({
    ...options,
    config: { ...options.config, metrics: { listen: '127.0.0.1:0' } },
  });
  return { ...rig, watchPort: Number(new URL(rig.gateway.metricsUrl ?? '').port) };
}

/** The samples of a scrape, by name and labels. */
async function scrape(port: number): Promise<Map<string, number>> {
  const reply = await askAt(port, '/metrics');
  expect(reply.status).toBe(200);
  expect(reply.field('content-type')).toMatch(/^text\/plain/);
  const lines = reply.body.toString().split('\n');
  return new Map(
    lines
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map(
        (line) =>
          [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))] as const,
      ),
  );
}

describe('metrics', () => {
  it('tell challenges, payments, deliveries, credits, refusals, revenue and latencies by route', async () => {
    const { ask, askPaid, buy, watchPort } = await opened({
      listener: (request, response) => {
        if (request.url === '/paid/broken') request.socket.destroy();
        else response.end('ok');
      },
    });
    const credential = await buy('/paid/price');
    const headers = ['Authorization', credential];
    expect((await ask('/paid/price', { headers })).status).toBe(200);
    expect((await ask('/paid/price', { headers })).status).toBe(402);
    expect((await ask('/paid/other', { headers })).status).toBe(403);
    expect((await askPaid('/paid/broken')).status).toBe(502);
    expect((await askPaid('/paid/order', { method: 'POST', body: 'x' })).status).toBe(200);
    const samples = await scrape(watchPort);
    const route = 'route="ANY /paid/*"';
    // Two of ours, one for the broken one, one for the order, and one beside the refusal of the used one.
    expect(samples.get(`farebox_challenges_total{${route}}`)).toBe(4);
    expect(samples.get(`farebox_deliveries_total{${route}}`)).toBe(2);
    expect(samples.get(`farebox_credits_total{${route}}`)).toBe(1);
    expect(samples.get(`farebox_revenue_total{${route},currency="sat"}`)).toBe(2);
    expect(samples.get(`farebox_refusals_total{${route},reason="used"}`)).toBe(1);
    expect(samples.get(`farebox_refusals_total{${route},reason="other-resource"}`)).toBe(1);
    expect(
      samples.get('farebox_payments_total{method="lightning",result="accepted"}'),
    ).toBeGreaterThanOrEqual(3);
    for (const [stage, count] of [
      ['quote', 4],
      ['upstream', 2],
      ['commit', 2],
      ['claim', 1],
    ] as const) {
      expect(samples.get(`farebox_stage_seconds_count{stage="${stage}"}`), stage).toBe(count);
      expect(samples.get(`farebox_stage_seconds_bucket{stage="${stage}",le="+Inf"}`), stage).toBe(count);
    }
    expect(samples.get('farebox_stage_seconds_count{stage="verify"}')).toBeGreaterThanOrEqual(3);
    expect(samples.get('farebox_up{part="ledger"}')).toBe(1);
    expect(samples.get('farebox_up{part="node"}')).toBe(1);
    expect(samples.get('farebox_upstream_up{upstream="api"}')).toBe(1);
    expect(samples.get('farebox_exchanges_open')).toBe(0);
    expect(samples.has('process_resident_memory_bytes')).toBe(true);
  });

  it('have labels of the configuration only, whatever clients ask for', async () => {
    const { ask, watchPort } = await opened();
    for (let i = 0; i < 50; i++) {
      await ask(`/free/${i}?q=${i}`, { headers: ['Authorization', `Payment secret-${i}`, 'X-Any', `${i}`] });
      await ask(`/nowhere/${i}`);
    }
    const names = [...(await scrape(watchPort)).keys()];
    const labels = names.flatMap((name) => [...name.matchAll(/="([^"]*)"/g)].map(([, value]) => value));
    expect(labels.filter((label) => /nowhere|\/free\/\d|secret/.test(label ?? ''))).toEqual([]);
    expect(names.length).toBeLessThan(400);
  });

  it('count free quotas and keys that are not let in', async () => {
    // One moment, so that the day does not end between two requests.
    const nowMs = Date.now();
    const { ask, watchPort } = await opened({
      dependencies: { now: () => nowMs },
      config: { keys: {} },
      routes: [
        {
          match: 'GET /paid/*',
          upstream: 'api',
          price: '1 sat',
          free: { requests: 2, per: 'day', by: 'client' },
        },
      ],
    });
    for (let i = 0; i < 3; i++) await ask('/paid/x');
    await ask('/paid/x', { headers: ['X-API-Key', 'fb_live_nobody-knows-this-one'] });
    const samples = await scrape(watchPort);
    expect(samples.get('farebox_free_requests_total{route="GET /paid/*"}')).toBe(2);
    expect(samples.get('farebox_key_refusals_total{route="GET /paid/*",reason="unknown"}')).toBe(1);
    expect(samples.get('farebox_challenges_total{route="GET /paid/*"}')).toBeGreaterThanOrEqual(1);
  });

  it('see the buckets add up', async () => {
    const { askPaid, watchPort } = await opened();
    for (let i = 0; i < 5; i++) await askPaid('/paid/price');
    const samples = await scrape(watchPort);
    const buckets = [...samples].filter(([name]) =>
      name.startsWith('farebox_stage_seconds_bucket{stage="commit"'),
    );
    const values = buckets.map(([, value]) => value);
    expect(values).toEqual([...values].sort((a, b) => a - b));
    expect(values.at(-1)).toBe(5);
    expect(samples.get('farebox_stage_seconds_sum{stage="commit"}')).toBeGreaterThan(0);
  });

  it('are on a listener that sells nothing and says nothing else', async () => {
    const { ask, watchPort } = await opened();
    expect((await ask('/metrics')).status).toBe(404);
    expect((await askAt(watchPort, '/paid/price')).status).toBe(404);
    expect((await askAt(watchPort, '/metrics', { method: 'POST' })).status).toBe(405);
    expect((await askAt(watchPort, '/readyz')).status).toBe(200);
  });
});
