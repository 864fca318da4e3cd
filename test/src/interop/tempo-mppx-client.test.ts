import { parseReceipt } from '@farebox/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTempoMarket, type TempoMarket } from './tempo-market.js';
import { startMethodSeller } from './tempo-method-seller.js';

describe.each([4217, 1337])('an mppx client at our seller, on the chain %i', (chainId) => {
  let market: TempoMarket;
  beforeAll(async () => {
    market = await openTempoMarket(chainId);
  });
  afterAll(() => market.close());

  function receiptOf(response: Response) {
    const receipt = parseReceipt(response.headers.get('payment-receipt') ?? '');
    if (!receipt.ok) throw new Error(`${response.status}: ${receipt.detail}`);
    return receipt.value;
  }

  it('pays in pull mode, and the receipt names the transaction', async () => {
    const [payer, merchant] = [await market.person(1_000_000n), await market.person()];
    const { url } = await market.ourSeller(250_000n, { recipient: merchant.address });
    const response = await market.mppxClient(payer).fetch(`${url}/note`);
    expect([response.status, await response.json()]).toEqual([200, { served: 'GET /note' }]);
    expect(await market.devnet.balance(merchant.address)).toBe(250_000n);
    const { reference } = receiptOf(response);
    const receipt = await market.devnet.rpc('eth_getTransactionReceipt', [reference]);
    expect(receipt).toMatchObject({ status: '0x1', from: payer.address });
  });

  it('pays splits', async () => {
    const people = [await market.person(1_000_000n), await market.person(), await market.person()] as const;
    const [payer, merchant, platform] = people;
    const splits = [{ recipient: platform.address, basisPoints: 1_000 }];
    const { url } = await market.ourSeller(500_000n, { recipient: merchant.address, splits });
    expect((await market.mppxClient(payer).fetch(`${url}/note`)).status).toBe(200);
    expect(await market.devnet.balance(merchant.address)).toBe(450_000n);
    expect(await market.devnet.balance(platform.address)).toBe(50_000n);
  });

  it('pays with an access key from the root account', async () => {
    const [root, merchant] = [await market.person(5_000_000n), await market.person()];
    const delegate = await market.delegate(root, true);
    const { url } = await market.ourSeller(250_000n, { recipient: merchant.address });
    expect((await market.mppxClient(delegate).fetch(`${url}/note`)).status).toBe(200);
    expect(await market.devnet.balance(merchant.address)).toBe(250_000n);
  });

  it('is told that its access key is not registered, with 402 and the cause', async () => {
    const [root, merchant] = [await market.person(5_000_000n), await market.person()];
    const delegate = await market.delegate(root, false);
    const { url } = await market.ourSeller(250_000n, { recipient: merchant.address });
    const response = await market.mppxClient(delegate).fetch(`${url}/note`);
    expect(response.status).toBe(402);
    expect(await response.text()).toMatch(/KeyNotFound|not (?:registered|authorised)/);
    expect(await market.devnet.balance(merchant.address)).toBe(0n);
  });

  it('gets one answer for one payment', async () => {
    const [payer, merchant] = [await market.person(1_000_000n), await market.person()];
    const { url } = await market.ourSeller(250_000n, { recipient: merchant.address });
    const client = market.mppxClient(payer);
    let credential = '';
    client.onCredentialCreated((created) => {
      credential = created.credential;
    });
    expect((await client.fetch(`${url}/note`)).status).toBe(200);
    const again = await fetch(`${url}/note`, { headers: { Authorization: credential } });
    expect(again.status).toBe(402);
    expect(await market.devnet.balance(merchant.address)).toBe(250_000n);
  });

  it('proves an account where nothing is to be paid, its own and that of an access key', async () => {
    const [root, merchant] = [await market.person(5_000_000n), await market.person()];
    const delegate = await market.delegate(root, true);
    const seller = await startMethodSeller(market.sellerMethod({ recipient: merchant.address }), {
      amount: 0n,
      currency: market.token,
    });
    try {
      for (const key of [root, delegate]) {
        const response = await market.mppxClient(key).fetch(seller.url);
        expect([response.status, await response.json()]).toEqual([
          200,
          { payer: `did:pkh:eip155:${chainId}:${root.address}` },
        ]);
      }
    } finally {
      await seller.close();
    }
  });
});
