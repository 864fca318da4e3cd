import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ActivePayments } from './active-payments.js';
import { discard, readAll } from './answer.js';
import type { WalletContext } from './context.js';
import type { Journal } from './journal.js';
import { openJournal } from './journal-sqlite.js';
import {
  answerIdleMs,
  answerUnreadMs,
  clockToleranceMs,
  defaultLimits,
  paidAnswerTimeoutMs,
  payTimeoutMs,
  unpaidAnswerTimeoutMs,
} from './limits.js';
import { createMethodBook } from './methods.js';
import { resumeEntry } from './resume.js';
import { failureOf } from './testing/failure.js';
import { openTestPurse, type TestPurse } from './testing/purse.js';
import { deliver, hashOf, honest, receiptOf, Seller } from './testing/seller.js';

let seller: Seller;
let purse: TestPurse;
let down = true;

beforeEach(async () => {
  down = true;
  // Takes the money, and then fails until it is repaired.
  seller = await new Seller((turn) => {
    const { seen, response } = turn;
    if (seen.credential === undefined) return honest(turn);
    if (!down) return deliver(response, seen.credential);
    response.writeHead(503).end();
    return undefined;
  }).listen();
  purse = openTestPurse(seller.node);
});

afterEach(async () => {
  purse.close();
  await seller.close();
});

/** What another process on the same file sees: no row there is its own, every owner lives, and it is at work on nothing. */
function asElsewhere(journal: Journal, now: () => number): WalletContext {
  return {
    methods: createMethodBook([purse.lightning]),
    journal: Object.assign(journal, { isOwn: () => false, ownerIsGone: () => false }),
    limits: defaultLimits,
    policy: undefined,
    approve: undefined,
    showAmount: String,
    fetch: globalThis.fetch,
    now,
    allowInsecure: false,
    timeouts: {
      unpaidAnswerMs: unpaidAnswerTimeoutMs,
      paidAnswerMs: paidAnswerTimeoutMs,
      answerIdleMs,
      answerUnreadMs,
      payMs: payTimeoutMs,
    },
    active: new ActivePayments(),
  };
}

async function payIntoCredit(headers: Record<string, string> = {}): Promise<string> {
  const failure = await failureOf(purse.wallet.pay({ url: seller.url, headers }));
  expect(failure).toMatchObject({ code: 'seller_failed', outcome: 'credit', retry: 'same-credential' });
  return failure.paymentId ?? '';
}

