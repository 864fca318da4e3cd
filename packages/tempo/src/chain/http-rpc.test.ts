import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { httpRpc, rpcAnswerBytesMax } from './http-rpc.js';
import { TempoRpcError } from './rpc.js';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function node(listener: RequestListener): Promise<string> {
  const started = createServer(listener);
  server = started;
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  const { port } = started.address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
}

/** Answers with what is made of the call's id. */
function answering(make: (id: number) => string, status = 200): RequestListener {
  return (request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => response.writeHead(status).end(make(JSON.parse(body).id)));
  };
}

async function failure(listener: RequestListener, timeoutMs = 60_000): Promise<TempoRpcError> {
  const rpc = httpRpc({ url: await node(listener) });
  const error = await rpc.request('eth_chainId', [], timeoutMs).catch((thrown: unknown) => thrown);
  rpc.close();
  if (!(error instanceof TempoRpcError)) throw new Error('no TempoRpcError');
  return error;
}

test('a call and its result, with headers, over one connection', async () => {
  const sockets = new Set<unknown>();
  const seen: unknown[] = [];
  const url = await node((request, response) => {
    sockets.add(request.socket);
    seen.push([request.method, request.url, request.headers['x-key'], request.headers['content-type']]);
    answering((id) => JSON.stringify({ jsonrpc: '2.0', id, result: '0x1' }))(request, response);
  });
  const rpc = httpRpc({ url: `${url}/v1`, headers: { 'x-key': 'k' } });
  expect(await rpc.request('eth_chainId', [], 60_000)).toBe('0x1');
  expect(await rpc.request('eth_chainId', [], 60_000)).toBe('0x1');
  rpc.close();
  expect(seen[0]).toEqual(['POST', '/v1', 'k', 'application/json']);
  expect(sockets.size).toBe(1);
});

test('a null result is a result', async () => {
  const rpc = httpRpc({ url: await node(answering((id) => JSON.stringify({ id, result: null }))) });
  expect(await rpc.request('eth_getTransactionReceipt', ['0x'], 60_000)).toBeNull();
  rpc.close();
});

test('a refusal keeps the node’s number and words, cut and cleaned', async () => {
  const message = `no\nway\u001b[31m${'x'.repeat(1_000)}`;
  const error = await failure(answering((id) => JSON.stringify({ id, error: { code: -32003, message } })));
  expect(error).toMatchObject({ code: 'rpc_refused', rpcCode: -32003 });
  expect(error.reason).toMatch(/^no way \[31mx+$/);
  expect(error.reason.length).toBe(300);
});

test.each<[string, (id: number) => string, number]>([
  ['no JSON', () => '<html>', 200],
  ['an answer to another question', (id) => JSON.stringify({ id: id + 1, result: 1 }), 200],
  ['neither result nor error', (id) => JSON.stringify({ id }), 200],
  ['a list', () => '[]', 200],
  ['a gateway in trouble', (id) => JSON.stringify({ id, result: '0x1' }), 502],
  ['too much', (id) => JSON.stringify({ id, result: 'x'.repeat(rpcAnswerBytesMax) }), 200],
])('%s is malformed', async (_name, make, status) => {
  expect((await failure(answering(make, status))).code).toBe('rpc_malformed');
});

test('silence ends at the time-out, also in the middle of an answer', async () => {
  expect((await failure(() => {}, 30)).code).toBe('rpc_timeout');
  server?.closeAllConnections();
  expect((await failure((_request, response) => response.write('{"id":'), 30)).code).toBe('rpc_timeout');
});

test('a lost connection, before the answer or within it, is unreachable', async () => {
  expect((await failure((request) => request.socket.destroy())).code).toBe('rpc_unreachable');
  server?.closeAllConnections();
  const cut = await failure((request, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('{"id":', () => request.socket.destroy());
  });
  expect(cut.code).toBe('rpc_unreachable');
});

test('only http and https', () => {
  expect(() => httpRpc({ url: 'ftp://127.0.0.1' })).toThrow(TypeError);
});
