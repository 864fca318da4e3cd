import { describe, expect, it } from 'vitest';
import { checkConfig } from './config/load.js';
import { createLogger } from './log.js';
import { openRig, rigSecret } from './testing/rig.js';

describe('the log', () => {
  it('at trace level, after every kind of traffic, holds no credential, preimage, key, receipt or secret', async () => {
    let log = '';
    const collect = {
      write(line: string) {
        log += line;
      },
    };
    const rig = await openRig({
      dependencies: { logger: createLogger('trace', collect) },
      listener: (request, response) => {
        if (request.url?.startsWith('/paid/broken')) request.socket.destroy();
        else response.setHeader('Set-Cookie', 'session=upstream-cookie').end('ok');
      },
    });
    const credential = await rig.buy('/paid/price');
    const own = [
      'X-API-Key',
      'key-of-the-client',
      'Cookie',
      'session=client-cookie',
      'X-Other',
      'other-token',
    ];
    const headers = ['Authorization', credential, ...own];
    const paid = await rig.ask('/paid/price?api_key=key-in-the-query', { headers });
    const good = await rig.ask('/paid/price', { headers });
    await rig.ask('/paid/price', { headers });
    await rig.ask('/paid/price', { headers: ['Payment-Authorization', `${credential}AA`] });
    await rig.askPaid('/paid/broken');
    await rig.ask('/free/x', { headers: ['Authorization', 'Bearer bearer-token'] });
    // A reload that is refused, and one that puts in the seller's own key for the upstream.
    const upstream = (headers: object) =>
      checkConfig({
        realm: 'http://shop.test',
        lightning: { node: { kind: 'devnet' } },
        upstreams: { api: { url: rig.upstream.url, headers } },
        routes: [{ match: 'GET /free/*', upstream: 'api', price: 'free' }],
      });
    const set = { Authorization: 'Bearer key-at-the-upstream' };
    await expect(
      rig.gateway.reload(upstream({ set: { ...set, 'X-None': `\${env:FAREBOX_TEST_NONE}` } })),
    ).rejects.toThrow(/^(?!.*key-at-the-upstream)/s);
    await rig.gateway.reload(upstream({ set }));
    expect((await rig.ask('/free/y')).status).toBe(200);
    expect(paid.status).toBe(403);
    expect(good.status).toBe(200);
    await rig.close();

    const decoded = JSON.parse(Buffer.from(credential.slice('Payment '.length), 'base64url').toString());
    const secrets = [credential.slice('Payment '.length), decoded.payload.preimage, rigSecret];
    secrets.push(
      good.field('payment-receipt') ?? 'no receipt',
      'key-of-the-client',
      'client-cookie',
      'upstream-cookie',
    );
    secrets.push('key-at-the-upstream');
    secrets.push('other-token', 'bearer-token', 'key-in-the-query');
    expect(log).toContain('"msg":"request"');
    expect(log).toContain('"msg":"delivered"');
    for (const secret of secrets) {
      expect(secret.length).toBeGreaterThan(9);
      expect(log.includes(secret), `the log holds ${secret.slice(0, 6)}…`).toBe(false);
    }
  });

  it('redacts sensitive fields should one ever be logged', () => {
    let log = '';
    const collect = {
      write(line: string) {
        log += line;
      },
    };
    const logger = createLogger('info', collect);
    logger.info({ headers: { authorization: 'Payment abc', 'x-api-key': 'k1', cookie: 'c1' } }, 'x');
    logger.info({ request: { headers: { 'payment-receipt': 'r1' } } }, 'x');
    expect(log).not.toMatch(/abc|"k1"|"c1"|"r1"/);
    expect(log).toContain('[redacted]');
  });
});
