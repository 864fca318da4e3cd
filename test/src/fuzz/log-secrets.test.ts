import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Devnet, type DevnetServer, serveDevnet, startDevnet, writeDevnetFile } from '@farebox/devnet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bought, buyByHand, exchange, openSockets, requestBytes, statusOf } from '../chaos/by-hand.js';
import { type Child, killAll, outputOf, startFarebox, until } from '../chaos/processes.js';
import { freePort } from '../ports.js';
import { FailingUpstream } from './failing-upstream.js';
import { foundIn, type Secret } from './secrets.js';

const secret = 'hmac-secret-of-this-test-0123456789abcdefghijklmnop';
const apiKey = 'api-key-of-a-client-who-has-one-7351';
const bearer = 'bearer-token-for-the-upstream-9104';

let home = '';
let devnet: Devnet;
let node: DevnetServer;
let upstream: FailingUpstream;
let gateway: Child;
let url = '';
const bought: Bought[] = [];
/** Everything that the gateway has answered to anything but a good credential. */
const refusals: string[] = [];

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'farebox-log-'));
  upstream = await new FailingUpstream().listen();
  devnet = await startDevnet();
  // It goes and comes again at this port.
  node = await serveDevnet(devnet, { port: await freePort() });
  await writeDevnetFile(home, node);
  writeFileSync(join(home, 'secret'), `${secret}\n`, { mode: 0o600 });
  writeFileSync(join(home, 'token'), node.token, { mode: 0o600 });
  writeFileSync(
    join(home, 'farebox.yaml'),
    `realm: http://shop.test
listen: 127.0.0.1:0
secret_file: secret
lightning: { pool: off, node: { kind: devnet, url: '${node.url}', token_file: token } }
upstreams: { api: '${upstream.url}' }
routes:
  - { match: ANY /paid/*, upstream: api, price: 1 sat }
  - { match: ANY /free/*, upstream: api, price: free }
`,
  );
  gateway = startFarebox(home, ['serve', '--log-level', 'trace']);
  url = (await outputOf(gateway, /at (http:\S+)/))[1] ?? '';
});

afterAll(async () => {
  await killAll();
  await node.close();
  await devnet.close();
  await upstream.close();
  rmSync(home, { recursive: true, force: true });
});

async function buy(path: string, method = 'GET'): Promise<Bought> {
  const one = await buyByHand(devnet.wallet, url + path, { method });
  bought.push(one);
  return one;
}

/** Asks with the client's own secrets beside the credential. */
async function ask(path: string, fields: Readonly<Record<string, string>>, method = 'GET'): Promise<number> {
  const headers = { 'X-API-Key': apiKey, Cookie: `session=${apiKey}`, ...fields };
  const answer = await fetch(`${url}${path}`, { method, headers, redirect: 'manual' });
  const text =
    [...answer.headers].map(([name, value]) => `${name}: ${value}`).join('\n') + (await answer.text());
  if (answer.status !== 200) refusals.push(text);
  return answer.status;
}

async function askRaw(bytes: string): Promise<number> {
  const [socket] = await openSockets(Number(new URL(url).port), 1);
  if (socket === undefined) throw new Error('There is no connection.');
  const answer = await exchange(socket, bytes);
  refusals.push(answer);
  return statusOf(answer);
}

function secrets(): Secret[] {
  const proofs = bought.flatMap(({ credential, preimage }, number) => [
    { name: `credential ${number}`, value: credential.slice('Payment '.length) },
    { name: `preimage ${number}`, value: preimage },
  ]);
  return [
    ...proofs,
    { name: 'the HMAC secret', value: secret },
    { name: 'the devnet token', value: node.token },
    { name: 'the API key', value: apiKey },
    { name: 'the bearer token', value: bearer },
  ];
}

