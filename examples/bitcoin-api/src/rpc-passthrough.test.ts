import type { Hono } from 'hono';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createBitcoinApi } from './api.js';
import { readOnlyMethods } from './rpc-methods.js';
import { type Facade, reply, rpcPassword, startFacade } from './testing/facade.js';
import { tip } from './testing/recordings.js';

let node: Facade;
let api: Hono;

beforeEach(async () => {
  node = await startFacade();
  api = createBitcoinApi({
    rpc: { url: node.url, user: 'me', password: rpcPassword },
    price: { currency: 'USD', rate: 1 },
  });
});

afterEach(() => node.close());

async function post(version: 'v1' | 'v2', body: string): Promise<{ status: number; text: string }> {
  const answer = await api.request(`/${version}/bitcoin/rpc`, { method: 'POST', body });
  return { status: answer.status, text: await answer.text() };
}

async function postJson(version: 'v1' | 'v2', body: unknown): Promise<{ status: number; body: unknown }> {
  const { status, text } = await post(version, JSON.stringify(body));
  return { status, body: text === '' ? undefined : JSON.parse(text) };
}

const forbidden = [
  'sendrawtransaction',
  'stop',
  'getnetworkinfo',
  'scantxoutset',
  'dumpprivkey',
  'invalidateblock',
  'toString',
  '',
];

describe('JSON-RPC 1.0', () => {
  it('passes a call and its answer', async () => {
    expect(await postJson('v1', { jsonrpc: '1.0', id: 'a', method: 'getblockhash', params: [170] })).toEqual({
      status: 200,
      body: { result: tip.hash, error: null, id: 'a' },
    });
    expect(await postJson('v1', { method: 'getblockcount' })).toEqual({
      status: 200,
      body: { result: 170, error: null, id: null },
    });
  });

  it('keeps every digit, both ways', async () => {
    node.behave('getblockstats', (answer) =>
      reply(answer, { result: '{"a":1.10000000,"b":123456789012345678901234567890,"c":1e-8}' }),
    );
    const { text } = await post('v1', '{"id":12345678901234567890,"method":"getblockstats","params":[1.00]}');
    expect(text).toBe(
      '{"result":{"a":1.10000000,"b":123456789012345678901234567890,"c":1e-8},"error":null,"id":12345678901234567890}',
    );
    expect((await post('v1', '{"method":"getdifficulty"}')).text).toContain('108105433845147.20000000');
  });

  it('passes the node’s errors, as 4xx', async () => {
    expect(await postJson('v1', { id: 1, method: 'getblockhash', params: [171] })).toEqual({
      status: 400,
      body: { result: null, error: { code: -8, message: 'Block height out of range' }, id: 1 },
    });
    const missing = await postJson('v1', {
      id: 1,
      method: 'getrawtransaction',
      params: ['0'.repeat(64), 2],
    });
    expect(missing).toMatchObject({ status: 404, body: { error: { code: -5 } } });
  });

  it.each(forbidden)('does not pass %j', async (method) => {
    expect(await postJson('v1', { id: 1, method, params: [] })).toMatchObject({
      status: 404,
      body: { error: { code: -32601 }, id: 1 },
    });
    expect(node.calls).toEqual([]);
  });

  it.each([
    ['', -32700],
    ['{', -32700],
    ['['.repeat(60_000), -32700],
    ['null', -32600],
    ['[]', -32600],
    ['[{"method":"getblockcount"}]', -32600],
    ['{"method":1}', -32600],
    ['{"method":"getblockcount","params":"x"}', -32600],
    ['{"method":"getblockcount","id":{}}', -32600],
  ])('refuses %.30j', async (body, code) => {
    const { status, text } = await post('v1', body);
    expect(status).toBe(400);
    expect(JSON.parse(text)).toMatchObject({ result: null, error: { code }, id: null });
    expect(node.calls).toEqual([]);
  });
});

