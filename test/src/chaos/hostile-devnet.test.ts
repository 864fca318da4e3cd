import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Devnet, startDevnet } from '@farebox/devnet';
import { lightningBuyer } from '@farebox/lightning';
import {
  createWallet,
  type Journal,
  type PaymentLimits,
  readAll,
  type Wallet,
  WalletError,
} from '@farebox/wallet';
import { openJournal } from '@farebox/wallet/journal-sqlite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { deliver, HostileSeller, type Turn } from './hostile-seller.js';
import { until } from './processes.js';

/** What every purchase here is allowed: more would be a fault, whatever the seller does. */
const limits: PaymentLimits = {
  max: { amount: 20n, currency: 'sat' },
  maxFee: { amount: 2n, currency: 'sat' },
};
/** What the node between wallet and seller takes for a payment, msat. */
const routingMsat = 1_000n;
const timeouts = { unpaidAnswerMs: 60_000, paidAnswerMs: 60_000, answerIdleMs: 60_000, payMs: 20_000 };
/** How long a wallet waits that gives up while the seller holds the payment: it must have been sent by then. */
const impatientMs = 4_000;

let devnet: Devnet;
let directory: string;
let seller: HostileSeller;
let journal: Journal;
let wallet: Wallet;
let beforeMsat: bigint;

beforeAll(async () => {
  devnet = await startDevnet({ router: true });
  directory = mkdtempSync(join(tmpdir(), 'farebox-hostile-'));
});

afterAll(async () => {
  await devnet.close();
  rmSync(directory, { recursive: true, force: true });
});

beforeEach(async () => {
  seller = await new HostileSeller(devnet.merchant).listen();
  journal = openJournal({ path: join(directory, `${randomBytes(6).toString('hex')}.db`) });
  wallet = anotherWallet();
  beforeMsat = (await devnet.wallet.balance()).spendableMsat;
});

afterEach(async () => {
  journal.close();
  await seller.close();
});

function anotherWallet(payMs = timeouts.payMs): Wallet {
  const methods = [lightningBuyer({ node: devnet.wallet, network: 'regtest' })];
  return createWallet({ methods, journal, limits, timeouts: { ...timeouts, payMs } });
}

/** What has really left the wallet's node since the test began, once nothing is under way any more. */
async function spentMsat(): Promise<bigint> {
  for (const paymentHash of seller.invoices)
    await until('the payment is over', async () => {
      return (await devnet.wallet.trackPayment(paymentHash)).status !== 'in-flight';
    });
  return beforeMsat - (await devnet.wallet.balance()).spendableMsat;
}

async function failureOf(work: Promise<unknown>): Promise<WalletError> {
  const outcome: unknown = await work.catch((error: unknown) => error);
  if (outcome instanceof WalletError) return outcome;
  throw new Error(`Not refused: ${String(outcome)}`);
}

async function receive(url = seller.url): Promise<string> {
  const result = await wallet.pay({ url });
  return Buffer.from((await readAll(result.answer, 1_000)) ?? []).toString();
}

/** Asks for so much first; then does as it likes. */
const paidThen = (then: (turn: Turn) => void | Promise<void>) => (turn: Turn) =>
  turn.credential === undefined ? seller.ask(turn.response, { amountSat: 5n }) : then(turn);

describe('an honest seller, for comparison', () => {
  it('is paid the price and the fee, once', async () => {
    seller.behave(paidThen(deliver));
    expect(await receive()).toBe('goods');
    expect(await spentMsat()).toBe(5_000n + routingMsat);
  });
});

