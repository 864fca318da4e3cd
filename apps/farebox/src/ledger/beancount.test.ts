import type { Entry } from '@farebox/ledger';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accountOf, BeancountWriter, commodityOf } from './beancount.js';
import { parseBeancount } from './testing/beancount-parser.js';
import { anyEntry } from './testing/entries.js';

const written = (entries: readonly Entry[], opens = true): string => {
  const writer = new BeancountWriter(opens);
  return entries.map((entry) => writer.entry(entry)).join('');
};

const paid: Entry = {
  atMs: Date.UTC(2026, 0, 31, 23, 59, 59, 7),
  seq: 12,
  debit: 'received',
  credit: 'revenue',
  method: 'lightning',
  route: 'GET /v1/bitcoin/*',
  amount: { amount: 21n, currency: 'sat' },
};

describe('Beancount', () => {
  it('is written as its language document has it', () => {
    expect(written([paid, { ...paid, seq: 13 }])).toBe(`1970-01-01 commodity SAT
  currency: "sat"
1970-01-01 open Assets:Farebox:Lightning:Received
1970-01-01 open Income:Farebox:Lightning:Revenue:GET-v1-bitcoin-81bff89b
  route: "GET /v1/bitcoin/*"
2026-01-31 * "Farebox" "claim 12: received to revenue" ^farebox-claim-12
  time: "2026-01-31T23:59:59.007Z"
  method: "lightning"
  route: "GET /v1/bitcoin/*"
  Assets:Farebox:Lightning:Received  21 SAT
  Income:Farebox:Lightning:Revenue:GET-v1-bitcoin-81bff89b  -21 SAT

2026-01-31 * "Farebox" "claim 13: received to revenue" ^farebox-claim-13
  time: "2026-01-31T23:59:59.007Z"
  method: "lightning"
  route: "GET /v1/bitcoin/*"
  Assets:Farebox:Lightning:Received  21 SAT
  Income:Farebox:Lightning:Revenue:GET-v1-bitcoin-81bff89b  -21 SAT

`);
  });

  it('is valid and balanced whatever the entries are, and loses none of their facts', () => {
    fc.assert(
      fc.property(fc.array(anyEntry, { maxLength: 20 }), (entries) => {
        const { transactions } = parseBeancount(written(entries));
        expect(transactions.length).toBe(entries.length);
        for (const [index, { postings, day, links, metadata }] of transactions.entries()) {
          const entry = entries[index];
          if (entry === undefined) throw new Error('there are as many');
          expect(postings.map(({ amount }) => amount)).toEqual([entry.amount.amount, -entry.amount.amount]);
          expect(metadata.time).toBe(new Date(entry.atMs).toISOString());
          expect(metadata.time?.startsWith(day)).toBe(true);
          expect(links).toEqual([`^farebox-claim-${entry.seq}`]);
          const { rate } = entry;
          expect(metadata.price).toBe(rate && `${rate.price} ${rate.currency}`);
          expect(metadata.rate).toBe(rate && `${rate.rate} ${rate.currency}/BTC`);
          expect(metadata['rate-as-of']).toBe(rate && new Date(rate.asOfMs).toISOString());
        }
      }),
      { numRuns: 300 },
    );
  });

  it('sums up by account to what the entries sum up to', () => {
    fc.assert(
      fc.property(fc.array(anyEntry, { maxLength: 20 }), (entries) => {
        const { balances } = parseBeancount(written(entries));
        const expected = new Map<string, bigint>();
        const add = (key: string, amount: bigint) => expected.set(key, (expected.get(key) ?? 0n) + amount);
        for (const { debit, credit, method, route, amount } of entries) {
          const unit = commodityOf(amount.currency);
          add(`${accountOf(debit, method, route)} ${unit}`, amount.amount);
          add(`${accountOf(credit, method, route)} ${unit}`, -amount.amount);
        }
        expect(balances).toEqual(expected);
      }),
    );
  });

  it('has one account for each route and method, and one commodity for each currency', () => {
    const routes = ['GET /v1/a', 'GET /v1 a', 'GET_/v1/a', 'get /v1/a', '', '"', 'é', 'ê', 'GET /v1/a '];
    expect(new Set(routes.map((route) => accountOf('revenue', 'x', route))).size).toBe(routes.length);
    const methods = ['lightning', 'Lightning', 'tempo-2', 'tempo_2', 'é', '-'];
    expect(new Set(methods.map((method) => accountOf('owed', method, ''))).size).toBe(methods.length);
    const currencies = [
      'sat',
      'SAT',
      'Sat',
      'msat',
      'usd',
      'USD',
      'usd.unit',
      `0x${'a'.repeat(40)}`,
      `0x${'A'.repeat(40)}`,
    ];
    expect(new Set(currencies.map(commodityOf)).size).toBe(currencies.length);
  });

  it('says of a currency whose decimals it does not know that it counts base units', () => {
    expect(['sat', 'msat', 'usd'].map(commodityOf)).toEqual(['SAT', 'MSAT', 'USD.UNIT']);
    expect(commodityOf(`0x20c0${'0'.repeat(35)}1`)).toMatch(/^X[0-9A-F]{18}\.UNIT$/);
  });

  it('can leave the declarations to another file', () => {
    const bare = written([paid], false);
    expect(bare).not.toMatch(/ (?:open|commodity) /);
    expect(parseBeancount(bare, { mustOpen: false }).transactions.length).toBe(1);
    expect(() => parseBeancount(bare)).toThrow('before it is open');
  });
});
