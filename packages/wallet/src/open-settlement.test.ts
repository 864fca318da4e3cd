import { serializeReceipt } from '@farebox/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readAll } from './answer.js';
import type { Journal, JournalEntry } from './journal.js';
import type { Delivered } from './present.js';
import { failureOf } from './testing/failure.js';
import { PaperChain } from './testing/paper-chain.js';
import { openTestPurse, type TestPurse } from './testing/purse.js';
import { ask, Seller, type Turn } from './testing/seller.js';
import { createWallet, type Wallet } from './wallet.js';

// Payments whose money moves when the seller is presented with them: a signature is a cheque, not cash.

let seller: Seller;
let purse: TestPurse;
let chain: PaperChain;
let wallet: Wallet;
/** What the seller does with a credential. */
let behaviour: 'honest' | 'refuse' | 'fail' | 'take-and-refuse' | 'hang-up' | 'take-and-hang-up' = 'honest';

const limits = { max: { amount: 50n, currency: 'cent' }, maxFee: { amount: 9n, currency: 'cent' } };

function sell({ seen, response }: Turn): void {
  const { credential } = seen;
  if (credential === undefined) {
    ask(response, chain.challenge(20n, seller.url));
    return;
  }
  if (behaviour === 'honest' || behaviour.startsWith('take')) chain.carryOut(credential.payload);
  if (behaviour.endsWith('hang-up')) return void response.destroy();
  if (behaviour.endsWith('refuse'))
    return void response
      .writeHead(402, { 'content-type': 'application/problem+json' })
      .end('{"title":"No","detail":"not like this"}');
  if (behaviour === 'fail') return void response.writeHead(503).end();
  const receipt = serializeReceipt({
    status: 'success',
    method: 'paper',
    timestamp: new Date().toISOString(),
    reference: `hash-of-${String(credential.payload.signature)}`,
    challengeId: credential.challenge.id,
  });
  response.writeHead(200, { 'payment-receipt': receipt }).end('{"rate":1}');
}

beforeEach(async () => {
  behaviour = 'honest';
  seller = await new Seller(sell).listen();
  chain = new PaperChain();
  purse = openTestPurse(seller.node);
  wallet = purse.another({ methods: [chain], limits });
});

afterEach(async () => {
  purse.close();
  await seller.close();
});

const only = (): JournalEntry => {
  const [entry, ...others] = purse.journal.list();
  if (entry === undefined || others.length > 0) throw new Error('not one entry');
  return entry;
};

async function finish(result: Awaited<ReturnType<Wallet['resume']>>): Promise<Delivered> {
  if (result.kind !== 'delivered') throw new Error(result.kind);
  await readAll(result.answer, 1_000);
  return result;
}

/** Buys, and says how it failed. */
const failing = (how: typeof behaviour) => {
  behaviour = how;
  return failureOf(wallet.pay({ url: seller.url }));
};

describe('an honest sale', () => {
  it('is delivered, and the receipt is held against what the method says it will name', async () => {
    const result = await wallet.pay({ url: seller.url });
    if (result.kind !== 'delivered') throw new Error('not delivered');
    expect(result.receipt.status).toBe('valid');
    await readAll(result.answer, 1_000);
    expect(only()).toMatchObject({ state: 'delivered', paid: { amount: 20n }, settlement: 'open' });
    expect(only().payload).toBeUndefined();
    expect([chain.payments, chain.asked]).toEqual([1, []]);
  });
});

