import type { AddressInfo } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { serializeChallenge } from '@farebox/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readAll } from './answer.js';
import { failureOf } from './testing/failure.js';
import { openTestPurse, type TestPurse } from './testing/purse.js';
import { deliver, Seller } from './testing/seller.js';

let seller: Seller;
let purse: TestPurse;

beforeEach(async () => {
  seller = await new Seller().listen();
  purse = openTestPurse(seller.node, {
    timeouts: { unpaidAnswerMs: 500, paidAnswerMs: 500, answerIdleMs: 300 },
  });
});

afterEach(async () => {
  purse.close();
  await seller.close();
});

const paidSat = () => purse.node.paid.length;

describe('the connection', () => {
  /** A server that speaks bytes. */
  async function raw(bytes: string): Promise<{ url: string; close: () => void }> {
    const server = createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.write(bytes));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    // A TCP server that listens has an address of this form.
    return {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      close: () => server.close(),
    };
  }

  it.each([
    [
      'huge headers',
      `HTTP/1.1 402 Payment Required\r\n${'X-Fill: '.concat('a'.repeat(1_000), '\r\n').repeat(200)}\r\n`,
    ],
    ['malformed headers', 'HTTP/1.1 402 Payment Required\r\nWWW-Authenticate\r\n: Payment\r\n\r\n'],
    ['no HTTP at all', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['half a head, then silence', 'HTTP/1.1 402 Payment Required\r\nWWW-Auth'],
  ])('%s: a network failure, nothing spent', async (_name, bytes) => {
    const server = await raw(bytes);
    const failure = await failureOf(purse.wallet.pay({ url: server.url }));
    expect(failure).toMatchObject({ exitClass: 'network', outcome: 'not-sent', retry: 'safe' });
    server.close();
  });

  it('nobody there', async () => {
    const { url } = seller;
    await seller.close();
    expect((await failureOf(purse.wallet.pay({ url }))).code).toBe('unreachable');
  });

  it('a slow drip cannot hold the 402 open: its body is not read', async () => {
    let drip: NodeJS.Timeout | undefined;
    seller.behave(async ({ seen, response, seller: self }) => {
      if (seen.credential) return deliver(response, seen.credential);
      response.writeHead(402, { 'www-authenticate': serializeChallenge(await self.challenge()) });
      drip = setInterval(() => response.write('.'), 20);
      response.on('close', () => clearInterval(drip));
    });
    const result = await purse.wallet.pay({ url: seller.url });
    expect(result.kind).toBe('delivered');
    await readAll(result.answer, 1_000);
  });

  it('plain http to another machine is not paid, and can be allowed', async () => {
    const toSeller: typeof fetch = (_url, init) => fetch(seller.url, init);
    const url = 'http://shop.example/price';
    const failure = await failureOf(purse.another({ fetch: toSeller }).pay({ url }));
    expect(failure).toMatchObject({ code: 'insecure_url', exitClass: 'policy' });
    expect(paidSat()).toBe(0);
    const result = await purse.another({ fetch: toSeller, allowInsecure: true }).pay({ url });
    expect(result.kind).toBe('delivered');
  });
});

describe('the node', () => {
  it('breaks down after it was asked: unknown, and resume finds out without paying', async () => {
    const { node } = purse;
    node.next = async (request) => {
      await node.payInvoice(request);
      throw new Error('connection lost');
    };
    const result = await purse.wallet.pay({ url: seller.url }).catch((error: unknown) => error);
    // The method asks the node itself; either it has found out at once, or the wallet says that it is not known.
    if (result instanceof Error) {
      const failure = await failureOf(Promise.reject(result));
      expect(failure).toMatchObject({ code: 'payment_unknown', exitClass: 'unknown' });
      const resumed = await purse.wallet.resume(failure.paymentId ?? '');
      expect(resumed.kind).toBe('delivered');
    }
    expect(paidSat()).toBe(1);
  });

  it('a method that throws has not said that nothing was sent', async () => {
    const { lightning } = purse;
    const breaking = {
      method: 'lightning',
      intent: 'charge',
      inspect: lightning.inspect.bind(lightning),
      resume: lightning.resume.bind(lightning),
      pay: async (...args: Parameters<typeof lightning.pay>) => {
        await lightning.pay(...args);
        throw new Error('boom');
      },
    };
    const wallet = purse.another({ methods: [breaking] });
    const failure = await failureOf(wallet.pay({ url: seller.url }));
    expect(failure).toMatchObject({ code: 'payment_unknown', retry: 'resume' });
    expect(purse.journal.find(failure.paymentId ?? '')?.state).toBe('payment-unknown');
    expect((await wallet.resume(failure.paymentId ?? '')).kind).toBe('delivered');
    expect(paidSat()).toBe(1);
  });
});
