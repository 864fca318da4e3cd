import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readAll } from '../answer.js';
import { failureOf } from '../testing/failure.js';
import { cents, PaperChain } from '../testing/paper-chain.js';
import { openTestPurse, type TestPurse } from '../testing/purse.js';
import { ask, Seller } from '../testing/seller.js';
import type { WalletOptions } from '../wallet.js';
import type { ApprovalQuestion } from './approval.js';
import { parsePolicy } from './file-parse.js';

const rules = 'limits: { payment: 50 cent, fee: 7 cent }\n';
const good = `0x${'A'.repeat(40)}`;
const evil = `0x${'E'.repeat(40)}`;
const shares = [
  { payee: good, amount: { amount: 1n, currency: 'cent' } },
  { payee: evil, amount: { amount: 49n, currency: 'cent' } },
];
let seller: Seller;
let purse: TestPurse | undefined;
let chain: PaperChain;

beforeEach(async () => {
  chain = new PaperChain();
  chain.payees = shares;
  seller = await new Seller(({ seen, response }) => {
    if (!seen.credential) return ask(response, chain.challenge(50n, seller.url));
    chain.carryOut(seen.credential.payload);
    response.end('ok');
  }).listen();
});

afterEach(async () => {
  purse?.close();
  await seller.close();
});

function open(lists: string, options: Partial<WalletOptions> = {}): TestPurse {
  const { policy } = parsePolicy(rules + lists, 'policy.yaml', cents);
  purse = openTestPurse(seller.node, { policy, methods: [chain], ...options });
  return purse;
}

describe('a payment that goes to several', () => {
  it.each([
    [`deny: { payees: ['${evil.toLowerCase()}'] }`, 'deny.payees'],
    [`allow: { payees: ['${good.toLowerCase()}'] }`, 'allow.payees'],
  ])('%s: is not made, and a preview says so', async (lists, rule) => {
    const { wallet } = open(lists);
    expect(await wallet.preview({ url: seller.url })).toMatchObject({ objection: { rule } });
    const failure = await failureOf(wallet.pay({ url: seller.url }));
    expect(failure).toMatchObject({ rule });
    expect(failure.message).toContain(evil);
    expect(chain.fates.size).toBe(0);
  });

  it('is made when all of them are allowed, and whoever is asked sees them all', async () => {
    const questions: ApprovalQuestion[] = [];
    const lists = `allow: { payees: ['${good}', '${evil.toLowerCase()}'] }\napproval: { above: 1 cent, by: terminal }`;
    const { wallet, journal } = open(lists, {
      approve: async (question) => {
        questions.push(question);
        return { approved: true };
      },
    });
    const { answer } = await wallet.pay({ url: seller.url });
    await readAll(answer, 1_000);
    expect(questions).toMatchObject([{ payee: good, payees: shares }]);
    expect(journal.list()).toMatchObject([{ payee: good, payees: shares }]);
  });
});