describe('a gateway that logs everything it may', () => {
  it('sells, and refuses replayed, crossed and malformed credentials', async () => {
    const good = await buy('/paid/good');
    const other = await buy('/paid/other');
    const token = good.credential.slice('Payment '.length);
    const { credential: Authorization } = good;
    expect(await ask('/paid/good', { Authorization: other.credential })).toBe(403);
    expect(await ask('/paid/good?api_key=in-the-query', { Authorization })).toBe(403);
    expect(await ask('/paid/good', { Authorization: `Payment ${token.slice(0, -20)}` })).toBe(402);
    expect(await ask('/paid/good', { Authorization: `Payment ${token}AAAA` })).toBe(402);
    expect(await ask('/paid/good', { Authorization: `Payment "${token}"` })).toBe(402);
    expect(await ask('/paid/good', { Authorization, 'Payment-Authorization': other.credential })).toBe(400);
    expect(await ask('/paid/good', { 'X-Payment': token, Authorization: `Bearer ${bearer}` })).toBe(402);
    const proof = { preimage: other.preimage };
    const forged = Buffer.from(JSON.stringify({ challenge: good.challenge, payload: proof })).toString(
      'base64url',
    );
    bought.push({ ...other, credential: `Payment ${forged}` });
    expect(await ask('/paid/good', { Authorization: `Payment ${forged}` })).toBe(402);
    expect(await ask('/paid/good', { Authorization })).toBe(200);
    expect(await ask('/paid/good', { Authorization })).toBe(402);
    expect(await ask('/paid/other', { 'Payment-Authorization': other.credential })).toBe(200);
    expect(await ask('/free/x', { Authorization, 'Payment-Authorization': other.credential })).toBe(200);
  });

  it('meets requests that are none', async () => {
    const { credential } = await buy('/paid/raw');
    expect(await askRaw(requestBytes('/paid/raw', `${credential}\r\nbroken field`))).toBe(400);
    expect(await askRaw(requestBytes('//paid/raw', credential))).toBe(400);
    expect(await askRaw(requestBytes('/nowhere', credential))).toBe(404);
    expect(await askRaw(requestBytes('/paid/raw', `${credential}\r\nX-Long: ${'x'.repeat(20_000)}`))).toBe(
      431,
    );
    expect(await askRaw(`GET /paid/raw HTTP/9.9\r\nAuthorization: ${credential}\r\n\r\n`)).toBe(400);
  });

  it('keeps the credit when its upstream fails in every way', async () => {
    for (const path of [
      '/paid/closes',
      '/paid/fails',
      '/paid/refuses',
      '/paid/asks-for-payment',
      '/paid/breaks-off',
    ]) {
      const { credential: Authorization } = await buy(path);
      await ask(path, { Authorization }).catch(() => undefined);
    }
    const { credential: Authorization } = await buy('/paid/closes', 'POST');
    expect(await ask('/paid/closes', { Authorization }, 'POST')).toBe(502);
    expect(await ask('/paid/closes', { Authorization }, 'POST')).toBe(409);
    const echo = await buy('/paid/echo');
    const headers = { Authorization: echo.credential, 'X-API-Key': apiKey };
    const answer = await fetch(`${url}/paid/echo`, { headers });
    // What the upstream gets and gives back is the client's own key, and nothing of the payment.
    const text = await answer.text();
    expect(text).toContain(apiKey);
    expect(foundIn(text, secrets())).toEqual(['the API key']);
  });

  it('goes on when its node is down, or takes it for a stranger', async () => {
    const { credential: Authorization } = await buy('/paid/late');
    const port = Number(new URL(node.url).port);
    await node.close();
    expect(await ask('/paid/good', {})).toBe(500);
    expect(await ask('/paid/good', { Authorization })).toBe(403);
    expect(await ask('/paid/good', { Authorization: `${Authorization}AAAA` })).toBe(500);
    expect(await ask('/paid/late', { Authorization })).toBe(200);
    const stranger = await serveDevnet(devnet, { port });
    expect(await ask('/paid/good', {})).toBe(500);
    await stranger.close();
    node = await serveDevnet(devnet, { port, token: node.token });
    await until('it sells again', async () => (await ask('/paid/good', {})) === 402);
  });

  it('has written down, answered and passed on none of it', async () => {
    const wallet = startFarebox(home, [
      'pay',
      'request',
      `${url}/paid/by-wallet`,
      '--yes',
      '--json',
      '-H',
      `X-API-Key: ${apiKey}`,
    ]);
    expect((await wallet.exited).code).toBe(0);
    expect((await gateway.kill('SIGTERM')).code).toBe(0);

    const log = gateway.stdout + gateway.stderr;
    // It did log everything it may: each request with its fields, deliveries, and what went wrong.
    expect(log).toContain('"level":10');
    expect(log).toContain('"msg":"request"');
    expect(log).toContain('"msg":"delivered"');
    expect(log).toContain('no payment can be taken');
    expect((log.match(/"authorization":"\[redacted\]"/g) ?? []).length).toBeGreaterThan(15);
    expect(foundIn(log, secrets())).toEqual([]);
    expect(foundIn(wallet.stdout + wallet.stderr, secrets())).toEqual([]);

    expect(refusals.length).toBeGreaterThan(20);
    expect(foundIn(refusals.join('\n'), secrets())).toEqual([]);

    expect(upstream.received.length).toBeGreaterThan(8);
    const received = upstream.received.join('\n');
    expect(
      foundIn(
        received,
        secrets().filter(({ name }) => name !== 'the API key'),
      ),
    ).toEqual([]);
    expect(received).not.toMatch(/^(?:payment-|x-payment|authorization: *payment)/im);
  });

  it('and the search would have found it', () => {
    const all = secrets();
    for (const { name, value } of all) {
      const [middle, form] = [Math.floor(value.length / 2), Buffer.from(value).toString('base64url')];
      expect(foundIn(`{"x":"${value.slice(middle - 10, middle + 12)}"}`, all)).toContain(name);
      expect(foundIn(`{"x":"${form}"}`, all)).toContain(name);
    }
  });
});
