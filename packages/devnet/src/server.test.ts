import { execFile } from 'node:child_process';
import { request as httpRequest } from 'node:http';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ConnectOptions, connectDevnet } from './client.js';
import { type Devnet, startDevnet } from './devnet.js';
import { type DevnetServer, serveDevnet } from './server.js';
import { anInvoice, eventually, hashOf, newSecret, succeeded } from './testing/fixtures.js';

let devnet: Devnet;
let server: DevnetServer;
beforeAll(async () => {
  devnet = await startDevnet();
  server = await serveDevnet(devnet);
});
afterAll(async () => {
  await server.close();
  await server.close();
  await devnet.close();
});

interface Reply {
  readonly status: number;
  readonly body: string;
}

/** A request by hand, so that Host and everything else can be what an attacker wants. */
function send(path: string, headers: Record<string, string>, body = '{}', method = 'POST'): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(new URL(path, server.url), { method, headers }, (response) => {
      let text = '';
      response.on('data', (part) => {
        text += part;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
    });
    request.on('error', reject);
    if (method === 'POST') request.write(body);
    request.end();
  });
}
const bearer = () => ({ authorization: `Bearer ${server.token}` });
const basic = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});

describe('another process', () => {
  it('uses both nodes: invoice, payment, tracking, balance', async () => {
    const child = fileURLToPath(new URL('./testing/client-child.js', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [child, server.url, server.token]);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({
      open: { status: 'open' },
      paid: { status: 'succeeded', feeMsat: '0n' },
      settled: { status: 'settled', receivedMsat: '1000n' },
      movedMsat: '1000n',
    });
    expect(report.tracked).toEqual(report.paid);
    expect(hashOf(report.paid.preimage)).toBe(report.paymentHash);
    expect(report.ids).toEqual([(await devnet.merchant.info()).nodeId, (await devnet.wallet.info()).nodeId]);
  });
});

describe('a remote node', () => {
  it('holds, settles and cancels', async () => {
    const merchant = connectDevnet({ url: server.url, token: server.token, role: 'merchant' });
    const wallet = connectDevnet({ url: server.url, token: server.token, role: 'wallet' });
    expect(merchant.capabilities).toEqual({
      msat: true,
      feeCap: true,
      cancel: true,
      track: true,
      hold: true,
    });
    const { preimage, paymentHash } = newSecret();
    const { invoice } = await merchant.holdInvoice({ ...anInvoice(), paymentHash });
    const paying = wallet.payInvoice({ invoice, maxFeeMsat: 0n, timeoutMs: 60_000 });
    await eventually(async () => (await merchant.lookupInvoice(paymentHash))?.status === 'held');
    await merchant.settleHold(preimage);
    expect(succeeded(await paying).preimage).toBe(preimage);
    await expect(merchant.cancelHold(paymentHash)).rejects.toMatchObject({ code: 'node_refused' });
    expect(await merchant.lookupInvoice('ab'.repeat(32))).toBeUndefined();
    await Promise.all([merchant.close(), wallet.close()]);
    await expect(wallet.info()).rejects.toMatchObject({ code: 'node_unreachable' });
  });

  it('is unauthorized with a wrong token, and nothing is sent', async () => {
    const token = `${server.token.slice(0, -1)}${server.token.endsWith('A') ? 'B' : 'A'}`;
    const wallet = connectDevnet({ url: server.url, token, role: 'wallet' });
    const { invoice, paymentHash } = await devnet.merchant.createInvoice(anInvoice());
    const unauthorized = { code: 'node_unauthorized' };
    await expect(wallet.balance()).rejects.toMatchObject(unauthorized);
    const paying = wallet.payInvoice({ invoice, maxFeeMsat: 0n, timeoutMs: 1_000 });
    await expect(paying).rejects.toMatchObject(unauthorized);
    expect(await devnet.merchant.lookupInvoice(paymentHash)).toEqual({ status: 'open' });
    await wallet.close();
  });

  it('says that no devnet is running where its file was not there, as a program in JavaScript finds', () => {
    const none: ConnectOptions = JSON.parse('{"role":"wallet"}');
    expect(() => connectDevnet(none)).toThrow('No devnet is running: start one with `farebox devnet`.');
  });

  it('is unreachable where nobody listens, and nothing was sent', async () => {
    const gone = await serveDevnet(devnet);
    await gone.close();
    const wallet = connectDevnet({ url: gone.url, token: gone.token, role: 'wallet' });
    const { invoice } = await devnet.merchant.createInvoice(anInvoice());
    const unreachable = { code: 'node_unreachable' };
    await expect(wallet.info()).rejects.toMatchObject(unreachable);
    await expect(wallet.payInvoice({ invoice, maxFeeMsat: 0n, timeoutMs: 1_000 })).rejects.toMatchObject(
      unreachable,
    );
  });

  it('reports a payment whose answer is lost as in flight, and tracking tells its end', async () => {
    const dying = await serveDevnet(devnet);
    const wallet = connectDevnet({ url: dying.url, token: dying.token, role: 'wallet' });
    const { preimage, paymentHash } = newSecret();
    const { invoice } = await devnet.merchant.holdInvoice({ ...anInvoice(), paymentHash });
    const paying = wallet.payInvoice({ invoice, maxFeeMsat: 0n, timeoutMs: 30_000 });
    await eventually(async () => (await devnet.merchant.lookupInvoice(paymentHash))?.status === 'held');
    await dying.close();
    expect(await paying).toEqual({ status: 'in-flight' });
    await devnet.merchant.settleHold(preimage);
    const again = connectDevnet({ url: server.url, token: server.token, role: 'wallet' });
    await eventually(async () => (await again.trackPayment(paymentHash)).status === 'succeeded');
    await again.close();
  });

  it.each([
    'https://127.0.0.1:1',
    'http://192.0.2.1:80',
    'http://127.0.0.1.example.com:1',
    'ftp://localhost',
    '',
  ])('is not connected to %s: the token would leave the machine', (url) => {
    expect(() => connectDevnet({ url, token: server.token, role: 'wallet' })).toThrow('loopback');
  });
});

describe('the door', () => {
  it.each(['0.0.0.0', '::', '192.0.2.1', 'example.com'])('is never opened on %s', async (host) => {
    await expect(serveDevnet(devnet, { host })).rejects.toThrow('loopback only');
  });

  it('wants a token of 32 bytes', async () => {
    await expect(serveDevnet(devnet, { token: 'secret' })).rejects.toThrow('characters');
    expect(Buffer.from(server.token, 'base64url')).toHaveLength(32);
  });

  it.each([
    {},
    { authorization: '' },
    { authorization: 'Bearer' },
    { authorization: 'Bearer undefined' },
    basic('farebox', ''),
    basic('', ''),
    basic('farebox', 'wrong'),
  ])('stays shut for %j', async (headers) => {
    expect((await send('/lightning/wallet/balance', headers)).status).toBe(401);
    expect((await send('/bitcoin', headers)).status).toBe(401);
    expect((await send('/nowhere', headers)).status).toBe(401);
  });

  it.each(['evil.example', 'evil.example:80', '127.0.0.1', '127.0.0.1:1', 'localhost.evil.example'])(
    'stays shut for a browser that was told we are %s',
    async (host) => {
      const reply = await send('/lightning/wallet/balance', { ...bearer(), host });
      expect(reply.status).toBe(403);
    },
  );

  it('stays shut for pages of any origin', async () => {
    const reply = await send('/lightning/wallet/balance', { ...bearer(), origin: 'http://localhost' });
    expect(reply.status).toBe(403);
  });

  it.each([
    ['/lightning/wallet/balance', '{}', 'GET', 405],
    ['/lightning/router/balance', '{}', 'POST', 404],
    ['/lightning/wallet/steal', '{}', 'POST', 404],
    ['/lightning/wallet/constructor', '{}', 'POST', 404],
    ['/lightning/wallet/balance/', '{}', 'POST', 404],
    ['/lightning/wallet/payInvoice', '{', 'POST', 400],
    ['/lightning/wallet/payInvoice', '[]', 'POST', 400],
    ['/lightning/wallet/payInvoice', '{"invoice":"lnbcrt1","maxFeeMsat":0,"timeoutMs":1}', 'POST', 400],
    ['/lightning/wallet/payInvoice', '{"invoice":"lnbcrt1","maxFeeMsat":"0","timeoutMs":1}', 'POST', 422],
    [
      '/lightning/merchant/createInvoice',
      '{"amountMsat":"1e3","description":"","expirySeconds":1}',
      'POST',
      400,
    ],
    ['/lightning/merchant/lookupInvoice', '{"paymentHash":"../x"}', 'POST', 422],
  ])('answers %s %s %s with %i', async (path, body, method, status) => {
    expect((await send(path, bearer(), body, method)).status).toBe(status);
  });

  it('reads no endless body', async () => {
    const reply = await send('/bitcoin', bearer(), ' '.repeat(1_048_577));
    expect(reply.status).toBe(413);
  });
});

describe('the Bitcoin JSON-RPC', () => {
  const rpc = async (call: unknown, headers = basic('farebox', server.token)) => {
    const { status, body } = await send('/bitcoin', headers, JSON.stringify(call));
    return { status, answer: JSON.parse(body) };
  };

  it('speaks 1.0 with basic and with bearer authentication', async () => {
    const call = { jsonrpc: '1.0', id: 'a', method: 'getblockhash', params: [0] };
    const hash = '0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206';
    const expected = { status: 200, answer: { result: hash, error: null, id: 'a' } };
    expect(await rpc(call)).toEqual(expected);
    expect(await rpc(call, bearer())).toEqual(expected);
  });

  it('speaks 2.0', async () => {
    expect(await rpc({ jsonrpc: '2.0', id: 7, method: 'getblockhash', params: [9_999_999] })).toEqual({
      status: 200,
      answer: { jsonrpc: '2.0', error: { code: -8, message: 'Block height out of range' }, id: 7 },
    });
  });

  it.each([
    [{ method: 'stop', id: 1 }, 404, -32601],
    [{ method: 'getblockhash', params: [-1] }, 500, -8],
    [{ method: 7 }, 400, -32600],
    ['getblockcount', 400, -32600],
    [[], 400, -32600],
    [{ method: 'getblockhash', params: { height: 0 } }, 500, -8],
  ])('refuses %j', async (call, status, code) => {
    expect(await rpc(call)).toMatchObject({ status, answer: { result: null, error: { code } } });
  });

  it('answers a batch in order', async () => {
    const { answer } = await rpc([
      { jsonrpc: '2.0', id: 1, method: 'getblockcount' },
      { jsonrpc: '2.0', id: 2, method: 'nonsense' },
    ]);
    expect(answer).toMatchObject([
      { id: 1, result: expect.any(Number) },
      { id: 2, error: { code: -32601 } },
    ]);
  });

  it('mines', async () => {
    const before = await devnet.bitcoinRpc('getblockcount');
    const { status, body } = await send('/mine', bearer(), '{"blocks":2}');
    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({ height: Number(before) + 2 });
    expect((await send('/mine', bearer(), '{"blocks":"2"}')).status).toBe(400);
  });
});
