import { PaperNode } from '@farebox/lightning/paper';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readAll } from '../answer.js';
import { failureOf } from '../testing/failure.js';
import { cents, PaperChain } from '../testing/paper-chain.js';
import { openTestPurse, type TestPurse } from '../testing/purse.js';
import { ask, deliver, Seller } from '../testing/seller.js';
import type { WalletOptions } from '../wallet.js';
import type { ApprovalQuestion } from './approval.js';
import { parsePolicy } from './file-parse.js';
import { satoshis } from './money.js';

let seller: Seller;
let purse: TestPurse;
const purses: TestPurse[] = [];

beforeEach(async () => {
  // Its price is its path.
  seller = await new Seller(async ({ seen, response }) => {
    if (seen.credential) return deliver(response, seen.credential);
    ask(response, await seller.challenge({ amountSat: BigInt(seen.url.slice(1)) }));
  }).listen();
});

afterEach(async () => {
  for (const one of purses.splice(0)) one.close();
  await seller.close();
});

const policyOf = (text: string) => parsePolicy(text, '/home/agent/policy.yaml', satoshis).policy;

function open(text: string, options: Partial<WalletOptions> = {}, node = seller.node): TestPurse {
  purse = openTestPurse(node, { policy: policyOf(text), ...options });
  purses.push(purse);
  return purse;
}

const sat = (amount: bigint) => ({ amount, currency: 'sat' });
const at = (price: number) => ({ url: `${seller.url}/${price}` });
const limits = 'limits: { payment: 10 sat, fee: 1 sat, day: 30 sat }\n';

async function buy(price: number, options = {}): Promise<void> {
  const result = await purse.wallet.pay(at(price), options);
  await readAll(result.answer, 1_000);
}

describe('a wallet with a policy', () => {
  it('pays by it without being told any limit, and names rule and file where it refuses', async () => {
    open(limits);
    await buy(10);
    const error = await failureOf(purse.wallet.pay(at(11)));
    expect(error).toMatchObject({
      code: 'price_above_max',
      exitClass: 'policy',
      spent: 'no',
      rule: 'limits.payment',
      message:
        'The price of 11 sat is above the limit of 10 sat for one payment (rule limits.payment in /home/agent/policy.yaml). Nothing was spent.',
    });
    expect(purse.node.paid).toHaveLength(1);
  });

  it('lets a call lower its limits and never raise them', async () => {
    open(limits);
    const raised = { max: sat(1_000n), maxFee: sat(1_000n) };
    expect(await failureOf(purse.wallet.pay(at(11), raised))).toMatchObject({ rule: 'limits.payment' });
    expect(await failureOf(purse.wallet.pay(at(5), { max: sat(4n) }))).toMatchObject({
      code: 'price_above_max',
    });
    await buy(5, raised);
    expect(purse.node.paid.map(({ maxFeeMsat }) => maxFeeMsat)).toEqual([1_000n]);
    await buy(5, { maxFee: { amount: 300n, currency: 'msat' } });
    expect(purse.node.paid[1]?.maxFeeMsat).toBe(300n);
  });

  it('holds the limits of every wallet option against it too', async () => {
    open(limits, { limits: { max: sat(1_000n), maxFee: sat(1_000n) } });
    expect(await failureOf(purse.wallet.pay(at(11)))).toMatchObject({ rule: 'limits.payment' });
  });

  it('says in a preview what paying would say, and reserves nothing', async () => {
    open(limits);
    expect(await purse.wallet.preview(at(11))).toMatchObject({ objection: { rule: 'limits.payment' } });
    expect(await purse.wallet.preview(at(9))).toMatchObject({ objection: undefined });
    expect(purse.journal.list()).toEqual([]);
  });

  it('refuses a denied place before anything else, and pays nothing by hand that is not allowed', async () => {
    open(`${limits}deny: { origins: ['${seller.url}'] }\nallow: { origins: ['https://a.test'] }`);
    expect(await failureOf(purse.wallet.pay(at(1)))).toMatchObject({
      code: 'policy_refused',
      rule: 'deny.origins',
    });
    const byHand = purse.wallet.payChallenge(await seller.challenge());
    expect(await failureOf(byHand)).toMatchObject({ rule: 'allow.origins' });
    expect(purse.node.paid).toEqual([]);
  });

  it('judges the payee that the invoice names, not one that the seller says', async () => {
    open(`${limits}allow: { payees: ['${seller.node.nodeId}'] }`);
    await buy(1);
    const other = new PaperNode();
    seller.behave(async ({ response }) => ask(response, await seller.challenge({ node: other })));
    expect(await failureOf(purse.wallet.pay(at(1)))).toMatchObject({ rule: 'allow.payees' });
  });
});

