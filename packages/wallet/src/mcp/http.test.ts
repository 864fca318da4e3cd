import { mkdtempSync, rmSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestPurse, type TestPurse } from '../testing/purse.js';
import { deliver, honest, Seller } from '../testing/seller.js';
import { type HttpServer, serveHttp } from './http.js';
import { messageBytesMax, sessionsMax } from './limits.js';
import { partsOf } from './testing/mcp-stand.js';

const token = 'a-token-of-more-than-thirty-two-characters';
let seller: Seller;
let purse: TestPurse;
let server: HttpServer;
let folder = '';

beforeAll(async () => {
  seller = await new Seller().listen();
  purse = openTestPurse(seller.node);
  folder = mkdtempSync(join(tmpdir(), 'farebox-mcp-http-'));
  server = await serveHttp(partsOf(purse, folder), {
    host: '127.0.0.1',
    port: 0,
    token,
    hosts: ['wallet.example.com'],
    origins: ['https://console.example.com'],
  });
});
afterAll(async () => {
  await server.close();
  purse.close();
  await seller.close();
  rmSync(folder, { recursive: true, force: true });
});

const initialize = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'raw', version: '0' } },
});

/** The status of one request, with headers that `fetch` would not send. */
function post(headers: Record<string, string>, body = initialize, path = '/mcp'): Promise<number> {
  const { port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    const all = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...headers,
    };
    // A connection of its own: one that was kept may be closed by a refusal before it just when it is used again.
    const where = { host: '127.0.0.1', port, path, method: 'POST', headers: all, agent: false };
    const sent = httpRequest(where, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    });
    // A server that refuses early may close before everything is written.
    sent.on('error', reject).end(body);
  });
}

const bearer = { authorization: `Bearer ${token}` };

async function connect(): Promise<{
  readonly client: Client;
  readonly transport: StreamableHTTPClientTransport;
}> {
  const transport = new StreamableHTTPClientTransport(new URL(server.url), {
    requestInit: { headers: bearer },
  });
  const client = new Client({ name: 'test', version: '0.0.0' });
  // The types of the SDK do not agree with exactOptionalPropertyTypes; a transport it is all the same.
  await client.connect(transport as Parameters<typeof client.connect>[0]);
  await client.listTools();
  return { client, transport };
}

describe('over streamable HTTP', () => {
  it('a real client pays', async () => {
    const { client, transport } = await connect();
    const result = await client.callTool({ name: 'pay', arguments: { url: seller.url } });
    expect(result.structuredContent).toMatchObject({
      ok: true,
      paid: true,
      untrusted: { body: '{"rate":1}' },
    });
    await transport.terminateSession();
    await client.close();
  });

  it('a client that hangs up in the middle of a payment loses nothing', async () => {
    const { client } = await connect();
    const paidBefore = purse.node.paid.length;
    const done = new Promise<void>((resolve) => {
      seller.behave(async (turn) => {
        if (turn.seen.credential === undefined) return honest(turn);
        await client.close();
        deliver(turn.response, turn.seen.credential);
        turn.response.on('finish', resolve);
      });
    });
    await expect(client.callTool({ name: 'pay', arguments: { url: seller.url } })).rejects.toThrow();
    await done;
    await expect.poll(() => purse.journal.list()[0]?.state, { timeout: 30_000 }).toBe('delivered');
    expect(purse.node.paid.length - paidBefore).toBe(1);
    seller.behave(honest);
  });

  it.each<[string, Record<string, string>, number]>([
    ['no token', {}, 401],
    ['another token', { authorization: 'Bearer another-token-of-more-than-32-characters' }, 401],
    ['a beginning of the token', { authorization: `Bearer ${token.slice(0, -1)}` }, 401],
    ['another scheme', { authorization: `Basic ${token}` }, 401],
    ['the name of another machine', { ...bearer, host: 'evil.example' }, 403],
    ['a name that begins like ours', { ...bearer, host: 'localhost.evil.example' }, 403],
    ['a web page', { ...bearer, origin: 'https://evil.example' }, 403],
    ['a web page without an address', { ...bearer, origin: 'null' }, 403],
    ['a page of this machine that nobody allowed', { ...bearer, origin: 'http://localhost:3000' }, 403],
    ['an unknown session', { ...bearer, 'mcp-session-id': 'x' }, 404],
  ])('turns away %s', async (_name, headers, status) => {
    expect(await post(headers)).toBe(status);
  });

  it('welcomes a name and a page that were allowed', async () => {
    expect(await post({ ...bearer, host: 'wallet.example.com:443' })).toBe(200);
    expect(await post({ ...bearer, origin: 'https://console.example.com' })).toBe(200);
  });

  it('turns away what is no message, no beginning, elsewhere or too large', async () => {
    expect(await post(bearer, '{')).toBe(400);
    expect(await post(bearer, '{"jsonrpc":"2.0","id":1,"method":"tools/list"}')).toBe(400);
    expect(await post(bearer, initialize, '/other')).toBe(404);
    const large = await post(bearer, ' '.repeat(messageBytesMax + 1)).catch(() => 413);
    expect(large).toBe(413);
  });

  it('takes so many clients and no more', async () => {
    const statuses: number[] = [];
    for (let at = 0; at <= sessionsMax; at += 1) statuses.push(await post(bearer));
    expect(statuses.at(-1)).toBe(503);
    expect(statuses[0]).toBe(200);
  });
});
