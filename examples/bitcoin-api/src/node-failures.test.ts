import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createBitcoinApi } from './api.js';
import { createRpcClient, RpcFailure, type RpcOptions } from './rpc-client.js';
import { type Behaviour, type Facade, reply, rpcPassword, startFacade } from './testing/facade.js';

const price = { currency: 'USD', rate: 1 };
let node: Facade;

beforeEach(async () => {
  node = await startFacade();
});

afterEach(() => node.close());

async function healthOf(
  rpc: RpcOptions,
): Promise<{ status: number; text: string; retryAfter: string | null }> {
  const answer = await createBitcoinApi({ rpc, price }).request('/healthz');
  return { status: answer.status, text: await answer.text(), retryAfter: answer.headers.get('retry-after') };
}

function good(): RpcOptions {
  return { url: node.url, user: 'me', password: rpcPassword };
}

describe('a failing node', () => {
  it.each<[string, Behaviour, number]>([
    ['closes the connection', (answer) => answer.destroy(), 502],
    ['answers no JSON', (answer) => answer.end('<html>'), 502],
    ['answers JSON of another kind', (answer) => answer.end('[]'), 502],
    ['answers neither result nor error', (answer) => answer.end('{"id":1}'), 502],
    ['answers a result of another shape', (answer) => reply(answer, { result: '"170"' }), 502],
    ['answers a fraction for a whole number', (answer) => reply(answer, { result: '170.5' }), 502],
    [
      'does not know the method',
      (answer) => reply(answer, { status: 404, error: { code: -32601, message: 'x' } }),
      502,
    ],
    [
      'answers too much',
      (answer) => answer.end(`{"result":170,"pad":"${'x'.repeat(9 * 1024 * 1024)}"}`),
      502,
    ],
    ['has its work queue full', (answer) => answer.writeHead(503).end('Work queue depth exceeded'), 503],
    [
      'is starting',
      (answer) => reply(answer, { status: 500, error: { code: -28, message: 'Loading block index…' } }),
      503,
    ],
  ])('that %s', async (_, behaviour, status) => {
    node.behave('getblockcount', behaviour);
    const answer = await healthOf(good());
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.text)).toMatchObject({ type: 'about:blank', status });
    expect(answer.retryAfter === null).toBe(status !== 503);
    expect(answer.text).not.toContain(rpcPassword);
    expect(answer.text).not.toContain(node.url);
  });

  it('that is not there', async () => {
    // Not a port that was free a moment ago: no test listens at this address.
    const url = node.url.replace('127.0.0.1', '127.0.0.77');
    const answer = await healthOf({ ...good(), url });
    expect(answer.status).toBe(502);
    expect(answer.text).toContain('cannot be reached');
  });

  it('that redirects is not followed', async () => {
    const other = await startFacade();
    node.behave('getblockcount', (answer) => void answer.writeHead(307, { location: other.url }).end());
    expect((await healthOf(good())).status).toBe(502);
    expect(other.calls).toEqual([]);
    await other.close();
  });

  it('that does not answer in time', async () => {
    node.behave('getblockcount', () => undefined);
    const failure = createRpcClient(good()).call('getblockcount', [], 50);
    await expect(failure).rejects.toBeInstanceOf(RpcFailure);
    await expect(failure).rejects.toMatchObject({ code: 'node-timeout' });
  });

  it('that stops in the middle of its answer', async () => {
    node.behave('getblockcount', (answer) => void answer.write('{"result":1'));
    await expect(createRpcClient(good()).call('getblockcount', [], 50)).rejects.toMatchObject({
      code: 'node-timeout',
    });
  });
});

describe('credentials for the node', () => {
  it('are 502 when the node refuses them, and never shown', async () => {
    const answer = await healthOf({ url: node.url, user: 'me', password: 'wrong-and-secret' });
    expect(answer.status).toBe(502);
    expect(answer.text).toContain("this API's own credentials");
    expect(answer.text).not.toContain('wrong-and-secret');
  });

  it('may stand in the URL', async () => {
    const url = node.url.replace('http://', `http://me:${rpcPassword}@`);
    expect((await healthOf({ url })).status).toBe(200);
  });

  it('may be a bearer token', async () => {
    const devnet = await startFacade('Bearer devnet-token');
    expect((await healthOf({ url: devnet.url, token: 'devnet-token' })).status).toBe(200);
    await devnet.close();
  });

  it('do not show in the error for a malformed URL', () => {
    for (const url of [`ftp://me:${rpcPassword}@host`, `${rpcPassword}`, '']) {
      expect(() => createRpcClient({ url })).toThrow(TypeError);
      expect(() => createRpcClient({ url })).not.toThrow(rpcPassword);
    }
  });

  it('go as UTF-8 in HTTP Basic', async () => {
    await healthOf({ url: node.url, user: 'jürg', password: 'ключ' });
    expect(node.authorizations).toEqual([`Basic ${Buffer.from('jürg:ключ').toString('base64')}`]);
  });
});
