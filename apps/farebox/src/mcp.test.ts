import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Devnet, type DevnetServer, serveDevnet, startDevnet, writeDevnetFile } from '@farebox/devnet';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { forSats, startCatalogue } from './testing/catalogue-stand.js';
import { checkOutput } from './testing/checked-output.js';
import { only, run, start } from './testing/run.js';
import { Shop } from './testing/shop.js';
import { makeWallet } from './testing/tempo-wallets.js';
import { newHome, placeVault, walletOf } from './vault/testing/vault-home.js';

const bin = fileURLToPath(new URL('../bin/farebox.js', import.meta.url));
let devnet: Devnet;
let server: DevnetServer;
let home = '';
let shop: Shop;
let catalogue: Awaited<ReturnType<typeof startCatalogue>>;

beforeAll(async () => {
  devnet = await startDevnet();
  server = await serveDevnet(devnet);
  home = mkdtempSync(join(tmpdir(), 'farebox-mcp-'));
  await writeDevnetFile(home, { url: server.url, token: server.token });
  shop = await new Shop(devnet.merchant).listen();
  catalogue = await startCatalogue(shop.url, {
    '/price/2': forSats('2', 'The price of bitcoin'),
    '/price/9': forSats('9', 'A block by height'),
  });
});
afterAll(async () => {
  await catalogue.close();
  await shop.close();
  await server.close();
  await devnet.close();
  rmSync(home, { recursive: true, force: true });
});

/** A client of the official SDK that starts the command, as a user's would. */
function connect(...words: string[]): Promise<Client> {
  return connectWith({ FAREBOX_HOME: home }, ...words);
}

async function connectWith(more: Readonly<Record<string, string>>, ...words: string[]): Promise<Client> {
  const client = new Client({ name: 'test', version: '0.0.0' });
  const env = { ...process.env, ...more } as Record<string, string>;
  await client.connect(
    new StdioClientTransport({ command: process.execPath, args: [bin, 'mcp', ...words], env }),
  );
  // As every agent does: the client holds results against the tools' schemas from then on.
  await client.listTools();
  return client;
}

async function call(
  client: Client,
  name: string,
  args: Record<string, unknown> = {},
): Promise<Record<string, unknown>> {
  const { structuredContent, content, isError } = await client.callTool({ name, arguments: args });
  if (isError !== true) return { ...(structuredContent as Record<string, unknown>), isError: false };
  // A failure is text: its first part is our own.
  const [first] = content as { readonly text: string }[];
  return { ...JSON.parse(first?.text ?? '{}'), isError: true };
}

