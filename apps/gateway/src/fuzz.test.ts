import { Agent, request as httpRequest } from 'node:http';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { claims, openRig } from './testing/rig.js';

/** How many credentials are tried. The long run is in test/. */
const credentialsCount = 2_000;

describe('nonsense', () => {
  it('in 2,000 credentials and headers: never a 5xx, never access, never a crash', async () => {
    let reached = 0;
    const rig = await openRig({
      // What is refused here is refused for its nonsense, and not because there is so much of it.
      config: { mint_budget: 'off' },
      listener: (_request, response) => {
        reached += 1;
        response.end();
      },
    });
    const genuine = await rig.buy('/paid/price');
    const token = genuine.slice('Payment '.length);
    const parsed: Record<string, unknown> = JSON.parse(Buffer.from(token, 'base64url').toString());
    const encode = (value: unknown) => `Payment ${Buffer.from(JSON.stringify(value)).toString('base64url')}`;
    const visible = fc.string({
      unit: fc.constantFrom(...Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i))),
      maxLength: 200,
    });
    const mutated = fc
      .tuple(fc.nat(token.length - 1), fc.constantFrom('A', 'z', '_', '-', '=', '!'))
      .map(([at, by]) => {
        const other = token[at] === by ? 'B' : by;
        return `Payment ${token.slice(0, at)}${other}${token.slice(at + 1)}`;
      });
    const field = fc.constantFrom(
      'id',
      'realm',
      'method',
      'intent',
      'request',
      'expires',
      'opaque',
      'digest',
    );
    const tampered = fc.tuple(field, fc.oneof(fc.jsonValue(), visible)).map(([name, value]) =>
      encode({
        ...parsed,
        challenge: {
          ...Object(parsed.challenge),
          [name]: value,
          realm: name === 'realm' ? value : 'http://shop.test',
          ...(name === 'id' ? {} : { id: 'A'.repeat(43) }),
        },
      }),
    );
    const shaped = fc.jsonValue().map(encode);
    const credential = fc.oneof(
      visible,
      visible.map((text) => `Payment ${text}`),
      mutated,
      tampered,
      shaped,
    );
    const name = fc.constantFrom(
      'Authorization',
      'Payment-Authorization',
      'Accept-Payment',
      'X-Other',
      'Range',
    );
    const sample = fc.sample(fc.tuple(name, credential), { numRuns: credentialsCount, seed: 20_261_120 });

    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    const statuses = await Promise.all(
      sample.map(
        ([header, value]) =>
          new Promise<number>((resolve, reject) => {
            const options = {
              host: '127.0.0.1',
              port: rig.port,
              path: '/paid/price',
              agent,
              headers: { [header]: value },
            };
            httpRequest(options, (response) => {
              response.resume().on('end', () => resolve(response.statusCode ?? 0));
            })
              .on('error', reject)
              .end();
          }),
      ),
    );
    agent.destroy();
    // A mutation in the last base64 character may decode to the same bytes: that one is genuine.
    const served = statuses.filter((status) => status === 200).length;
    expect(served).toBeLessThanOrEqual(1);
    expect(reached).toBe(served);
    for (const status of statuses) expect([200, 400, 402, 403]).toContain(status);
    const last = await rig.ask('/paid/price', { headers: ['Authorization', genuine] });
    expect(last.status).toBe(served === 1 ? 402 : 200);
    expect(await claims(rig.gateway, 'answered')).toBe(1);
    await rig.close();
  });
});