describe('a budget of the day', () => {
  it('is used to its end, and then says what is left and when there is more', async () => {
    const nowMs = 1_900_000_000_000;
    const paper = new PaperNode({ now: () => nowMs });
    seller.behave(async ({ seen, response }) => {
      if (seen.credential) return deliver(response, seen.credential);
      const amountSat = BigInt(seen.url.slice(1));
      const lifeMs = nowMs - Date.now() + 60_000;
      ask(response, await seller.challenge({ amountSat, lifeMs, node: paper }));
    });
    open(limits, { now: () => nowMs }, paper);
    for (const price of [10, 10, 9]) await buy(price);
    const error = await failureOf(purse.wallet.pay(at(1)));
    expect(error).toMatchObject({
      code: 'over_budget',
      exitClass: 'policy',
      retry: 'safe',
      rule: 'limits.day',
    });
    expect(error.message).toBe(
      'Of 30 sat within 24 hours, 1 sat is left: 29 sat was spent, and this needs 2 sat with its fee; there is room again at 2030-03-18T17:46:40.000Z (rule limits.day in /home/agent/policy.yaml). Nothing was spent.',
    );
    // Without a fee it fits, to the last satoshi.
    await buy(1, { maxFee: sat(0n) });
    expect(purse.node.paid).toHaveLength(4);
  });

  it('holds what is under way: two at once do not both get the last room', async () => {
    open('limits: { payment: 10 sat, day: 15 sat }');
    const both = await Promise.allSettled([purse.wallet.pay(at(10)), purse.wallet.pay(at(10))]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(purse.node.paid).toHaveLength(1);
  });

  it('is given back by a payment that fails', async () => {
    open('limits: { payment: 10 sat, day: 10 sat }');
    purse.node.next = async () => ({ status: 'failed', reason: 'no route' });
    expect(await failureOf(purse.wallet.pay(at(10)))).toMatchObject({ code: 'payment_failed' });
    await buy(10);
  });

  it('is not given back by a payment that nobody knows the end of', async () => {
    open('limits: { payment: 10 sat, day: 10 sat }');
    purse.node.next = async () => ({ status: 'in-flight' });
    expect(await failureOf(purse.wallet.pay(at(10)))).toMatchObject({ code: 'payment_unknown' });
    const error = await failureOf(purse.wallet.pay(at(1)));
    expect(error.message).toContain(
      '10 sat held for payments that are not finished (farebox pay resume --all)',
    );
  });

  it('counts what is paid by hand as well', async () => {
    open('limits: { payment: 10 sat, day: 10 sat }');
    await purse.wallet.payChallenge(await seller.challenge({ amountSat: 10n }));
    expect(await failureOf(purse.wallet.payChallenge(await seller.challenge()))).toMatchObject({
      code: 'over_budget',
    });
  });

  it('holds what was signed until it is carried out or never can be', async () => {
    const chain = new PaperChain();
    const { policy } = parsePolicy('limits: { payment: 50 cent, fee: 7 cent, day: 100 cent }', 'p', cents);
    open(limits, { policy, methods: [chain] });
    seller.behave(({ seen, response }) => {
      if (!seen.credential) return ask(response, chain.challenge(50n, seller.url));
      response.writeHead(402).end();
    });
    expect(await failureOf(purse.wallet.pay(at(1)))).toMatchObject({ code: 'settlement_unknown' });
    expect(await failureOf(purse.wallet.pay(at(1)))).toMatchObject({ code: 'over_budget' });
    chain.expire();
    const [entry] = purse.journal.list();
    await purse.wallet.resume(entry?.id ?? '');
    expect(await failureOf(purse.wallet.pay(at(1)))).toMatchObject({ code: 'settlement_unknown' });
  });
});

describe('approval', () => {
  const asking = `${limits}approval: { above: 4 sat, by: terminal, timeout: 30s }`;

  it('is asked above the threshold, with what the invoice says, before anything is reserved', async () => {
    const questions: ApprovalQuestion[] = [];
    open(asking, {
      approve: async (question) => {
        questions.push(question);
        expect(purse.journal.list().length).toBe(1);
        return { approved: true };
      },
    });
    await buy(4);
    expect(questions).toEqual([]);
    await buy(5);
    expect(questions).toMatchObject([
      {
        url: `${seller.url}/5`,
        httpMethod: 'GET',
        method: 'lightning',
        payee: seller.node.nodeId,
        price: sat(5n),
        text: '5 sat',
        description: 'one request',
      },
    ]);
    expect(purse.node.paid).toHaveLength(2);
  });

  it.each<[string, WalletOptions['approve']]>([
    ['no', async () => ({ approved: false, reason: 'it was not approved' })],
    ['a rejection', () => Promise.reject(new Error('macaroon 0201'))],
    ['nobody there', undefined],
  ])('that ends with %s spends nothing and says so', async (_, approve) => {
    open(asking, { approve });
    const error = await failureOf(purse.wallet.pay(at(5)));
    expect(error).toMatchObject({ code: 'approval_refused', rule: 'approval.above', spent: 'no' });
    expect(error.message).not.toContain('macaroon');
    expect(purse.journal.list()).toEqual([]);
    expect(purse.node.paid).toEqual([]);
  });

  it('that comes too late is no', async () => {
    let nowMs = Date.now();
    const approve = async () => {
      nowMs += 31_000;
      return { approved: true } as const;
    };
    open(asking, { approve, now: () => nowMs });
    const error = await failureOf(purse.wallet.pay(at(5)));
    expect(error.message).toContain('the answer came too late');
    expect(purse.node.paid).toEqual([]);
  });

  it('does not lift a budget that was used up while somebody thought', async () => {
    const other = () => purse.another({ policy: policyOf(limits) });
    open(asking, {
      approve: async () => {
        for (let count = 0; count < 3; count += 1) {
          const result = await other().pay(at(8));
          await readAll(result.answer, 1_000);
        }
        return { approved: true };
      },
    });
    expect(await failureOf(purse.wallet.pay(at(9)))).toMatchObject({ code: 'over_budget' });
    expect(purse.node.paid).toHaveLength(3);
  });

  it('is not asked for what is refused anyway', async () => {
    let asked = 0;
    const approve = async () => {
      asked += 1;
      return { approved: true } as const;
    };
    open(asking.replace('day: 30', 'day: 5'), { approve });
    expect(await failureOf(purse.wallet.pay(at(6)))).toMatchObject({ code: 'over_budget' });
    expect(await failureOf(purse.wallet.pay(at(11)))).toMatchObject({ rule: 'limits.payment' });
    expect(asked).toBe(0);
  });

  it('that is aborted meanwhile pays nothing', async () => {
    const controller = new AbortController();
    const approve = async () => {
      controller.abort();
      return { approved: true } as const;
    };
    open(asking, { approve });
    const error = await failureOf(purse.wallet.pay(at(5), { signal: controller.signal }));
    expect(error).toMatchObject({ code: 'aborted', spent: 'no' });
    expect(purse.node.paid).toEqual([]);
  });
});
