import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parsePolicy } from './policy/file-parse.js';
import { failureOf } from './testing/failure.js';
import { cents, PaperChain } from './testing/paper-chain.js';
import { openTestPurse, type TestPurse } from './testing/purse.js';
import { ask, Seller } from './testing/seller.js';

// A seller who asks for what the chain will take back, and has it carried out: nobody is paid, and the fee is gone.

const cent = (amount: bigint) => ({ amount, currency: 'cent' });
const limits = { max: cent(50n), maxFee: cent(9n) };
let seller: Seller;
let purse: TestPurse;
let chain: PaperChain;

beforeEach(async () => {
  chain = new PaperChain();
  seller = await new Seller(({ seen, response }) => {
    if (!seen.credential) return ask(response, chain.challenge(50n, seller.url));
    chain.takeBack(seen.credential.payload);
    response.writeHead(402).end();
  }).listen();
  purse = openTestPurse(seller.node, { methods: [chain], limits });
});

afterEach(async () => {
  purse.close();
  await seller.close();
});

describe('a payment that was taken back', () => {
  it('is not called free: error and row name the fee', async () => {
    const failure = await failureOf(purse.wallet.pay({ url: seller.url }));
    expect(failure).toMatchObject({ code: 'fee_lost', exitClass: 'payment', retry: 'never', spent: 'fee' });
    expect(failure.message).toContain('a fee of 3 cent was spent');
    expect(failure.message).not.toMatch(/nothing was (?:paid|spent)/i);
    const [entry] = purse.journal.list();
    expect(entry).toMatchObject({ state: 'not-paid', fee: cent(3n) });
    expect([entry?.paid, entry?.payload, entry?.payingMs]).toEqual([undefined, undefined, undefined]);
  });

  it('is not signed for again: its row is the record of the fee', async () => {
    const challenge = chain.challenge(20n, seller.url);
    const first = await purse.wallet.payChallenge(challenge, limits);
    chain.takeBack(first.payload);
    const resumed = await purse.wallet.resume(first.id);
    expect(resumed).toMatchObject({ kind: 'finished', entry: { fee: cent(3n) } });
    const again = await failureOf(purse.wallet.payChallenge(challenge, limits));
    expect(again).toMatchObject({ code: 'fee_lost', paymentId: first.id });
    expect([chain.fates.size, purse.journal.find(first.id)?.fee]).toEqual([1, cent(3n)]);
  });

  it('uses up the budget, so that a hostile seller cannot go on for ever', async () => {
    const { policy } = parsePolicy('limits: { payment: 50 cent, fee: 7 cent, day: 70 cent }', 'p', cents);
    const wallet = purse.another({ policy });
    const codes: string[] = [];
    for (let count = 0; count < 7; count += 1)
      codes.push((await failureOf(wallet.pay({ url: seller.url }))).code);
    // 3 cents each: after five of them, 55 are left, and 57 may be needed.
    expect(codes).toEqual([...Array(5).fill('fee_lost'), ...Array(2).fill('over_budget')]);
    expect(chain.fates.size).toBe(5);
  });
});
