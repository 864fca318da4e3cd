import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MethodSource, WalletMethod } from './methods.js';
import { failureOf } from './testing/failure.js';
import { PaperChain } from './testing/paper-chain.js';
import { openTestPurse, type TestPurse } from './testing/purse.js';
import { ask, Seller } from './testing/seller.js';

let seller: Seller;
let purse: TestPurse;
let chain: PaperChain;

const sat = (amount: bigint) => ({ amount, currency: 'sat' });
const cent = (amount: bigint) => ({ amount, currency: 'cent' });
const limits = { max: [sat(100n), cent(50n)], maxFee: [sat(10n), cent(9n)] };

beforeEach(async () => {
  // The dearer way first: the order of a seller is no advice.
  seller = await new Seller(async ({ response }) =>
    ask(response, chain.challenge(20n, seller.url), await seller.challenge({ amountSat: 5n })),
  ).listen();
  chain = new PaperChain();
  purse = openTestPurse(seller.node);
});

afterEach(async () => {
  purse.close();
  await seller.close();
});

const wallet = (...methods: MethodSource[]) => purse.another({ methods, limits });
const withFunds = (spendable: bigint): WalletMethod => ({
  method: 'lightning',
  intent: 'charge',
  inspect: (...args) => purse.lightning.inspect(...args),
  pay: (...args) => purse.lightning.pay(...args),
  resume: (...args) => purse.lightning.resume(...args),
  balance: () => Promise.resolve(sat(spendable)),
});

async function chosen(
  methods: MethodSource[],
  options: { max?: ReturnType<typeof sat>; method?: string; accept?: string } = {},
) {
  const { accept, ...buy } = options;
  const headers = accept === undefined ? {} : { 'Accept-Payment': accept };
  const preview = await wallet(...methods).preview({ url: seller.url, headers }, buy);
  if (preview.kind !== 'priced') throw new Error('not priced');
  return { method: preview.challenge.method, choice: preview.choice, objection: preview.objection?.code };
}

describe('of several challenges', () => {
  it("the wallet's own order of methods decides", async () => {
    expect(await chosen([purse.lightning, chain])).toEqual({
      method: 'lightning',
      choice: 'lightning/charge, the first choice of 2',
      objection: undefined,
    });
    expect((await chosen([chain, purse.lightning])).method).toBe('paper');
  });

  it("the caller's Accept-Payment goes before it, and what it rules out is not paid with", async () => {
    const both = [purse.lightning, chain];
    expect((await chosen(both, { accept: 'paper/charge, lightning/charge;q=0.5' })).method).toBe('paper');
    expect((await chosen(both, { accept: '*/*;q=0.1, paper/*' })).method).toBe('paper');
    expect((await chosen(both, { accept: 'lightning/charge;q=0, */*;q=0.1' })).method).toBe('paper');
    expect((await chosen(both, { accept: '*/*' })).method).toBe('lightning');
    const nothing = wallet(purse.lightning).preview(
      { url: seller.url, headers: { 'Accept-Payment': 'paper/charge' } },
      {},
    );
    expect((await failureOf(nothing)).code).toBe('no_payable_challenge');
  });

  it('one above its limit is passed over, and why is said', async () => {
    const { method, choice } = await chosen([purse.lightning, chain], { max: cent(50n) });
    expect(method).toBe('paper');
    expect(choice).toContain('lightning/charge: The price is 5 sat, and no limit was given');
    const tight = purse.another({
      methods: [purse.lightning, chain],
      limits: { ...limits, max: [sat(4n), cent(20n)] },
    });
    const preview = await tight.preview({ url: seller.url });
    expect(preview).toMatchObject({ challenge: { method: 'paper' }, objection: undefined });
  });

  it('one without money enough is passed over, when the balance is known', async () => {
    const { method, choice } = await chosen([withFunds(4n), chain]);
    expect(method).toBe('paper');
    expect(choice).toContain('the balance of 4 sat is below the price of 5 sat');
    chain.funds = cent(19n);
    expect((await chosen([chain, withFunds(5n)])).method).toBe('lightning');
    // Nobody has enough: the first says so when it is paid.
    expect((await chosen([chain, withFunds(4n)])).method).toBe('paper');
    chain.down = true;
    expect((await chosen([chain, withFunds(5n)])).method).toBe('paper');
  });

  it('when none may be paid, the first one says why', async () => {
    const poor = purse.another({
      methods: [chain, purse.lightning],
      limits: { ...limits, max: [sat(1n), cent(1n)] },
    });
    expect(await poor.preview({ url: seller.url })).toMatchObject({
      challenge: { method: 'paper' },
      objection: { code: 'price_above_max' },
    });
  });

  it('--method leaves no choice', async () => {
    expect(await chosen([purse.lightning, chain], { method: 'paper' })).toMatchObject({
      method: 'paper',
      choice: undefined,
    });
  });

  it('the one that fails is not followed by another: at most one payment in a call', async () => {
    purse.node.next = () => Promise.resolve({ status: 'failed', reason: 'no route' });
    const failure = await failureOf(wallet(purse.lightning, chain).pay({ url: seller.url }));
    expect(failure).toMatchObject({ code: 'payment_failed' });
    expect([chain.fates.size, purse.node.paid.length, purse.journal.list().length]).toEqual([0, 0, 1]);
    expect(seller.credentials).toEqual([]);
  });

  it('nor one whose outcome is not known', async () => {
    purse.node.next = () => Promise.reject(new Error('no answer'));
    await failureOf(wallet(purse.lightning, chain).pay({ url: seller.url }));
    expect([chain.fates.size, purse.journal.list().length]).toEqual([0, 1]);
  });
});

