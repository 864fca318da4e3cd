import {
  type Credential,
  parseChallenges,
  parseCredential,
  parseReceipt,
  serializeCredential,
} from '@farebox/protocol';
import { proofTypedData } from '@farebox/tempo';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTempoMarket, type TempoMarket } from './tempo-market.js';

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
    const { url } = await market.ourSeller(0n, { recipient: merchant.address });
    const before = await market.devnet.balance(root.address);
    for (const key of [root, delegate]) {
      const response = await market.mppxClient(key).fetch(`${url}/note`);
      expect([response.status, await response.json()]).toEqual([200, { served: 'GET /note' }]);
      const { method, reference, challengeId } = receiptOf(response);
      // draft-tempo-charge-00 §"Proof Receipt"
      expect([method, reference]).toEqual(['tempo', challengeId]);
    }
    expect(await market.devnet.balance(root.address)).toBe(before);
  });

  it('proves no account but its own: another source, or none, is refused', async () => {
    const [payer, stranger] = [await market.person(5n), await market.person(5n)];
    const { url } = await market.ourSeller(0n, { recipient: stranger.address });
    const client = market.mppxClient(payer);
    let credential = '';
    client.onCredentialCreated((created) => {
      credential = created.credential;
    });
    const present = async (changed: Credential) =>
      (await fetch(`${url}/other`, { headers: { Authorization: serializeCredential(changed) } })).status;
    expect((await client.fetch(`${url}/note`)).status).toBe(200);
    // A challenge of its own for each try: the one above is used.
    const unpaid = await fetch(`${url}/other`);
    const [challenge] = parseChallenges(unpaid.headers.get('www-authenticate') ?? '').challenges;
    const parsed = parseCredential(credential);
    if (challenge === undefined || !parsed.ok) throw new Error('There is no credential.');
    const { source: own, payload } = parsed.value;
    const proof = await payer.account.signTypedData(
      proofTypedData({
        account: payer.address,
        chainId,
        challengeId: challenge.id,
        realm: challenge.realm,
      }),
    );
    const fresh = { challenge, payload: { ...payload, signature: proof } };
    expect(await present(fresh)).toBe(402);
    expect(await present({ ...fresh, source: `did:pkh:eip155:${chainId}:${stranger.address}` })).toBe(402);
    if (own === undefined) throw new Error('mppx names no source.');
    expect(await present({ ...fresh, source: own })).toBe(200);
  });
});