describe('resume', () => {
  it('redeems a credit as soon as the seller can deliver, without paying', async () => {
    const id = await payIntoCredit();
    expect((await failureOf(purse.wallet.resume(id))).code).toBe('seller_failed');
    down = false;
    const result = await purse.wallet.resume(id);
    if (result.kind !== 'delivered') throw new Error('not delivered');
    await readAll(result.answer, 1_000);
    expect(purse.journal.find(id)).toMatchObject({ state: 'delivered', presentations: 3 });
    expect(purse.node.paid).toHaveLength(1);
    expect(await purse.wallet.resume(id)).toMatchObject({ kind: 'finished' });
  });

  it('needs secret headers again, and sends them', async () => {
    const id = await payIntoCredit({ 'X-API-Key': 'k1', 'X-Plain': 'p' });
    const refused = await failureOf(purse.wallet.resume(id));
    expect(refused).toMatchObject({ code: 'headers_needed', exitClass: 'usage' });
    expect(refused.message).toContain('x-api-key');
    expect(refused.message).not.toContain('k1');
    down = false;
    await purse.wallet.resume(id, { headers: [['X-API-Key', 'k1']] });
    expect(seller.seen.at(-1)?.headers).toMatchObject({ 'x-api-key': 'k1', 'x-plain': 'p' });
  });

  it("does not need the caller's Authorization, which the credential replaces anyhow", async () => {
    const id = await payIntoCredit({ Authorization: 'Bearer mine' });
    down = false;
    expect((await purse.wallet.resume(id)).kind).toBe('delivered');
  });

  it('does not present an expired credential unless it is told to (core §"expires")', async () => {
    const id = await payIntoCredit();
    down = false;
    const later = purse.another({ now: () => Date.now() + 60_000 + clockToleranceMs + 1 });
    const presented = seller.seen.length;
    expect((await failureOf(later.resume(id))).code).toBe('expired_unpresented');
    const reports: unknown[] = [];
    for await (const report of later.resumeAll()) reports.push(report);
    expect(reports).toEqual([]);
    expect(seller.seen).toHaveLength(presented);
    expect((await later.resume(id, { evenExpired: true })).kind).toBe('delivered');
  });

  it('says so when there is no such payment', async () => {
    expect(await failureOf(purse.wallet.resume('pay_none'))).toMatchObject({
      code: 'payment_not_found',
      exitClass: 'usage',
    });
  });

  it('leaves a payment alone that this process is working on', async () => {
    down = false;
    const result = await purse.wallet.pay({ url: seller.url });
    if (result.kind !== 'delivered') throw new Error('not delivered');
    expect((await failureOf(purse.wallet.resume(result.entry.id))).code).toBe('in_progress');
    await readAll(result.answer, 1_000);
    expect(await purse.wallet.resume(result.entry.id)).toMatchObject({ kind: 'finished' });
  });

  it('leaves a payment alone for as long as another process takes its answer', async () => {
    const id = await payIntoCredit();
    let rest = (): void => undefined;
    seller.behave(({ seen, response }) => {
      const { credential } = seen;
      if (credential === undefined) return;
      response.writeHead(200, { 'payment-receipt': receiptOf(credential, hashOf(credential)) });
      response.write('first');
      rest = () => void response.write('second', () => response.end());
    });
    const start = Date.now();
    let laterMs = 0;
    const now = () => start + laterMs;
    const reading = await purse.another({ now }).resume(id, { evenExpired: true });
    if (reading.kind !== 'delivered') throw new Error('not delivered');
    const chunks = reading.answer.body[Symbol.asyncIterator]();
    await chunks.next();
    laterMs += paidAnswerTimeoutMs - 1;
    rest();
    expect((await chunks.next()).done).toBe(false);
    laterMs += paidAnswerTimeoutMs - 1;
    const other = openJournal({ path: purse.path });
    const found = other.find(id);
    if (found === undefined) throw new Error('no such payment');
    const elsewhere = asElsewhere(other, now);
    expect((await failureOf(resumeEntry(elsewhere, found))).code).toBe('in_progress');
    expect(found.presentations).toBe(2);
    // Silent for as long as an answer may take to begin: abandoned, as far as anybody else can see.
    laterMs += paidAnswerTimeoutMs;
    const again = await resumeEntry(elsewhere, found, { evenExpired: true });
    if (again.kind !== 'delivered') throw new Error('not delivered');
    await discard(again.answer);
    expect(other.find(id)).toMatchObject({ state: 'answer-unknown', presentations: 3 });
    // And the first has it all in the end.
    while (!(await chunks.next()).done);
    expect(other.find(id)?.state).toBe('delivered');
    other.close();
  });

  it('presents once, however often this process resumes it at a time', async () => {
    const id = await payIntoCredit();
    let answer = (): void => undefined;
    let presentedNow = 0;
    seller.behave(async ({ seen, response }) => {
      presentedNow += 1;
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      if (seen.credential) deliver(response, seen.credential);
    });
    const first = purse.wallet.resume(id);
    expect((await failureOf(purse.wallet.resume(id))).code).toBe('in_progress');
    await expect.poll(() => presentedNow, { timeout: 50_000 }).toBe(1);
    expect((await failureOf(purse.another().resume(id))).code).toBe('in_progress');
    answer();
    const result = await first;
    if (result.kind !== 'delivered') throw new Error('not delivered');
    expect((await failureOf(purse.wallet.resume(id))).code).toBe('in_progress');
    expect(new TextDecoder().decode(await readAll(result.answer, 1_000))).toBe('{"rate":1}');
    expect([purse.journal.find(id)?.state, presentedNow]).toEqual(['delivered', 1]);
  });

  it('never revives a payment that the node has refused for certain', async () => {
    purse.node.next = () => Promise.resolve({ status: 'failed', reason: 'no route' });
    const failure = await failureOf(purse.wallet.pay({ url: seller.url }));
    expect(await purse.wallet.resume(failure.paymentId ?? '')).toMatchObject({
      kind: 'finished',
      entry: { state: 'not-paid' },
    });
    expect(purse.node.paid).toHaveLength(0);
  });
});

describe('resumeAll', () => {
  it('finishes what can be finished and reports the rest', async () => {
    const [first, second] = [await payIntoCredit(), await payIntoCredit({ Cookie: 'a=b' })];
    down = false;
    const reports: [string, boolean, string][] = [];
    for await (const report of purse.wallet.resumeAll()) {
      if (report.ok && report.result.kind === 'delivered') await readAll(report.result.answer, 1_000);
      reports.push([report.id, report.ok, report.ok ? report.result.kind : report.error.code]);
    }
    expect(reports.sort()).toEqual(
      [
        [first, true, 'delivered'],
        [second, false, 'headers_needed'],
      ].sort(),
    );
    expect(purse.node.paid).toHaveLength(2);
  });
});