describe('a method that is loaded on demand', () => {
  const lazily = (load: () => Promise<WalletMethod>): MethodSource & { loads: number } => ({
    method: 'paper',
    intent: 'charge',
    loads: 0,
    load() {
      this.loads += 1;
      return load();
    },
  });

  it('is loaded once, when a challenge is for it, and is in Accept-Payment from the start', async () => {
    const lazy = lazily(() => Promise.resolve(chain));
    const buyer = wallet(purse.lightning, lazy);
    seller.behave(async ({ response }) => ask(response, await seller.challenge()));
    await buyer.preview({ url: seller.url });
    expect(lazy.loads).toBe(0);
    expect(seller.seen[0]?.headers['accept-payment']).toBe('lightning/charge, paper/charge');
    seller.behave(({ response }) => ask(response, chain.challenge(1n, seller.url)));
    await buyer.preview({ url: seller.url });
    await buyer.preview({ url: seller.url });
    expect(lazy.loads).toBe(1);
  });

  it('that cannot be loaded leaves the others, and says nothing of what was thrown', async () => {
    const broken = lazily(() => Promise.reject(new Error('secret path')));
    const { method, choice } = await chosen([broken, purse.lightning]);
    expect(method).toBe('lightning');
    expect(choice).toContain('could not be loaded');
    const failure = await failureOf(wallet(broken).preview({ url: seller.url }));
    expect(failure.code).toBe('no_payable_challenge');
    expect(failure.message).not.toContain('secret');
  });

  it('that is missing says what to do, and is not in Accept-Payment', async () => {
    const missing = { method: 'paper', intent: 'charge', missing: 'Make a key first.' };
    const failure = await failureOf(wallet(missing).preview({ url: seller.url }));
    expect(failure.message).toBe('The seller asks for paper/charge. Make a key first.');
    expect(seller.seen[0]?.headers['accept-payment']).toBeUndefined();
    expect((await chosen([missing, purse.lightning])).method).toBe('lightning');
  });

  it('that lacks something previews the price and what to do, and is passed over for one that can pay', async () => {
    const lacking: WalletMethod = {
      method: 'paper',
      intent: 'charge',
      lacking: 'Make a key first.',
      inspect: (...args) => chain.inspect(...args),
      pay: () => Promise.reject(new Error('never paid with')),
      resume: () => Promise.reject(new Error('never asked')),
    };
    const preview = await wallet(lacking).preview({ url: seller.url });
    if (preview.kind !== 'priced') throw new Error('not priced');
    expect(preview.inspection.price).toEqual(cent(20n));
    expect(preview.objection?.message).toBe('The seller asks for paper/charge. Make a key first.');
    expect(await chosen([lacking, purse.lightning])).toEqual({
      method: 'lightning',
      choice: expect.stringContaining('Make a key first'),
      objection: undefined,
    });
    const failure = await failureOf(wallet(lacking).pay({ url: seller.url }));
    expect([failure.code, failure.spent]).toEqual(['no_payable_challenge', 'no']);
  });
});
