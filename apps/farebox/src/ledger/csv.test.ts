import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvEntry, csvHeader, csvRecord } from './csv.js';
import { parseCsv } from './testing/csv-parser.js';
import { anyEntry } from './testing/entries.js';

describe('CSV', () => {
  it('puts a field in quotes where RFC 4180 wants it', () => {
    expect(csvRecord(['a', 'b c', 'd,e', 'f"g', 'h\ni', 'j\rk', ''])).toBe(
      'a,b c,"d,e","f""g","h\ni","j\rk",\r\n',
    );
  });

  it('gives back every entry, whatever is in it', () => {
    fc.assert(
      fc.property(fc.array(anyEntry, { maxLength: 10 }), (entries) => {
        const [header, ...records] = parseCsv(csvHeader + entries.map(csvEntry).join(''));
        expect(header?.slice(0, 8).join()).toBe('time,claim,method,route,debit,credit,amount,currency');
        expect(header?.slice(8).join()).toBe('price,price_currency,rate,rate_unit,rate_as_of');
        expect(records).toEqual(
          entries.map(({ atMs, seq, method, route, debit, credit, amount, rate }) => [
            new Date(atMs).toISOString(),
            String(seq),
            method,
            route,
            debit,
            credit,
            String(amount.amount),
            amount.currency,
            ...(rate === undefined
              ? ['', '', '', '', '']
              : [rate.price, rate.currency, rate.rate, rate.unit, new Date(rate.asOfMs).toISOString()]),
          ]),
        );
      }),
      { numRuns: 300 },
    );
  });
});