describe('JSON-RPC 2.0', () => {
  it('passes a call and its answer, result or error, in the 2.0 form', async () => {
    expect(await postJson('v2', { jsonrpc: '2.0', id: 7, method: 'getblockcount' })).toEqual({
      status: 200,
      body: { jsonrpc: '2.0', result: 170, id: 7 },
    });
    expect(await postJson('v2', { jsonrpc: '2.0', id: null, method: 'getblockhash', params: [171] })).toEqual(
      {
        status: 200,
        body: { jsonrpc: '2.0', error: { code: -8, message: 'Block height out of range' }, id: null },
      },
    );
  });

  it('passes named parameters', async () => {
    node.behave('getblockhash', (answer, params) =>
      reply(answer, { result: JSON.stringify(JSON.stringify(params)) }),
    );
    const { body } = await postJson('v2', {
      jsonrpc: '2.0',
      id: 1,
      method: 'getblockhash',
      params: { height: 170 },
    });
    expect(body).toMatchObject({ result: '{"height":170}' });
  });

  it('answers a batch in its order, and no notification', async () => {
    const call = (id: number | undefined, method: string) => ({ jsonrpc: '2.0', id, method });
    const batch = [
      call(1, 'getblockcount'),
      call(undefined, 'getblockcount'),
      call(2, 'stop'),
      17,
      call(3, 'getbestblockhash'),
    ];
    expect(await postJson('v2', batch)).toEqual({
      status: 200,
      body: [
        { jsonrpc: '2.0', result: 170, id: 1 },
        { jsonrpc: '2.0', error: { code: -32601, message: expect.any(String) }, id: 2 },
        { jsonrpc: '2.0', error: { code: -32600, message: expect.any(String) }, id: null },
        { jsonrpc: '2.0', result: tip.hash, id: 3 },
      ],
    });
    expect(node.calls).toHaveLength(2);
  });

  it('answers notifications with nothing', async () => {
    expect(await postJson('v2', { jsonrpc: '2.0', method: 'getblockcount' })).toEqual({
      status: 204,
      body: undefined,
    });
    expect(await postJson('v2', [{ jsonrpc: '2.0', method: 'stop' }])).toEqual({
      status: 204,
      body: undefined,
    });
    expect(node.calls).toEqual([]);
  });

  it('bounds a batch to 20', async () => {
    const batch = (length: number) =>
      Array.from({ length }, (_, id) => ({ jsonrpc: '2.0', id, method: 'getblockcount' }));
    expect(await postJson('v2', batch(20))).toMatchObject({
      status: 200,
      body: expect.objectContaining({ length: 20 }),
    });
    expect(await postJson('v2', batch(21))).toMatchObject({
      status: 400,
      body: { error: { code: -32600 }, id: null },
    });
    expect(await postJson('v2', [])).toMatchObject({
      status: 400,
      body: { error: { code: -32600 }, id: null },
    });
    expect(node.calls).toHaveLength(20);
  });

  it.each(forbidden)('does not pass %j', async (method) => {
    const answer = await postJson('v2', { jsonrpc: '2.0', id: 1, method });
    expect(answer).toMatchObject({ status: 404, body: { jsonrpc: '2.0', error: { code: -32601 }, id: 1 } });
    expect(node.calls).toEqual([]);
  });

  it.each([
    '{"jsonrpc":"1.0","id":1,"method":"getblockcount"}',
    '{"id":1,"method":"getblockcount"}',
    '1',
    'x',
  ])('refuses %j', async (body) => {
    const { status, text } = await post('v2', body);
    expect(status).toBe(400);
    expect(JSON.parse(text)).toMatchObject({ jsonrpc: '2.0', error: { code: expect.any(Number) }, id: null });
  });

  it('is one problem when the node fails in the middle of a batch', async () => {
    node.behave('getbestblockhash', (answer) => answer.destroy());
    const batch = ['getblockcount', 'getbestblockhash'].map((method, id) => ({ jsonrpc: '2.0', id, method }));
    expect(await postJson('v2', batch)).toMatchObject({
      status: 502,
      body: { type: 'about:blank', status: 502 },
    });
  });
});

describe('either version', () => {
  it.each(['v1', 'v2'] as const)('%s refuses a body above 64 KiB, announced or not', async (version) => {
    const body = JSON.stringify({ method: 'getblockcount', params: ['x'.repeat(65_536)] });
    expect(await postJson(version, JSON.parse(body))).toMatchObject({ status: 413, body: { status: 413 } });
    const stream = new Blob([body]).stream();
    const answer = await api.request(`/${version}/bitcoin/rpc`, {
      method: 'POST',
      body: stream,
      duplex: 'half',
    });
    expect(answer.status).toBe(413);
    expect(node.calls).toEqual([]);
  });

  it('lets through nothing that writes, spends, or tells about the node', () => {
    const telling =
      /^(send|sign|submit|create|import|dump|set|add|stop|generate|prune|invalidate|reconsider|load|save|wallet|abandon)/;
    expect([...readOnlyMethods].filter((method) => telling.test(method))).toEqual([]);
    for (const method of [
      'getnetworkinfo',
      'getpeerinfo',
      'getnodeaddresses',
      'testmempoolaccept',
      'scantxoutset',
      'logging',
    ]) {
      expect(readOnlyMethods.has(method)).toBe(false);
    }
  });
});