describe('a refusal says nothing of the money', () => {
  it.each(['refuse', 'fail'] as const)(
    '%s: it may still be carried out; no credit is claimed',
    async (how) => {
      const failure = await failing(how);
      expect(failure).toMatchObject({
        code: 'settlement_unknown',
        exitClass: 'unknown',
        outcome: 'unknown',
        retry: 'resume',
        spent: 'maybe',
      });
      expect(failure.message).toContain('until noon');
      expect(failure.message).toContain(`farebox pay resume ${only().id}`);
      expect(failure.message).not.toMatch(/\bPaid\b|credit/);
      expect(only()).toMatchObject({ settlement: 'open', paid: { amount: 20n }, fee: { amount: 7n } });
    },
  );

  it('taken and refused: the chain is asked, and it is a credit', async () => {
    const failure = await failing('take-and-refuse');
    expect(failure).toMatchObject({ code: 'seller_refused', exitClass: 'credit', spent: 'yes' });
    expect(failure.problem?.detail).toBe('not like this');
    expect(only()).toMatchObject({ state: 'refused', settlement: 'made', fee: { amount: 3n } });
  });

  it('refused and dead: nothing was spent, nothing is kept', async () => {
    chain.meanwhile = (step) => void (step === 'resume' && chain.expire());
    const failure = await failing('refuse');
    expect(failure).toMatchObject({ code: 'payment_failed', exitClass: 'payment', spent: 'no', status: 402 });
    const entry = only();
    expect([entry.state, entry.payload, entry.paid, entry.fee, entry.paidMs]).toEqual([
      'not-paid',
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('refused while the chain is silent: unknown', async () => {
    chain.down = true;
    expect(await failing('refuse')).toMatchObject({ code: 'settlement_unknown', spent: 'maybe' });
  });

  it('a lost answer is unknown, and so is whether anything was spent', async () => {
    expect(await failing('hang-up')).toMatchObject({ code: 'answer_unknown', spent: 'maybe' });
  });
});

describe('resume', () => {
  it('presents the same bytes again while they may be carried out', async () => {
    const { paymentId = '' } = await failing('hang-up');
    behaviour = 'honest';
    await finish(await wallet.resume(paymentId));
    expect(chain.asked).toMatchObject([{ payload: {}, sinceMs: expect.any(Number) }]);
    expect(chain.asked[0]?.presented).toBeUndefined();
    expect(new Set(seller.credentials.map(({ payload }) => payload.signature)).size).toBe(1);
    expect([chain.fates.size, chain.payments, only().state]).toEqual([1, 1, 'delivered']);
  });

  it('of what was carried out: writes down the true fee, then presents', async () => {
    const { paymentId = '' } = await failing('take-and-hang-up');
    behaviour = 'honest';
    await finish(await wallet.resume(paymentId));
    expect(only()).toMatchObject({ state: 'delivered', settlement: 'made', fee: { amount: 3n } });
    expect(chain.payments).toBe(1);
  });

  it('of what never will be: frees the money, presents nothing, and never asks again', async () => {
    const { paymentId = '' } = await failing('hang-up');
    chain.expire();
    const presented = seller.seen.length;
    expect(await wallet.resume(paymentId)).toMatchObject({ kind: 'finished', entry: { state: 'not-paid' } });
    expect(seller.seen).toHaveLength(presented);
    expect(only().payload).toBeUndefined();
    expect(only().paid).toBeUndefined();
    const asked = chain.asked.length;
    expect(await wallet.resume(paymentId)).toMatchObject({ kind: 'finished' });
    expect(chain.asked).toHaveLength(asked);
  });

  it('once the chain has said that it was paid, it is not asked again', async () => {
    const { paymentId = '' } = await failing('take-and-refuse');
    const asked = chain.asked.length;
    expect((await failureOf(wallet.resume(paymentId))).code).toBe('seller_refused');
    expect(chain.asked).toHaveLength(asked);
  });

  it('after the challenge has expired: still asks, and presents nothing', async () => {
    const { paymentId = '' } = await failing('hang-up');
    const presented = seller.seen.length;
    const later = purse.another({ methods: [chain], limits, now: () => Date.now() + 200_000 });
    expect(await failureOf(later.resume(paymentId))).toMatchObject({
      code: 'settlement_unknown',
      spent: 'maybe',
    });
    chain.expire();
    const reports: unknown[] = [];
    for await (const report of later.resumeAll()) reports.push(report);
    expect(reports).toMatchObject([{ ok: true, result: { entry: { state: 'not-paid' } } }]);
    expect(seller.seen).toHaveLength(presented);
  });

  it('after the challenge has expired, of what was carried out: a credit, said once', async () => {
    await failing('take-and-hang-up');
    const later = purse.another({ methods: [chain], limits, now: () => Date.now() + 200_000 });
    const codes: string[] = [];
    for await (const report of later.resumeAll()) codes.push(report.ok ? 'ok' : report.error.code);
    for await (const report of later.resumeAll()) codes.push(report.ok ? 'ok' : report.error.code);
    expect(codes).toEqual(['expired_unpresented']);
    expect(only()).toMatchObject({ settlement: 'made', state: 'answer-unknown' });
  });
});

describe('what was never presented', () => {
  it('is given up when the caller gives up: nothing was paid, and the row says so', async () => {
    const giveUp = new AbortController();
    chain.meanwhile = () => giveUp.abort();
    const failure = await failureOf(wallet.pay({ url: seller.url }, { signal: giveUp.signal }));
    expect(failure).toMatchObject({ code: 'aborted', outcome: 'not-sent', spent: 'no' });
    expect(only().state).toBe('not-paid');
    expect(chain.asked).toMatchObject([{ presented: false }]);
    expect(seller.credentials).toEqual([]);
  });

  it('is left alone while another process that lives is about to present it', async () => {
    const foreign: Journal = Object.create(purse.journal, {
      isOwn: { value: () => false },
      find: { value: (id: string) => purse.journal.find(id) },
      ownerIsGone: { value: () => false },
    });
    const looker = purse.another({ methods: [chain], limits, journal: foreign });
    // Looked at in the very moment between signing and presenting.
    const looked: Promise<string>[] = [];
    const watching: Journal = Object.create(purse.journal, {
      plan: { value: purse.journal.plan.bind(purse.journal) },
      move: {
        value: (...args: Parameters<Journal['move']>) => {
          const entry = purse.journal.move(...args);
          if (args[2] === 'paid') {
            looked.push(failureOf(looker.resume(entry.id)).then(({ code }) => code));
            looked.push(failureOf(wallet.resume(entry.id)).then(({ code }) => code));
          }
          return entry;
        },
      },
    });
    const result = await purse
      .another({ methods: [chain], limits, journal: watching })
      .pay({ url: seller.url });
    if (result.kind !== 'delivered') throw new Error('not delivered');
    await readAll(result.answer, 1_000);
    expect(await Promise.all(looked)).toEqual(['in_progress', 'in_progress']);
    expect([only().state, chain.asked]).toEqual(['delivered', []]);
  });

  it('is not taken for safe when the payload was handed to the caller', async () => {
    const challenge = chain.challenge(20n, seller.url);
    const paid = await wallet.payChallenge(challenge, limits);
    expect(await wallet.resume(paid.id)).toMatchObject({ kind: 'proof' });
    expect(chain.asked[0]?.presented).toBeUndefined();
    expect(only().state).toBe('paid');
    chain.carryOut(paid.payload);
    expect(await wallet.resume(paid.id)).toMatchObject({ kind: 'proof', entry: { settlement: 'made' } });
  });

  it('a signature that could not be written down was not presented, and nothing was spent', async () => {
    const full: Journal = Object.create(purse.journal, {
      plan: { value: purse.journal.plan.bind(purse.journal) },
      move: {
        value: (...args: Parameters<Journal['move']>) => {
          if (args[2] === 'paid') throw new Error('disk full');
          return purse.journal.move(...args);
        },
      },
    });
    const buyer = createWallet({ methods: [chain], journal: full, limits });
    expect(await failureOf(buyer.pay({ url: seller.url }))).toMatchObject({
      code: 'proof_not_stored',
      spent: 'no',
    });
    const later = purse.another({ methods: [chain], limits, now: () => Date.now() + 5_000 });
    expect(await later.resume(only().id)).toMatchObject({ kind: 'finished', entry: { state: 'not-paid' } });
    expect(chain.payments).toBe(0);
  });
});

describe('after a certain end', () => {
  it('the same challenge may be signed for again, once; a seller cannot carry out both', async () => {
    const challenge = chain.challenge(20n, seller.url);
    const first = await wallet.payChallenge(challenge, limits);
    expect(await failureOf(wallet.payChallenge(challenge, limits))).toMatchObject({ code: 'already_known' });
    chain.expire();
    await wallet.resume(first.id);
    const second = await wallet.payChallenge(challenge, limits);
    expect(second).toMatchObject({ id: first.id, presentations: 0 });
    expect(second.payload).not.toEqual(first.payload);
    expect([chain.carryOut(first.payload), chain.carryOut(second.payload)]).toEqual([false, true]);
  });
});
