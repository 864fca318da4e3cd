import { afterEach, describe, expect, it } from 'vitest';
import { claims, openRig, type Rig, type RigOptions } from '../testing/rig.js';

let rig: Rig | undefined;
async function opened(options?: RigOptions): Promise<Rig> {
  rig = await openRig(options);
  return rig;
}
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

const routes: RigOptions['routes'] = [
  {
    match: 'ANY /paid/*',
    upstream: 'api',
    price: '3 sat',
    prices: [{ when: { query: { size: 'large' } }, price: '10 sat' }],
    mode: 'shadow',
  },
  { match: 'GET /sold', upstream: 'api', price: '1 sat' },
];

describe('shadow mode', () => {
  it('lets everybody pass, and counts what would have been charged', async () => {
    const { ask, gateway } = await opened({
      routes,
      listener: (request, response) => {
        response.statusCode = request.url === '/paid/missing' ? 404 : 200;
        request.pipe(response);
      },
    });
    expect((await ask('/paid/a')).status).toBe(200);
    const posted = await ask('/paid/b?size=large', { method: 'POST', body: 'body' });
    expect(posted.body.toString()).toBe('body');
    expect((await ask('/paid/missing')).status).toBe(404);
    const counts = gateway.meter.routes.get('ANY /paid/*');
    expect(counts?.shadowed).toBe(2);
    expect(counts?.shadowRevenue.get('sat')).toBe(13n);
    expect(counts?.challenges).toBe(0);
    expect((await gateway.ledger.totals()).length).toBe(0);
    // Other routes are sold all the same.
    expect((await ask('/sold')).status).toBe(402);
  });

  it('a credential is neither checked nor used up nor forwarded, and the answer says so', async () => {
    let told: unknown;
    const { ask, buy, gateway } = await opened({
      routes: [{ match: 'GET /paid/*', upstream: 'api', price: '3 sat' }],
      listener: (request, response) => {
        told = request.headers.authorization;
        response.end('ok');
      },
    });
    const headers = ['Authorization', await buy('/paid/a')];
    const { config } = gateway;
    await gateway.reload({ ...config, routes: config.routes.map((route) => ({ ...route, shadow: true })) });
    const shadowed = await ask('/paid/a', { headers });
    expect(shadowed.status).toBe(200);
    expect(shadowed.field('farebox-payment')).toBe('ignored; reason=shadow');
    expect(shadowed.field('payment-receipt')).toBeUndefined();
    expect(told).toBeUndefined();
    await gateway.reload(config);
    const sold = await ask('/paid/a', { headers });
    expect(sold.status).toBe(200);
    expect(sold.field('payment-receipt')).toBeDefined();
    expect(await claims(gateway, 'answered')).toBe(1);
  });
});
