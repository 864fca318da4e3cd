import type { TempoAccount } from '@farebox/tempo';
import { type Delivered, readAll, WalletError } from '@farebox/wallet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTempoMarket, type TempoMarket } from './tempo-market.js';

describe.each([4217, 1337])('our wallet at an mppx seller, on the chain %i', (chainId) => {
  let market: TempoMarket;
  beforeAll(async () => {
    market = await openTempoMarket(chainId);
  });
  afterAll(() => market.close());

  const limits = () => ({
    max: { amount: 1_000_000n, currency: market.token },
    maxFee: { amount: 100_000n, currency: market.token },
  });

  async function buy(account: TempoAccount, url: string): Promise<Delivered> {
    const bought = await market.wallet(account).pay({ url: `${url}/note` }, limits());
    if (bought.kind !== 'delivered') throw new Error('nothing was paid');
    const body = new TextDecoder().decode(await readAll(bought.answer, 10_000));
    expect(JSON.parse(body)).toEqual({ served: 'GET /note' });
    return bought;
  }

  /** What the receipt names, which must be this payment of ours. */
  function reference({ receipt }: Delivered): string {
    if (receipt.status !== 'valid') throw new Error(`The receipt is ${receipt.status}.`);
    expect(receipt.receipt).toMatchObject({ method: 'tempo', status: 'success' });
    return receipt.receipt.reference;
  }

  it('pays in pull mode with a key of its own', async () => {
    const [payer, merchant] = [await market.person(1_000_000n), await market.person()];
    const { url } = await market.mppxSeller({ amount: '0.25', recipient: merchant.address });
    const bought = await buy(payer.account, url);
    expect(await market.devnet.balance(merchant.address)).toBe(250_000n);
    const receipt = await market.devnet.rpc('eth_getTransactionReceipt', [reference(bought)]);
    expect(receipt).toMatchObject({ status: '0x1', from: payer.address });
  });

  it('pays splits', async () => {
    const people = [await market.person(1_000_000n), await market.person(), await market.person()] as const;
    const [payer, merchant, platform] = people;
    const { url } = await market.mppxSeller({
      amount: '0.5',
      recipient: merchant.address,
      splits: [{ amount: '0.05', recipient: platform.address }],
    });
    await buy(payer.account, url);
    expect(await market.devnet.balance(merchant.address)).toBe(450_000n);
    expect(await market.devnet.balance(platform.address)).toBe(50_000n);
  });

  it('proves its account where nothing is to be paid', async () => {
    const [payer, merchant] = [await market.person(5n), await market.person()];
    const { url } = await market.mppxSeller({ amount: '0', recipient: merchant.address });
    const bought = await buy(payer.account, url);
    expect(reference(bought)).toBe(bought.entry.challenge.id);
    expect(await market.devnet.balance(payer.address)).toBe(5n);
  });

  it('pays with an access key from the root account, and proves it too', async () => {
    const [root, merchant] = [await market.person(5_000_000n), await market.person()];
    const { account } = await market.delegate(root, true);
    const paid = await market.mppxSeller({ amount: '0.25', recipient: merchant.address });
    await buy(account, paid.url);
    expect(await market.devnet.balance(merchant.address)).toBe(250_000n);
    const free = await market.mppxSeller({ amount: '0', recipient: merchant.address });
    await buy(account, free.url);
  });

  it('is sponsored: the payer loses the price and nothing else', async () => {
    const people = [await market.person(1_000_000n), await market.person(), await market.person(9_000_000n)];
    const [payer, merchant, sponsor] = people;
    if (!payer || !merchant || !sponsor) throw new Error('nobody');
    const { url } = await market.mppxSeller({ amount: '0.25', recipient: merchant.address }, { sponsor });
    // The sponsor's signature makes the hash, which nobody can know before.
    expect(reference(await buy(payer.account, url))).toMatch(/^0x[0-9a-f]{64}$/);
    expect(await market.devnet.balance(payer.address)).toBe(750_000n);
    expect(await market.devnet.balance(merchant.address)).toBe(250_000n);
  });

  it('names an unregistered access key before it presents anything', async () => {
    const [root, merchant] = [await market.person(5_000_000n), await market.person()];
    const { account } = await market.delegate(root, false);
    const { url } = await market.mppxSeller({ amount: '0.25', recipient: merchant.address });
    const refused = await market
      .wallet(account)
      .pay({ url }, limits())
      .catch((error: unknown) => error);
    if (!(refused instanceof WalletError)) throw new Error('It was not refused.');
    expect(refused).toMatchObject({ code: 'payment_failed', outcome: 'not-sent' });
    expect(refused.message).toContain('AccountKeychainError(KeyNotFound)');
    expect(refused.message).toContain('farebox wallet tempo authorize');
    expect(await market.devnet.balance(root.address)).toBe(5_000_000n);
  });
});
