import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { parseReceipt } from '@farebox/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRig, type Rig } from '../testing/rig.js';
import { type Ask, Client } from './testing/client.js';
import { expressSeller, fastifySeller, nodeSeller } from './testing/node-sellers.js';
import { type Selling, Shop } from './testing/shop.js';
import { fetchSeller, honoSeller } from './testing/web-sellers.js';

const waitMs = 30_000;
const joke: Ask = { path: '/v1/joke' };
const order: Ask = {
  method: 'POST',
  path: '/v1/orders',
  body: '{"n":1}',
  headers: { 'content-type': 'application/json' },
};
const note: Ask = { ...order, method: 'PUT', path: '/v1/notes' };

// One table for everything that sells: `gate.protect` itself, and each adapter, over real sockets.
describe.each([nodeSeller, expressSeller, fastifySeller, fetchSeller, honoSeller])(
  'sold with $name',
  (seller) => {
    let rig: Rig;
    let shop: Shop;
    let selling: Selling;
    let client: Client;
    beforeEach(async () => {
      rig = await openRig();
      rig.clock.nowMs = Date.now();
      shop = new Shop();
      selling = await seller.open(rig.gate, shop);
      client = new Client(rig, selling);
    });
    afterEach(async () => {
      await selling.close();
      await rig.close();
    });

    /** The states of the ledger's claims, with how many of each. */
    const states = async () =>
      Object.fromEntries((await rig.ledger.totals()).map(({ state, count }) => [state, count]));
    const becomes = (wanted: Record<string, number>) =>
      expect.poll(states, { timeout: waitMs }).toEqual(wanted);

    it('asks for payment: 402 with a challenge, a problem, and no handler called', async () => {
      const answer = await client.ask(joke);
      expect(answer.status).toBe(402);
      expect(answer.headers['www-authenticate']).toMatch(/^Payment .*method="lightning"/);
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
      expect(JSON.parse(answer.body)).toMatchObject({
        type: 'https://paymentauth.org/problems/payment-required',
        challengeId: expect.any(String),
      });
      const head = await client.ask({ ...joke, method: 'HEAD' });
      expect(head).toMatchObject({ status: 402, body: '' });
      expect(head.headers['www-authenticate']).toMatch(/^Payment /);
      expect(shop.calls).toBe(0);
    });

    it('serves a paid request once, with a receipt that caches do not keep', async () => {
      const paid = await client.payFor(joke);
      const answer = await client.ask(paid);
      expect(answer).toMatchObject({ status: 200, body: 'Knock, knock.' });
      expect(answer.headers['cache-control']).toBe('private');
      const receipt = parseReceipt(String(answer.headers['payment-receipt']));
      expect(receipt.ok && receipt.value.reference).toMatch(/^[0-9a-f]{64}$/);
      await becomes({ answered: 1 });
      const again = await client.ask(paid);
      expect(again.status).toBe(402);
      expect(again.headers['payment-receipt']).toBeUndefined();
      expect(shop.calls).toBe(1);
    });

    it('serves a paid HEAD without a body', async () => {
      const paid = await client.payFor({ ...joke, method: 'HEAD' });
      const answer = await client.ask(paid);
      expect(answer).toMatchObject({ status: 200, body: '' });
      expect(answer.headers['payment-receipt']).toBeDefined();
      await becomes({ answered: 1 });
      expect((await client.ask(paid)).status).toBe(402);
    });

    it('refuses a credential of another route or query, and does not use it up', async () => {
      const paid = await client.payFor(joke);
      const elsewhere = await client.ask({ ...paid, path: '/v1/runes' });
      expect(elsewhere.status).toBe(403);
      expect(elsewhere.body).toContain('Credential was issued for /v1/joke, not /v1/runes');
      expect((await client.ask({ ...paid, path: '/v1/joke?lang=de' })).status).toBe(403);
      expect((await client.ask(paid)).status).toBe(200);
    });

    it('binds the payment to the body, and hands that body on', async () => {
      const paid = await client.payFor(order);
      expect((await client.ask({ ...paid, body: '{"n":2}' })).status).toBe(402);
      expect(shop.orders).toEqual([]);
      const answer = await client.ask(paid);
      expect(answer.status).toBe(200);
      expect(shop.orders).toEqual(['{"n":1}']);
      const bytes: Ask = { ...order, body: 'n = 1', headers: { 'content-type': 'text/plain' } };
      expect((await client.ask(await client.payFor(bytes))).status).toBe(200);
      expect(shop.orders).toEqual(['{"n":1}', 'n = 1']);
    });

    it('leaves a credit when the handler fails or has nothing, and serves the same credential later', async () => {
      shop.failing = true;
      const paid = await client.payFor({ path: '/v1/flaky' });
      const failed = await client.ask(paid);
      expect(failed).toMatchObject({ status: 500, body: 'broken' });
      expect(failed.headers['payment-receipt']).toBeUndefined();
      await becomes({ released: 1 });
      rig.clock.nowMs += 3_600_000;
      shop.failing = false;
      expect(await client.ask(paid)).toMatchObject({ status: 200, body: 'fine' });
      await becomes({ answered: 1 });
      const missing = await client.ask(await client.payFor({ path: '/v1/missing' }));
      expect(missing.status).toBe(404);
      expect(missing.headers['payment-receipt']).toBeUndefined();
      await becomes({ answered: 1, released: 1 });
    });

    it('leaves a credit when the handler throws, and does not tell what', async () => {
      const paid = await client.payFor({ path: '/v1/throws' });
      const answer = await client.ask(paid);
      expect(answer.status).toBe(500);
      expect(answer.headers['payment-receipt']).toBeUndefined();
      await becomes({ released: 1 });
      expect(shop.calls).toBe(1);
    });

    it.runIf(seller.seesErrors)('does not repeat a once handler that threw', async () => {
      const paid = await client.payFor({ ...order, path: '/v1/orders/throws' });
      const answer = await client.ask(paid);
      expect(answer.status).toBeGreaterThanOrEqual(500);
      await becomes({ unknown: 1 });
      const again = await client.ask(paid);
      expect(again.status).toBe(409);
      expect(JSON.parse(again.body)).toMatchObject({ title: 'Outcome Unknown', retry: 'resume' });
      expect(shop.calls).toBe(1);
    });

    it('keeps a credit when the client leaves before the answer', async () => {
      const paid = await client.payFor({ path: '/v1/slow' });
      const { called, letGo } = shop.hold();
      await client.leave(paid, called);
      letGo();
      await becomes({ released: 1 });
      rig.clock.nowMs += 3_600_000;
      expect(await client.ask(paid)).toMatchObject({ status: 200, body: 'at last' });
      await becomes({ answered: 1 });
      expect((await client.ask(joke)).status).toBe(402);
    });

    it('lets a once handler finish when the client leaves, and keeps what it made for who asks again', async () => {
      const paid = await client.payFor({ ...order, path: '/v1/orders/slow' });
      const { called, letGo } = shop.hold();
      await client.leave(paid, called);
      letGo();
      await becomes({ cut: 1 });
      const again = await client.ask(paid);
      expect(again).toMatchObject({ status: 200, body: 'at last' });
      expect(again.headers['payment-receipt']).toBeDefined();
      await becomes({ answered: 1 });
      expect((await client.ask(paid)).status).toBe(402);
      expect(shop.calls).toBe(1);
    });

    it('streams, and answers again when the client left in the middle', async () => {
      const paid = await client.payFor({ path: '/v1/stream' });
      const first = shop.hold();
      const response = await client.begin(paid);
      const [chunk] = await once(response, 'data');
      expect(String(chunk)).toBe('one ');
      expect(response.headers['payment-receipt']).toBeDefined();
      await becomes({ delivered: 1 });
      response.destroy();
      await becomes({ cut: 1 });
      first.letGo();
      const second = shop.hold();
      const whole = client.ask(paid);
      await second.called;
      second.letGo();
      expect(await whole).toMatchObject({ status: 200, body: 'one two' });
      await becomes({ answered: 1 });
    });

    it('serves one of 50 presentations at once', async () => {
      const paid = await client.payFor(joke);
      const answers = await Promise.all(Array.from({ length: 50 }, () => client.ask(paid)));
      const count = (status: number) => answers.filter((answer) => answer.status === status).length;
      expect(count(200)).toBe(1);
      expect(count(402) + count(409)).toBe(49);
      expect(shop.calls).toBe(1);
    });

    it('gives the kept answer again to whoever knows its Idempotency-Key', async () => {
      const keyed = { ...note, headers: { ...note.headers, 'idempotency-key': 'note-1' } };
      const paid = await client.payFor(keyed);
      const answer = await client.ask(paid);
      expect(answer.status).toBe(200);
      await becomes({ answered: 1 });
      const again = await client.ask(paid);
      expect(again).toMatchObject({ status: 200, body: answer.body });
      expect(again.headers['idempotent-replayed']).toBe('true');
      expect(again.headers['payment-receipt']).toBe(answer.headers['payment-receipt']);
      expect(again.headers['content-type']).toBe(answer.headers['content-type']);
      expect(shop.calls).toBe(1);
    });

    it('refuses what it cannot read: two credentials, an odd target, a body that is too large', async () => {
      const paid = await client.payFor(joke);
      const { credential = '' } = paid;
      const two = await client.ask({
        ...joke,
        headers: { authorization: credential, 'payment-authorization': credential },
      });
      expect(two.status).toBe(400);
      for (const path of ['//v1/joke', '/v1/%6aoke', '/v1/joke%2f']) {
        expect((await client.ask({ ...paid, path })).status, path).toBe(400);
      }
      expect(await client.announce('/v1/orders', 1_048_577)).toMatch(/^HTTP\/1\.1 413 /);
      expect(await client.ask(paid)).toMatchObject({ status: 200 });
      expect(shop.calls).toBe(1);
    });

    it('survives a client that leaves while it sends its body', async () => {
      const { port } = selling.server.address() as AddressInfo; // a TCP server that listens
      const arrived = once(selling.server, 'request');
      const socket = connect(port, '127.0.0.1');
      socket.write('POST /v1/orders HTTP/1.1\r\nHost: shop\r\nContent-Length: 100\r\n\r\nhalf');
      const [request]: IncomingMessage[] = await arrived;
      if (request === undefined) throw new Error('no request');
      // Not `once` of node:events: the half request is an error of the socket too.
      const closed = new Promise((resolve) => request.socket.once('close', resolve));
      socket.destroy();
      await closed;
      expect((await client.ask(joke)).status).toBe(402);
      expect(shop.calls).toBe(0);
    });
  },
);
