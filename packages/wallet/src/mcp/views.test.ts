import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { failureOf } from '../testing/failure.js';
import { PaperChain } from '../testing/paper-chain.js';
import { openTestPurse, type TestPurse } from '../testing/purse.js';
import { ask, Seller } from '../testing/seller.js';
import type { Wallet } from '../wallet.js';
import { failureReport } from './result.js';
import { viewPayment, viewPriced } from './views.js';

const cent = (amount: bigint) => ({ amount, currency: 'cent' });
const show = ({ amount, currency }: ReturnType<typeof cent>) => `${amount} ${currency}`;
let seller: Seller;
let purse: TestPurse;
let chain: PaperChain;
let wallet: Wallet;

beforeEach(async () => {
  chain = new PaperChain();
  seller = await new Seller(({ seen, response }) => {
    if (!seen.credential) return ask(response, chain.challenge(20n, seller.url));
    chain.takeBack(seen.credential.payload);
    response.writeHead(402).end();
  }).listen();
  purse = openTestPurse(seller.node);
  wallet = purse.another({ methods: [chain], limits: { max: cent(50n), maxFee: cent(9n) } });
});

afterEach(async () => {
  purse.close();
  await seller.close();
});

describe('what a model is shown', () => {
  it('of a price that goes to several: everybody, with how much', async () => {
    chain.payees = [
      { payee: '0xgood', amount: cent(1n) },
      { payee: '0xevil\u202e', amount: cent(19n) },
    ];
    const priced = await wallet.preview({ url: seller.url });
    if (priced.kind !== 'priced') throw new Error(priced.kind);
    expect(viewPriced(priced, seller.url, show)).toMatchObject({
      payee: '0xgood',
      payees: [
        { payee: '0xgood', amount: '1', currency: 'cent', text: '1 cent' },
        { payee: '0xevil', amount: '19', currency: 'cent', text: '19 cent' },
      ],
    });
  });

  it('of a payment that was taken back: nobody was paid, and the fee is gone', async () => {
    const report = failureReport(await failureOf(wallet.pay({ url: seller.url })), seller.url);
    expect(report).toMatchObject({ code: 'fee_lost', paid: false, retry: 'never' });
    expect(`${report.message} ${report.next}`).toMatch(/a fee of 3 cent was spent.*ask/i);
    expect(report.next).not.toMatch(/nothing was spent/i);
    const [entry] = purse.journal.list();
    expect(entry && viewPayment(entry, show)).toMatchObject({ paid: false, fee: { text: '3 cent' } });
  });
});