describe('what the seller asks for', () => {
  const refused = async (code: string, claim: Parameters<HostileSeller['challenge']>[0]) => {
    seller.behave((turn) => seller.ask(turn.response, claim));
    expect(await failureOf(wallet.pay({ url: seller.url }))).toMatchObject({ code, outcome: 'not-sent' });
    expect(await spentMsat()).toBe(0n);
    expect(seller.presented).toBe(0);
    expect(journal.list()).toHaveLength(0);
  };

  it('inflated invoice, far above the limit: nothing is paid', () =>
    refused('challenge_refused', { amountSat: 1n, invoiceSat: 50_000n }));

  it('inflated invoice within the limit: nothing is paid', () =>
    refused('challenge_refused', { amountSat: 1n, invoiceSat: 19n }));

  it('lying amount, above the invoice: nothing is paid', () =>
    refused('challenge_refused', { amountSat: 19n, invoiceSat: 1n }));

  it('an honest amount above the limit: nothing is paid', () =>
    refused('price_above_max', { amountSat: 21n }));

  it('the hash of another invoice: nothing is paid', async () => {
    const other = await seller.challenge({ amountSat: 1n });
    expect(other.id).toBeDefined();
    await refused('challenge_refused', { amountSat: 1n, paymentHash: seller.invoices[0] ?? '' });
  });

  it('swapped payee: at most the previewed price is paid, once, and the preview names who is paid', async () => {
    const { router } = devnet;
    if (router === undefined) throw new Error('There is no third node.');
    seller.behave((turn) =>
      turn.credential ? deliver(turn) : seller.ask(turn.response, { amountSat: 5n, payee: router }),
    );
    const preview = await wallet.preview({ url: seller.url });
    const { nodeId } = await router.info();
    expect(preview.kind === 'priced' && preview.inspection.payee).toBe(nodeId);
    expect(await receive()).toBe('goods');
    // The third node is the payee's neighbour: no fee.
    expect(await spentMsat()).toBe(5_000n);
  });

  it('cheap in the preview and dear afterwards: the limit of the payment decides', async () => {
    seller.behave((turn) => seller.ask(turn.response, { amountSat: turn.number === 1 ? 1n : 20n }));
    const preview = await wallet.preview({ url: seller.url });
    expect(preview.kind === 'priced' && preview.inspection.price.amount).toBe(1n);
    const max = { amount: 1n, currency: 'sat' };
    expect((await failureOf(wallet.pay({ url: seller.url }, { max }))).code).toBe('price_above_max');
    expect(await spentMsat()).toBe(0n);
  });

  it('a way to the payee that costs more than the fee limit: nothing is paid', async () => {
    seller.behave(paidThen(deliver));
    const maxFee = { amount: 999n, currency: 'msat' };
    expect((await failureOf(wallet.pay({ url: seller.url }, { maxFee }))).code).toBe('payment_failed');
    expect(await spentMsat()).toBe(0n);
    expect(seller.presented).toBe(0);
  });

  it('the same challenge again and again, to several wallets at once: one payment', async () => {
    const challenge = await seller.challenge({ amountSat: 5n });
    seller.behave((turn) => (turn.credential ? deliver(turn) : seller.ask(turn.response, challenge)));
    const wallets = Array.from({ length: 5 }, () => anotherWallet());
    const results = await Promise.allSettled(
      wallets.map(async (each) => readAll((await each.pay({ url: seller.url })).answer, 1_000)),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await failureOf(wallet.pay({ url: seller.url }))).code).toBe('already_known');
    expect(await spentMsat()).toBe(5_000n + routingMsat);
    expect(journal.list()).toHaveLength(1);
  });

  it('an invoice that was paid before, under a new challenge: nothing is paid, and its proof goes nowhere', async () => {
    seller.behave(paidThen(deliver));
    await receive();
    const old = seller.turns.at(-1)?.credential?.challenge;
    if (old === undefined) throw new Error('Nothing was presented.');
    const before = seller.presented;
    const fresh = { ...old, id: `${old.id}-again` };
    seller.behave((turn) => seller.ask(turn.response, fresh));
    expect((await failureOf(wallet.pay({ url: seller.url }))).code).toBe('already_known');
    expect(seller.presented).toBe(before);
    expect(await spentMsat()).toBe(5_000n + routingMsat);
  });
});

