import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { decodeInvoice, type LightningNode, lightningBuyer, writeChargeRequest } from '@farebox/lightning';
import { PaperNode } from '@farebox/lightning/paper';
import { type Challenge, encodeRequest } from '@farebox/protocol';
import { openPayerRecord, type PayerRecord } from '@farebox/wallet/vault';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recordedNode } from './recorded-node.js';
import { newHome } from './testing/vault-home.js';

let home = '';
let record: PayerRecord;
let seller: PaperNode;
let challenge: Challenge;

beforeEach(async () => {
  home = newHome();
  record = openPayerRecord(join(home, 'payers.db'));
  seller = new PaperNode();
  const created = await seller.createInvoice({ amountMsat: 3_000n, description: 'one', expirySeconds: 120 });
  challenge = {
    id: 'challenge-1',
    realm: 'http://127.0.0.1',
    method: 'lightning',
    intent: 'charge',
    request: encodeRequest({ ...writeChargeRequest({ amountSat: 3n, ...created, network: 'regtest' }) }),
  };
});
afterEach(() => {
  record.close();
  rmSync(home, { recursive: true, force: true });
});

/** A buyer whose node is this one, as one payer of the wallet. */
function buyerOf(node: LightningNode, payer: string) {
  const paymentHashOf = (invoice: string) => {
    const decoded = decodeInvoice(invoice);
    return decoded.ok ? decoded.value.paymentHash : undefined;
  };
  return lightningBuyer({ node: recordedNode({ node, payer, record, paymentHashOf }), network: 'regtest' });
}

const limits = () => ({
  maxAmount: { amount: 10n, currency: 'sat' },
  maxFee: { amount: 1n, currency: 'sat' },
  deadlineMs: Date.now() + 60_000,
});

describe('what one node of a wallet was asked to pay', () => {
  it('another node of the wallet does not take for unpaid, whatever it says itself', async () => {
    const paid = await buyerOf(seller, 'lnd:first').pay(challenge, limits());
    expect(paid.kind).toBe('paid');
    // It has truthfully never heard of the payment.
    const other = new PaperNode();
    const resumed = await buyerOf(other, 'lnd:second').resume(challenge);
    expect(resumed).toMatchObject({ kind: 'unknown', detail: expect.stringContaining('another node') });
    expect(await buyerOf(seller, 'lnd:first').resume(challenge)).toMatchObject({ kind: 'paid' });
  });

  it('another node of the wallet does not pay again', async () => {
    await buyerOf(seller, 'lnd:first').pay(challenge, limits());
    const second = await buyerOf(new PaperNode(), 'lnd:second').pay(challenge, limits());
    expect(second).toMatchObject({ kind: 'not-paid', detail: expect.stringContaining('another node') });
  });

  it('is on record before the node hears of it, also where the node then never answers', async () => {
    let known: string | undefined;
    const deaf: LightningNode = new Proxy(seller, {
      get(target, key) {
        if (key === 'payInvoice') {
          return ({ invoice }: { invoice: string }) => {
            const decoded = decodeInvoice(invoice);
            known = decoded.ok ? record.payerOf(decoded.value.paymentHash) : undefined;
            return Promise.reject(new Error('the process was killed here'));
          };
        }
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const outcome = await buyerOf(deaf, 'lnd:first').pay(challenge, limits());
    expect(known).toBe('lnd:first');
    expect(outcome.kind).toBe('unknown');
    expect((await buyerOf(new PaperNode(), 'lnd:second').resume(challenge)).kind).toBe('unknown');
  });

  it('a node that nobody was asked instead of may say that it is unpaid', async () => {
    expect(await buyerOf(new PaperNode(), 'lnd:second').resume(challenge)).toMatchObject({
      kind: 'not-paid',
    });
  });

  it('nothing is paid while the record cannot be used', async () => {
    const broken: PayerRecord = openPayerRecord(join(home, 'broken.db'));
    broken.close();
    const working = record;
    record = broken;
    const outcome = await buyerOf(seller, 'lnd:first').pay(challenge, limits());
    record = working;
    expect(outcome).toMatchObject({ kind: 'not-paid' });
    expect((await seller.balance()).spendableMsat).toBe((await new PaperNode().balance()).spendableMsat);
  });
});
