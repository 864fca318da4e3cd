import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { lightningBuyer, writeChargeRequest } from '@farebox/lightning';
import { PaperNode } from '@farebox/lightning/paper';
import { encodeRequest, parseCredential, serializeChallenge } from '@farebox/protocol';
import { createMemoryJournal, createWallet } from '@farebox/wallet';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { CliError } from '../cli-error.js';
import { exitCodes } from '../exit-codes.js';
import { readDelivered } from './settled-order.js';

const node = new PaperNode();
const paid = { status: 'registered', domain: 'myname.agent', api_key: 'hd_agent_made_from_this_payment' };
let url = '';

/** A registrar that asks for a payment and gives the same answer as often as it is shown one. */
const server = createServer(async (request, response) => {
  if (parseCredential(request.headers.authorization ?? '').ok) {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(paid));
    return;
  }
  const invoice = await node.createInvoice({ amountMsat: 1_000n, description: 'a name', expirySeconds: 120 });
  const challenge = serializeChallenge({
    id: 'order-1',
    realm: url,
    method: 'lightning',
    intent: 'charge',
    request: encodeRequest({ ...writeChargeRequest({ amountSat: 1n, ...invoice, network: 'regtest' }) }),
    expires: new Date(Date.now() + 100_000).toISOString(),
  });
  response.writeHead(402, { 'www-authenticate': challenge }).end();
});

beforeEach(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A TCP server that listens has an address of this form.
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

it('a key that could not be kept is told with the payment that bought it, which gives it again', async () => {
  const journal = createMemoryJournal();
  const wallet = createWallet({ methods: [lightningBuyer({ node, network: 'regtest' })], journal });
  const delivered = await wallet.pay({ url });
  if (delivered.kind !== 'delivered') throw new Error('not delivered');
  const { id } = delivered.entry;
  const full = () => Promise.reject(new CliError('vault_unavailable', 'The disk is full; make room.'));
  await expect(readDelivered(delivered, journal, full)).rejects.toMatchObject({
    name: 'OrderFailure',
    report: {
      error: {
        code: 'vault_unavailable',
        message: expect.stringMatching(`^The disk is full; make room\\. .*farebox domains resume ${id}$`),
        retry: 'resume',
        outcome: 'unknown',
      },
      paid: true,
      id,
      status: 200,
      exitCode: exitCodes.unknown,
    },
  });
  expect(journal.find(id)?.state).toBe('answer-unknown');
  const again = await wallet.resume(id);
  if (again.kind !== 'delivered') throw new Error('not delivered again');
  const kept: unknown[] = [];
  await readDelivered(again, journal, async (content) => void kept.push(content));
  expect([kept, journal.find(id)?.state]).toEqual([[paid], 'delivered']);
});