describe('what the seller does with the payment', () => {
  it('redirects to another origin before it is paid: nothing is paid, nobody else is asked', async () => {
    const other = await new HostileSeller(devnet.merchant).listen();
    seller.behave(({ response }) => void response.writeHead(302, { Location: other.url }).end());
    expect((await wallet.pay({ url: seller.url })).kind).toBe('free');
    expect(other.turns).toHaveLength(0);
    expect(await spentMsat()).toBe(0n);
    await other.close();
  });

  it('redirects to another origin afterwards: the credential goes nowhere else, and is not paid again', async () => {
    const other = await new HostileSeller(devnet.merchant).listen();
    seller.behave(paidThen(({ response }) => void response.writeHead(307, { Location: other.url }).end()));
    const failure = await failureOf(wallet.pay({ url: seller.url }));
    expect(failure).toMatchObject({ code: 'seller_refused', exitClass: 'credit' });
    await failureOf(wallet.resume(failure.paymentId ?? ''));
    expect(other.turns).toHaveLength(0);
    expect(await spentMsat()).toBe(5_000n + routingMsat);
    await other.close();
  });

  it('402 forever, each time with a fresh challenge: one payment, however often it is resumed', async () => {
    seller.behave((turn) => seller.ask(turn.response, { amountSat: 5n }));
    const failure = await failureOf(wallet.pay({ url: seller.url }));
    expect(failure).toMatchObject({ code: 'seller_refused', status: 402, exitClass: 'credit' });
    for (let times = 0; times < 3; times++)
      expect((await failureOf(wallet.resume(failure.paymentId ?? ''))).code).toBe('seller_refused');
    expect(seller.presented).toBe(4);
    expect(await spentMsat()).toBe(5_000n + routingMsat);
  });

  it('closes the connection: one payment, and the same credential gets the goods later', async () => {
    seller.behave(paidThen((turn) => (seller.presented < 3 ? void turn.response.destroy() : deliver(turn))));
    const failure = await failureOf(wallet.pay({ url: seller.url }));
    expect(failure.code).toBe('answer_unknown');
    expect((await failureOf(wallet.resume(failure.paymentId ?? ''))).code).toBe('answer_unknown');
    const result = await wallet.resume(failure.paymentId ?? '');
    if (result.kind !== 'delivered') throw new Error(`Not delivered: ${result.kind}`);
    expect(Buffer.from((await readAll(result.answer, 1_000)) ?? []).toString()).toBe('goods');
    expect(journal.find(failure.paymentId ?? '')?.state).toBe('delivered');
    expect(await spentMsat()).toBe(5_000n + routingMsat);
  });

  it('breaks off within the goods: one payment, and not taken for delivered', async () => {
    seller.behave(
      paidThen(({ response }) => {
        response.writeHead(200, { 'Content-Length': 100 });
        response.write('half', () => response.destroy());
      }),
    );
    expect((await failureOf(receive())).code).toBe('answer_unknown');
    expect(journal.list().map(({ state }) => state)).toEqual(['answer-unknown']);
    expect(await spentMsat()).toBe(5_000n + routingMsat);
  });
});

describe('a seller that holds the payment', () => {
  /** Asks with an invoice whose payment waits for the seller's decision. */
  async function holding(): Promise<{ readonly preimage: string; readonly paymentHash: string }> {
    const secret = randomBytes(32);
    const preimage = secret.toString('hex');
    const paymentHash = createHash('sha256').update(secret).digest('hex');
    const payee = {
      createInvoice: (request: Parameters<Devnet['merchant']['createInvoice']>[0]) =>
        devnet.merchant.holdInvoice({ ...request, paymentHash }),
    };
    const challenge = await seller.challenge({ amountSat: 5n, payee });
    seller.behave((turn) => (turn.credential ? deliver(turn) : seller.ask(turn.response, challenge)));
    return { preimage, paymentHash };
  }

  /** Waits until the payment has come as far as the seller. */
  const isHeld = (paymentHash: string) =>
    until('the payment is held', async () => {
      return (await devnet.merchant.lookupInvoice(paymentHash))?.status === 'held';
    });

  it('until the wallet has given up, and then takes it: not known, never paid again, and delivered', async () => {
    const { preimage, paymentHash } = await holding();
    const impatient = anotherWallet(impatientMs);
    const failure = await failureOf(impatient.pay({ url: seller.url }));
    expect(failure).toMatchObject({ code: 'payment_unknown', retry: 'resume' });
    expect((await failureOf(impatient.pay({ url: seller.url }))).code).toBe('already_known');
    await isHeld(paymentHash);
    await devnet.merchant.settleHold(preimage);
    const result = await until('the payment has arrived', () =>
      anotherWallet()
        .resume(failure.paymentId ?? '')
        .catch(() => undefined),
    );
    if (result.kind !== 'delivered') throw new Error(`Not delivered: ${result.kind}`);
    await readAll(result.answer, 1_000);
    expect(await spentMsat()).toBe(5_000n + routingMsat);
  });

  it('until the wallet has given up, and then gives it back: nothing is spent', async () => {
    const { paymentHash } = await holding();
    const failure = await failureOf(anotherWallet(impatientMs).pay({ url: seller.url }));
    expect(failure.code).toBe('payment_unknown');
    await isHeld(paymentHash);
    await devnet.merchant.cancelHold(paymentHash);
    await until('it is certain that nothing was paid', async () => {
      const result = await anotherWallet()
        .resume(failure.paymentId ?? '')
        .catch(() => undefined);
      return result?.kind === 'finished' && result.entry.state === 'not-paid';
    });
    expect(await spentMsat()).toBe(0n);
    expect(seller.presented).toBe(0);
  });
});
