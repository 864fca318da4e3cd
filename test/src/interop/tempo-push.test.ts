import { afterAll, beforeAll, expect, it } from 'vitest';
import { type NodeLine, startNodeLine } from './node-line.js';
import { openTempoMarket, type TempoMarket } from './tempo-market.js';

// mppx in push mode: it sends the transaction itself, waits for its own node, and answers each 402 with another payment.

let market: TempoMarket;
let line: NodeLine;
let lagging: TempoMarket;
beforeAll(async () => {
  market = await openTempoMarket(4217);
  line = await startNodeLine(market.devnet.url);
  lagging = await openTempoMarket(4217, { market, nodeUrl: line.url });
});
afterAll(async () => {
  await lagging.close();
  await line.close();
  await market.close();
});

it('buys although the node of the seller lags behind its own', async () => {
  const [payer, merchant] = [await market.person(1_000_000n), await market.person()];
  const { url } = await lagging.ourSeller(250_000n, { recipient: merchant.address }, { push: true });
  line.blind = 2;
  const response = await market.mppxClient(payer, 'push').fetch(`${url}/note`);
  expect([response.status, await response.json()]).toEqual([200, { served: 'GET /note' }]);
  expect(await market.devnet.balance(merchant.address)).toBe(250_000n);
});

it('pays once where the node never catches up in time, and the same credential buys later', async () => {
  const [payer, merchant] = [await market.person(1_000_000n), await market.person()];
  const options = { push: true, patience: { lookAgainMs: 10 } };
  const { url } = await lagging.ourSeller(250_000n, { recipient: merchant.address }, options);
  line.blind = Number.POSITIVE_INFINITY;
  const client = market.mppxClient(payer, 'push');
  let credential = '';
  client.onCredentialCreated((created) => {
    credential = created.credential;
  });
  const response = await client.fetch(`${url}/note`);
  expect([response.status, await response.json()]).toMatchObject([500, { retry: 'same-credential' }]);
  expect(await market.devnet.balance(merchant.address)).toBe(250_000n);
  line.blind = 0;
  const again = await fetch(`${url}/note`, { headers: { Authorization: credential } });
  expect([again.status, await again.json()]).toEqual([200, { served: 'GET /note' }]);
  expect(await market.devnet.balance(merchant.address)).toBe(250_000n);
});