describe('an agent over stdio', () => {
  it('finds, previews, pays and is refused over budget', async () => {
    const client = await connect('--max', '5sat');
    try {
      const found = await call(client, 'search', { words: 'bitcoin', origins: [catalogue.origin] });
      expect(found).toMatchObject({ ok: true, count: 1 });
      const operations = (found as { untrusted?: { operations?: { url: string }[] } }).untrusted?.operations;
      const url = operations?.[0]?.url;
      expect(url).toBe(`${shop.url}/price/2`);
      expect(await call(client, 'preview', { url })).toMatchObject({
        would_be_paid: true,
        cost: { text: '2 sat' },
      });
      const before = (await devnet.wallet.balance()).spendableMsat;
      const paid = await call(client, 'pay', { url });
      expect(paid).toMatchObject({
        isError: false,
        paid: true,
        receipt: 'valid',
        untrusted: { body: '{"rate":1}' },
      });
      expect(before - (await devnet.wallet.balance()).spendableMsat).toBe(2_000n);
      // Asking for more than the owner allows changes nothing.
      const refused = await call(client, 'pay', { url: `${shop.url}/price/9`, max: '1000sat' });
      expect(refused).toMatchObject({ isError: true, code: 'price_above_max', paid: false });
      expect(before - (await devnet.wallet.balance()).spendableMsat).toBe(2_000n);
      expect(await call(client, 'history')).toMatchObject({
        payments: [{ id: paid.id, state: 'delivered' }],
      });
      // As the command line has it: 99.5 sat, and no thousandths of it.
      const text = expect.stringMatching(/^\d+(?:\.\d{1,3})? sat$/);
      expect(await call(client, 'balance')).toMatchObject({
        balances: expect.arrayContaining([
          expect.objectContaining({
            payment_method: 'lightning',
            balance: expect.objectContaining({ text }),
          }),
        ]),
      });
    } finally {
      await client.close();
    }
  });

  it("stays below the owner's policy, whatever the tool is told, and obeys a change of it at once", async () => {
    const policy = (day: string) =>
      writeFileSync(
        join(home, 'policy.yaml'),
        `limits:\n  payment: [100sat]\n  fee: [10sat]\n  day: [${day}]\n`,
      );
    policy('1000sat');
    const client = await connect();
    try {
      expect(await call(client, 'pay', { url: `${shop.url}/price/3` })).toMatchObject({ isError: false });
      const budget = await call(client, 'budget');
      expect(budget).toMatchObject({ ok: true, changed_by: join(home, 'policy.yaml') });
      const day = (
        budget as unknown as { limits: { scope: string; limit: object; spent: object }[] }
      ).limits.find(({ scope }) => scope === 'limits.day');
      expect(day).toMatchObject({
        limit: { text: '1000 sat' },
        spent: { text: expect.stringMatching(/^[\d.]+ sat$/) },
      });
      // Fees are reserved too: less is left than another payment could need.
      policy('6sat');
      const refused = await call(client, 'pay', {
        url: `${shop.url}/price/3`,
        max: '1000sat',
        max_fee: '1000sat',
      });
      expect(refused).toMatchObject({ isError: true, paid: false, code: 'over_budget' });
      expect(refused.next).toContain('owner');
    } finally {
      await client.close();
      rmSync(join(home, 'policy.yaml'));
    }
  });

  it('pays with a node that was started after the server had begun with Tempo alone', async () => {
    const own = mkdtempSync(join(tmpdir(), 'farebox-mcp-late-'));
    await makeWallet(own);
    // Nothing listens there, and nothing is asked: the seller wants Lightning.
    const client = await connectWith({ FAREBOX_HOME: own, FAREBOX_TEMPO_RPC: 'http://127.0.0.1:1' });
    try {
      const asked = { url: `${shop.url}/price/2` };
      const refused = await call(client, 'pay', asked);
      expect(refused).toMatchObject({ isError: true, paid: false, code: 'no_payable_challenge' });
      await writeDevnetFile(own, { url: server.url, token: server.token });
      expect(await call(client, 'pay', asked)).toMatchObject({ isError: false, paid: true });
    } finally {
      await client.close();
      rmSync(own, { recursive: true, force: true });
    }
  });

  it('pays from an unlocked vault, and no more once its owner has locked it', async () => {
    const own = newHome();
    await placeVault(own);
    await writeDevnetFile(own, { url: server.url, token: server.token });
    const env = { XDG_RUNTIME_DIR: join(own, 'run') };
    mkdirSync(env.XDG_RUNTIME_DIR, { mode: 0o700 });
    await walletOf(own, env).done('unlock');
    const without = { ...env, FAREBOX_HOME: own, FAREBOX_PASSPHRASE: '' };
    const client = await connectWith(without, '--node', 'devnet');
    try {
      const asked = { url: `${shop.url}/price/2` };
      expect(await call(client, 'pay', asked)).toMatchObject({ paid: true });
      await walletOf(own, env).done('lock');
      expect(await call(client, 'pay', asked)).toMatchObject({
        isError: true,
        paid: false,
        code: 'vault_locked',
        retry: 'never',
      });
      expect(await call(client, 'resume')).toMatchObject({ code: 'vault_locked', paid: null });
      expect(await call(client, 'preview', asked)).toMatchObject({ isError: false });
      await walletOf(own, env).done('unlock');
      expect(await call(client, 'pay', asked)).toMatchObject({ paid: true });
    } finally {
      await client.close();
      rmSync(own, { recursive: true, force: true });
    }
  });

  it('finishes payments with nothing to pay with, and under a policy that is broken', async () => {
    const own = newHome();
    const client = await connectWith({ FAREBOX_HOME: own });
    try {
      expect(await call(client, 'pay', { url: `${shop.url}/price/2` })).toMatchObject({
        isError: true,
        code: 'node_not_found',
      });
      expect(await call(client, 'resume')).toMatchObject({ isError: false, ok: true, payments: [] });
      writeFileSync(join(own, 'policy.yaml'), 'limits: everything');
      expect(await call(client, 'resume')).toMatchObject({ isError: false, ok: true, payments: [] });
      expect(await call(client, 'pay', { url: `${shop.url}/price/2` })).toMatchObject({ isError: true });
    } finally {
      await client.close();
      rmSync(own, { recursive: true, force: true });
    }
  });

  it('that dies in the middle of a payment loses nothing: the answer is kept', async () => {
    const child = start(home, ['mcp']);
    const send = (message: object) =>
      child.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
    const params = {
      protocolVersion: '2025-06-18',
      capabilities: {},
      clientInfo: { name: 'raw', version: '0' },
    };
    send({ id: 1, method: 'initialize', params });
    if (child.stdout) await once(child.stdout, 'data');
    send({ method: 'notifications/initialized' });
    send({ id: 2, method: 'tools/call', params: { name: 'pay', arguments: { url: `${shop.url}/price/4` } } });
    const arrived = () => shop.asked.some((line) => line.includes('/price/4'));
    await expect.poll(arrived, { timeout: 30_000 }).toBe(true);
    // The client is gone: nobody writes, nobody reads.
    child.stdout?.destroy();
    child.stdin?.end();
    const [code] = await once(child, 'exit');
    expect(code).toBe(0);
    const history = await run(home, ['pay', 'history', '--json', '--limit', '100']);
    checkOutput(['pay', 'history'], history.stdout);
    const { payments } = only(history.stdout);
    const rows = (payments as { url: string; state: string; id: string }[]).filter(({ url }) =>
      url.endsWith('/price/4'),
    );
    expect(rows.map(({ state }) => state)).toEqual(['delivered']);
    const shown = await run(home, ['pay', 'show', rows[0]?.id ?? '', '--json']);
    checkOutput(['pay', 'show'], shown.stdout);
    const kept = join(home, 'answers', rows[0]?.id ?? '');
    expect([readFileSync(kept, 'utf8'), statSync(kept).mode & 0o777]).toEqual(['{"rate":1}', 0o600]);
  });
});

