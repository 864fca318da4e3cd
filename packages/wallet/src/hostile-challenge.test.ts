import { PaperNode } from '@farebox/lightning/paper';
import type { Challenge, JsonObject } from '@farebox/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readAll } from './answer.js';
import type { WalletErrorCode } from './errors.js';
import { failureOf } from './testing/failure.js';
import { openTestPurse, type TestPurse } from './testing/purse.js';
import { ask, type ChallengeChanges, deliver, Seller } from './testing/seller.js';

let seller: Seller;
let purse: TestPurse;

beforeEach(async () => {
  seller = await new Seller().listen();
  purse = openTestPurse(seller.node, {
    timeouts: { unpaidAnswerMs: 500, paidAnswerMs: 500, answerIdleMs: 300 },
  });
});

afterEach(async () => {
  purse.close();
  await seller.close();
});

const paidSat = () => purse.node.paid.length;

/** The seller asks with a crooked challenge; the wallet must refuse before anything is paid or planned. */
async function expectRefusal(changes: ChallengeChanges, code: WalletErrorCode): Promise<void> {
  seller.behave(async ({ seen, response, seller: self }) => {
    if (seen.credential) deliver(response, seen.credential);
    else ask(response, await self.challenge(changes));
  });
  const failure = await failureOf(purse.wallet.pay({ url: seller.url }));
  expect(failure.code).toBe(code);
  expect(failure.outcome).toBe('not-sent');
  expect(paidSat()).toBe(0);
  expect(purse.journal.list()).toHaveLength(0);
  expect(seller.credentials).toHaveLength(0);
}

const details = (changes: JsonObject) => (request: JsonObject) => {
  const { methodDetails } = request;
  if (typeof methodDetails !== 'object' || methodDetails === null || Array.isArray(methodDetails))
    throw new Error('no details');
  return { ...request, methodDetails: { ...methodDetails, ...changes } };
};

describe('a challenge that lies', () => {
  it('inflated invoice: the challenge says 1 sat, the invoice 50,000', () =>
    expectRefusal({ amountSat: 1n, invoiceSat: 50_000n }, 'challenge_refused'));

  it('lying amount: the challenge says more than the invoice', () =>
    expectRefusal({ amountSat: 90n, invoiceSat: 1n }, 'challenge_refused'));

  it('an honest price above the limit', () => expectRefusal({ amountSat: 101n }, 'price_above_max'));

  it('swapped hash: the payment hash is not that of the invoice', () =>
    expectRefusal({ request: details({ paymentHash: 'ab'.repeat(32) }) }, 'challenge_refused'));

  it('wrong network: the challenge says mainnet', () =>
    expectRefusal({ request: details({ network: 'mainnet' }) }, 'challenge_refused'));

  it('another currency than that of the invoice', () =>
    expectRefusal({ request: (request) => ({ ...request, currency: 'usd' }) }, 'challenge_refused'));

  it('an invoice that is none', () =>
    expectRefusal({ request: details({ invoice: 'lnbcrt1notaninvoice' }) }, 'challenge_refused'));

  it('expired challenge', () => expectRefusal({ lifeMs: -1_000 }, 'challenge_expired'));

  it('expired invoice under a challenge that says it lives', () =>
    expectRefusal(
      { lifeMs: 3_600_000, node: new PaperNode({ now: () => Date.now() - 600_000 }) },
      'challenge_expired',
    ));

  it('a challenge that would expire while it is paid', () =>
    expectRefusal({ lifeMs: 3_000 }, 'challenge_expired'));

  it('a digest of another body: it would be refused after paying', () =>
    expectRefusal(
      { members: { digest: 'sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:' } },
      'digest_mismatch',
    ));

  it('a challenge too large to be echoed in a credential', () =>
    expectRefusal({ members: { opaque: 'A'.repeat(12_500) } }, 'challenge_refused'));

  it('swapped payee: the invoice of somebody else is not paid by the node, and the error says that nothing was spent', async () => {
    // Well formed and signed by another node. Nobody can know who ought to be paid; what is certain is that the
    // preview names the payee of the invoice, and that no more than the previewed price is ever paid.
    const stranger = new PaperNode();
    seller.behave(async ({ response, seller: self }) =>
      ask(response, await self.challenge({ node: stranger })),
    );
    const preview = await purse.wallet.preview({ url: seller.url });
    expect(preview.kind === 'priced' && preview.inspection.payee).toBe(stranger.nodeId);
    const failure = await failureOf(purse.wallet.pay({ url: seller.url }));
    expect(failure).toMatchObject({ code: 'payment_failed', exitClass: 'payment' });
    expect(paidSat()).toBe(0);
  });

  it('an invoice whose signature was broken by changing its payee', async () => {
    const challenge = await seller.challenge();
    const other = await seller.challenge({ node: new PaperNode() });
    const invoiceOf = (one: Challenge): string => {
      const found = /"invoice":"([a-z0-9]+)"/.exec(Buffer.from(one.request, 'base64url').toString())?.[1];
      if (found === undefined) throw new Error('no invoice');
      return found;
    };
    // The fields of one with the signature of the other.
    const forged = invoiceOf(challenge).slice(0, -110) + invoiceOf(other).slice(-110);
    await expectRefusal({ request: details({ invoice: forged }) }, 'challenge_refused');
  });
});

describe('several challenges', () => {
  it('finds the good one among malformed, foreign and unpayable siblings', async () => {
    seller.behave(async ({ seen, response, seller: self }) => {
      if (seen.credential) return deliver(response, seen.credential);
      const good = await self.challenge();
      ask(
        response,
        'Basic realm="x, Payment id=\\"no\\""',
        'Payment id="", realm="r", method="lightning", intent="charge", request="e30"',
        'Payment id="a", realm="r", method="LIGHTNING", intent="charge", request="e30"',
        'Payment id="b", realm="r", method="lightning", intent="charge", request="%%%"',
        'Payment id="c", realm="r", method="tempo", intent="charge", request="e30"',
        await self.challenge({ amountSat: 1n, invoiceSat: 7n }),
        good,
        'L402 macaroon="x", invoice="y"',
      );
    });
    const result = await purse.wallet.pay({ url: seller.url });
    expect(result.kind).toBe('delivered');
    await readAll(result.answer, 1_000);
    expect(paidSat()).toBe(1);
  });

  it.each([
    ['no challenge at all', ''],
    ['another scheme', 'Bearer realm="x"'],
    ['another method', 'Payment id="c", realm="r", method="tempo", intent="charge", request="e30"'],
    ['garbage', 'Payment ,,,=="'],
    ['an endless list', 'Payment '.concat('id="a", '.repeat(1_000))],
  ])('402 with %s: refused, nothing spent', async (_name, value) => {
    seller.behave(({ response }) => {
      response.writeHead(402, value === '' ? {} : { 'www-authenticate': value });
      response.end();
    });
    expect(await failureOf(purse.wallet.pay({ url: seller.url }))).toMatchObject({
      code: 'no_payable_challenge',
      outcome: 'not-sent',
    });
  });
});
