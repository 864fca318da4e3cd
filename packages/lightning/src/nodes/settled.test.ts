import type { JsonObject } from '@farebox/protocol';
import { describe, expect, it } from 'vitest';
import type { SettledInvoice } from '../node.js';
import { btcpaySettled } from './btcpay-settled.js';
import { lnbitsSettled } from './lnbits-settled.js';
import { nwcSettled } from './nwc/settled.js';
import { phoenixdSettled } from './phoenixd-settled.js';

// Lists as the nodes' own sources make them; the adapters see them through facades in test/src/nodes.

const startSeconds = 1_790_000_000;
const period = { fromMs: startSeconds * 1_000, untilMs: (startSeconds + 100_000) * 1_000 };
const hashOf = (number: number) => number.toString(16).padStart(64, '0');
const numbers = (count: number, from = 1) => Array.from({ length: count }, (_, index) => from + index);

async function all(list: AsyncIterable<SettledInvoice>): Promise<SettledInvoice[]> {
  const found: SettledInvoice[] = [];
  for await (const each of list) found.push(each);
  return found;
}

const hashesOf = (found: readonly SettledInvoice[]) => found.map(({ paymentHash }) => paymentHash).sort();

describe('what settled at phoenixd', () => {
  it('is read to the end where pages are short because of what arrived on chain', async () => {
    // LIMIT and OFFSET count rows; those that arrived on chain are left out afterwards.
    const rows = numbers(450).map((number) => (number % 150 === 7 ? undefined : number));
    const list = async (path: string) => {
      const query = new URL(path, 'http://x').searchParams;
      const offset = Number(query.get('offset'));
      return rows
        .slice(offset, offset + Number(query.get('limit')))
        .filter((number) => number !== undefined)
        .map((number) => ({
          isPaid: true,
          paymentHash: hashOf(number),
          receivedSat: 1,
          completedAt: (startSeconds + number) * 1_000,
        }));
    };
    expect(await all(phoenixdSettled(list, period))).toHaveLength(447);
  });
});

describe('what settled at LNbits', () => {
  const entry = (time: unknown): JsonObject =>
    // Of any type, as a strange version might write it.
    ({ status: 'success', amount: 5_000, payment_hash: hashOf(1), memo: 'm', time }) as JsonObject;
  const listing = (...entries: JsonObject[]) => all(lnbitsSettled(async () => entries, period));

  it('has its time as text, or as seconds in 0.12', async () => {
    const settledMs = (startSeconds + 60) * 1_000;
    const naive = new Date(settledMs).toISOString().replace('Z', '');
    for (const time of [naive, `${naive}+00:00`, startSeconds + 60]) {
      expect(await listing(entry(time))).toMatchObject([{ settledMs, receivedMsat: 5_000n }]);
    }
  });

  it('is not left out where the time cannot be read: that is an error', async () => {
    for (const time of ['yesterday', null, true]) {
      await expect(listing(entry(time))).rejects.toMatchObject({ code: 'node_misbehaved' });
    }
    expect(await listing({ ...entry('yesterday'), status: 'pending' })).toEqual([]);
  });
});

describe('what settled at a wallet behind a relay', () => {
  it('is not left out where its time or amount is missing', async () => {
    const whole = { type: 'incoming', state: 'settled', payment_hash: hashOf(1), amount: 7 };
    const listing = (transaction: JsonObject) =>
      all(nwcSettled(async () => ({ transactions: [transaction] }), period));
    expect(await listing({ ...whole, settled_at: startSeconds })).toHaveLength(1);
    await expect(listing(whole)).rejects.toMatchObject({ code: 'node_misbehaved' });
    expect(await listing({ ...whole, state: 'pending' })).toEqual([]);
  });
});

describe('what settled behind BTCPay Server', () => {
  const invoice = (number: number): JsonObject => ({
    id: hashOf(number),
    paymentHash: hashOf(number),
    status: number % 2 === 0 ? 'Paid' : 'Unpaid',
    amountReceived: number % 2 === 0 ? '1000' : null,
    paidAt: number % 2 === 0 ? startSeconds + number : null,
  });
  const offsetOf = (query: string) => Number(new URLSearchParams(query).get('offsetIndex') ?? 0);
  /** The first hundred whose number is above the offset. */
  const lnd = (listed: readonly number[]) => async (query: string) =>
    listed
      .filter((number) => number > offsetOf(query))
      .slice(0, 100)
      .map(invoice);
  const expected = (listed: readonly number[]) => listed.filter((number) => number % 2 === 0).map(hashOf);

  it.each([
    ['nothing', []],
    ['one page', numbers(40)],
    ['a full page', numbers(100)],
    ['ninety-nine', numbers(99)],
    ['one more than a page', numbers(101)],
    ['two pages', numbers(200)],
    ['many pages', numbers(730)],
    ['a hundred, late', numbers(100, 5_000)],
    ['gaps of deleted invoices', [...numbers(250), ...numbers(30, 300), ...numbers(500, 1_201)]],
    ['nothing but late numbers', numbers(350, 5_000)],
  ])('is read to the end from LND: %s', async (_, listed) => {
    expect(hashesOf(await all(btcpaySettled(lnd(listed), period)))).toEqual(expected(listed));
  });

  it('is read to the end from phoenixd, which leaves out what arrived on chain', async () => {
    const rows = numbers(430).map((number) => (number % 90 === 8 ? undefined : number));
    const list = async (query: string) =>
      rows
        .slice(offsetOf(query), offsetOf(query) + 100)
        .filter((number) => number !== undefined)
        .map(invoice);
    const listed = rows.filter((number) => number !== undefined);
    expect(hashesOf(await all(btcpaySettled(list, period)))).toEqual(expected(listed));
  });

  it.each([0, 1, 99, 100, 101, 200])(
    'is read once from a node that gives all %s whatever the offset',
    async (count) => {
      let asked = 0;
      const list = async () => {
        asked++;
        return numbers(count).map(invoice);
      };
      expect(hashesOf(await all(btcpaySettled(list, period)))).toEqual(expected(numbers(count)));
      expect(asked).toBeLessThanOrEqual(3);
    },
  );

  it('is complete where the hundred and first settles while all are listed', async () => {
    let asked = 0;
    const list = async () => numbers(asked++ < 2 ? 100 : 102).map(invoice);
    expect(hashesOf(await all(btcpaySettled(list, period)))).toEqual(expected(numbers(102)));
  });

  it('comes to an end where the node lists the same page at every number that it is asked for', async () => {
    // No node that is known: the same hundred, but nothing beyond all.
    const list = async (query: string) => (offsetOf(query) > 1e9 ? [] : numbers(100).map(invoice));
    await expect(all(btcpaySettled(list, period))).rejects.toMatchObject({ code: 'node_misbehaved' });
  });
});