describe('an agent over HTTP', () => {
  it('pays with the token that was made for it, and nobody without', async () => {
    const tokenFile = join(home, 'mcp-token');
    const child = start(home, ['mcp', '--http', '127.0.0.1:0', '--token-file', tokenFile, '--json']);
    const ended = once(child, 'exit');
    try {
      const said = child.stdout === null ? '' : String((await once(child.stdout, 'data'))[0]);
      checkOutput(['mcp'], said);
      const url = new URL(String(only(said).url));
      expect(statSync(tokenFile).mode & 0o777).toBe(0o600);
      const token = readFileSync(tokenFile, 'utf8').trim();
      expect(said).not.toContain(token);
      expect((await fetch(url, { method: 'POST', body: '{}' })).status).toBe(401);
      const client = new Client({ name: 'test', version: '0.0.0' });
      const transport = new StreamableHTTPClientTransport(url, {
        requestInit: { headers: { authorization: `Bearer ${token}` } },
      });
      // The types of the SDK do not agree with exactOptionalPropertyTypes; a transport it is all the same.
      await client.connect(transport as Parameters<typeof client.connect>[0]);
      expect(await call(client, 'pay', { url: `${shop.url}/price/1` })).toMatchObject({ paid: true });
      await client.close();
    } finally {
      child.kill('SIGTERM');
    }
    expect(await ended).toEqual([0, null]);
  });

  it('is refused without a token, for other machines, and what is no address', async () => {
    const cases: readonly (readonly [readonly string[], string])[] = [
      [['--http', '127.0.0.1:0'], 'token-file'],
      [['--http', '0.0.0.0:0', '--token-file', 'x'], 'allow-host'],
      [['--http', 'nowhere'], 'host:port'],
      [['--passphrase-fd', '0'], 'stdin'],
    ];
    const ran = await Promise.all(cases.map(([words]) => run(home, ['mcp', ...words])));
    for (const [at, { code, stderr }] of ran.entries()) {
      expect(code).toBe(2);
      expect(stderr).toContain(cases[at]?.[1]);
    }
  });

  it('a token that others may read is refused, and not repeated', async () => {
    const open = join(home, 'open-token');
    writeFileSync(open, 'a-token-that-is-long-enough-for-this-purpose', { mode: 0o644 });
    const { code, stderr } = await run(home, ['mcp', '--http', '127.0.0.1:0', '--token-file', open]);
    expect([code, stderr.includes('chmod 600'), stderr.includes('long-enough')]).toEqual([1, true, false]);
  });
});
