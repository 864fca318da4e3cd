import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exchangeRaw } from './testing/client.js';
import { openRig, payFor, type Rig } from './testing/rig.js';

// What can be asked for can be presented: whatever gets a 402 gets its 200 once it is paid for.

/** An upstream that takes larger header sections than the gateway: it is the gateway's limit that is looked at. */
const upstream = createServer({ maxHeaderSize: 65_536 }, (_request, response) => response.end('sold'));
let rig: Rig;
beforeAll(async () => {
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  // A TCP server that listens has an AddressInfo.
  const { port } = upstream.address() as AddressInfo;
  rig = await openRig({ config: { upstreams: { api: `http://127.0.0.1:${port}` } } });
});
afterAll(async () => {
  await rig.close();
  upstream.closeAllConnections();
  await new Promise((resolve) => upstream.close(resolve));
});

const field = (length: number): string[] => (length === 0 ? [] : ['Cookie', 'c'.repeat(length)]);

/** The longest cookie with which a target still gets a challenge. */
async function longestCookie(target: string): Promise<number> {
  let [fits, tooLong] = [0, 20_000];
  while (tooLong - fits > 1) {
    const middle = (fits + tooLong) >> 1;
    const { status } = await rig.ask(target, { headers: field(middle) });
    expect([402, 431]).toContain(status);
    if (status === 402) fits = middle;
    else tooLong = middle;
  }
  return fits;
}

describe('a request that was told its price', () => {
  const targets = [
    ['a short target', '/paid/x'],
    ['a query of 6,000', `/paid/x?${'a'.repeat(6_000)}`],
    ['the longest query', `/paid/x?${'a'.repeat(8_184)}`],
    ['the longest query, of quotes', `/paid/x?${'"'.repeat(8_184)}`],
    ['the longest path', `/paid/${'a'.repeat(8_185)}`],
  ] as const;

  it.each(targets)(
    'is served once it is paid for, with %s and the most of other fields',
    async (_what, target) => {
      const cookie = await longestCookie(target);
      expect(cookie).toBeGreaterThan(16_384 - target.length - 200);
      for (const headers of [field(0), field(cookie)]) {
        const unpaid = await rig.ask(target, { headers });
        expect(unpaid.status).toBe(402);
        const credential = await payFor(rig.node, unpaid);
        for (const name of ['Authorization', 'Payment-Authorization']) {
          const { status, body } = await rig.ask(target, { headers: [...headers, name, credential] });
          // The second is used up, and says so: it was read.
          expect([status, body.toString()]).toEqual(
            name === 'Authorization' ? [200, 'sold'] : [402, expect.stringContaining('used')],
          );
        }
      }
    },
  );

  it('gets no more room for anything but a payment credential', async () => {
    const authorization = (scheme: string) =>
      rig.ask('/paid/x', { headers: ['Authorization', `${scheme} ${'a'.repeat(16_370)}`] });
    expect((await authorization('Bearer')).status).toBe(431);
    expect((await authorization('Payment')).status).toBe(402);
    const withBoth = ['Authorization', `Payment ${'a'.repeat(16_370)}`, ...field(16_380)];
    expect((await rig.ask('/paid/x', { headers: withBoth })).status).toBe(431);
    const free = await exchangeRaw(
      rig.port,
      `GET /free/x HTTP/1.1\r\nHost: a\r\nA: ${'a'.repeat(17_000)}\r\n\r\n`,
    );
    expect(free).toMatch(/^HTTP\/1\.1 431 /);
    expect(free).toContain('Connection: close');
  });
});
