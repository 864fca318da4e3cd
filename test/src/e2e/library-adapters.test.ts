import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  connectDevnet,
  type Devnet,
  type DevnetServer,
  serveDevnet,
  startDevnet,
  writeDevnetFile,
} from '@farebox/devnet';
import {
  type Challenge,
  decodeRequest,
  parseChallenges,
  parseReceipt,
  serializeCredential,
} from '@farebox/protocol';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { McpClient } from 'mppx/mcp/client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../house.js';
import { mppxLightningClient } from '../interop/mppx-lightning.js';

const joke = 'Why do satoshis never argue?';
const secret = 'x'.repeat(32);

/** A server on loopback that is only its Fetch handler: what Next makes of a route, without the rest of Next. */
const serveRoute = (route: string, port: string) => `
  import { serve } from '@hono/node-server';
  const { GET } = await import(${JSON.stringify(route)});
  serve({ fetch: GET, port: ${port} }, () => console.log('http://127.0.0.1:${port}/joke'));
`;

// The examples as they stand, each in a process of its own, bought over the devnet by hand: 402, pay, credential.
describe('the examples of the gate as a library', () => {
  let home: string;
  let devnet: Devnet;
  let served: DevnetServer;
  let buyer: ReturnType<typeof connectDevnet>;
  let shop: ChildProcess | undefined;

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'farebox-library-'));
    devnet = await startDevnet();
    served = await serveDevnet(devnet);
    const file = { url: served.url, token: served.token };
    await writeDevnetFile(home, file);
    buyer = connectDevnet({ ...file, role: 'wallet' });
  });

  afterEach(() => shop?.kill('SIGKILL'));

  afterAll(async () => {
    await buyer?.close();
    await served?.close();
    await devnet?.close();
    await rm(home, { recursive: true, force: true });
  });

  async function open(args: readonly string[], more: Record<string, string>): Promise<string> {
    const env = { ...process.env, FAREBOX_HOME: home, FAREBOX_SECRET: secret, ...more };
    shop = spawn(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] });
    if (shop.stdout === null) throw new Error('no stdout');
    const [line] = await once(shop.stdout, 'data');
    return String(line).trim();
  }

  async function challengeAt(url: string): Promise<Challenge> {
    const unpaid = await fetch(url);
    expect(unpaid.status).toBe(402);
    const [challenge] = parseChallenges(unpaid.headers.get('www-authenticate') ?? '').challenges;
    if (challenge === undefined) throw new Error('no challenge');
    return challenge;
  }

  async function preimageOf(challenge: Challenge): Promise<string> {
    const details = decodeRequest(challenge.request)?.methodDetails as { invoice: string }; // draft-lightning-charge-00
    const payment = await buyer.payInvoice({
      invoice: details.invoice,
      maxFeeMsat: 5_000n,
      timeoutMs: 60_000,
    });
    if (payment.status !== 'succeeded') throw new Error(`not paid: ${payment.status}`);
    return payment.preimage;
  }

  async function serves(url: string, challenge: Challenge, payload: Record<string, string>): Promise<void> {
    const headers = { Authorization: serializeCredential({ challenge, payload }) };
    const answer = await fetch(url, { headers });
    expect(answer.status).toBe(200);
    expect(parseReceipt(answer.headers.get('payment-receipt') ?? '')).toMatchObject({ ok: true });
    expect(await answer.text()).toContain(joke);
    await expect.poll(async () => (await fetch(url, { headers })).status, { timeout: 60_000 }).toBe(402);
  }

  it.each([
    'sell-with-hono/server.js',
    'sell-with-express/server.js',
    'sell-with-fastify/server.js',
    'sell-with-next/app/joke/route.js',
    'sell-an-mcp-tool/server.js',
    'sell-with-mppx-method/server.js',
  ])('%s has fewer than 30 lines', async (file) => {
    const text = await readFile(join(root, 'examples', file), 'utf8');
    expect(text.trimEnd().split('\n').length).toBeLessThan(30);
  });

  it.each([
    ['hono', '18411'],
    ['express', '18412'],
    ['fastify', '18413'],
  ])('sell-with-%s is bought for one satoshi', async (framework, PORT) => {
    const url = await open([join(root, `examples/sell-with-${framework}/server.js`)], { PORT });
    const challenge = await challengeAt(url);
    await serves(url, challenge, { preimage: await preimageOf(challenge) });
  });

  it('sell-with-next is bought for one satoshi, under another Fetch server', async () => {
    const route = join(root, 'examples/sell-with-next/app/joke/route.js');
    const url = await open(['--input-type=module', '-e', serveRoute(route, '18414')], { PORT: '18414' });
    const challenge = await challengeAt(url);
    await serves(url, challenge, { preimage: await preimageOf(challenge) });
  });

  it('sell-with-mppx-method is bought with a voucher, which is good for once', async () => {
    const example = join(root, 'examples/sell-with-mppx-method/server.js');
    const url = await open([example], { PORT: '18416', VOUCHERS: 'spring,summer' });
    await serves(url, await challengeAt(url), { code: 'summer' });
    const spent = serializeCredential({ challenge: await challengeAt(url), payload: { code: 'summer' } });
    expect((await fetch(url, { headers: { Authorization: spent } })).status).toBe(402);
  });

  it('sell-an-mcp-tool is bought for one satoshi, by the McpClient of mppx', async () => {
    const client = new Client({ name: 'buyer', version: '1.0.0' });
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [join(root, 'examples/sell-an-mcp-tool/server.js')],
      env: { FAREBOX_HOME: home, FAREBOX_SECRET: secret, PATH: process.env.PATH ?? '' },
    });
    await client.connect(transport);
    const paying = McpClient.wrap(client, { methods: [mppxLightningClient(buyer)] });
    expect(await paying.callTool({ name: 'joke' })).toMatchObject({
      content: [{ type: 'text', text: expect.stringContaining(joke) }],
      receipt: { status: 'success', method: 'lightning' },
    });
    await client.close();
  });
});
