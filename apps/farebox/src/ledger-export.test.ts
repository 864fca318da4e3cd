import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runSql } from '../../../packages/ledger/dist/testing/files.js';
import { parseBeancount } from './ledger/testing/beancount-parser.js';
import { parseCsv } from './ledger/testing/csv-parser.js';
import { onlyLines } from './ledger/testing/json-lines.js';
import { fillLedger, requestOf, withLedger } from './ledger/testing/shop-ledger.js';
import { only, run } from './testing/run.js';

let home = '';
let path = '';

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'farebox-ledger-'));
  path = join(home, 'shop.db');
  await fillLedger(path);
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

const ledger = (...words: string[]) => run(home, ['ledger', ...words, '--ledger', `sqlite:${path}`]);

describe('export', () => {
  const exported = async (...words: string[]) => (await ledger('export', ...words)).stdout;

  it('as JSON Lines is what entries prints', async () => {
    expect(await exported('--format', 'json')).toBe((await ledger('entries', '--json')).stdout);
  });

  it('as CSV has every entry', async () => {
    const [header, ...records] = parseCsv(await exported('--format', 'csv'));
    const rows = onlyLines(await exported('--format', 'json'));
    const names = (header ?? []).slice(0, 8);
    expect(records.map((record) => record.slice(0, 8))).toEqual(
      rows.map((row) => names.map((name) => String(row[name]))),
    );
    expect(records.every((record) => record.slice(8).join('') === '')).toBe(true);
    expect(records.length).toBe(11);
  });

  it('names the rate that a price was quoted at, in every format and in claim', async () => {
    const quoted = join(home, 'quoted.db');
    const asOfMs = Date.UTC(2026, 0, 31, 23, 59, 0);
    const rate = { price: '0.002', currency: 'USD', rate: '65012.5', unit: 'BTC', asOfMs };
    await withLedger(quoted, (writer) => writer.deliver(requestOf(4, { rate })));
    const told = async (...words: string[]) =>
      (await run(home, ['ledger', ...words, '--ledger', `sqlite:${quoted}`])).stdout;
    const view = {
      price: '0.002',
      currency: 'USD',
      rate: '65012.5',
      unit: 'BTC',
      asOf: '2026-01-31T23:59:00.000Z',
    };
    expect(onlyLines(await told('export', '--format', 'json'))).toMatchObject([{ amount: '4', rate: view }]);
    expect(onlyLines(await told('entries', '--json'))).toMatchObject([{ rate: view }]);
    expect(only(await told('claim', '1', '--json'))).toMatchObject({ rate: view, entries: [{ rate: view }] });
    expect(await told('claim', '1')).toMatch(
      /price +0\.002 USD at 65012\.5 USD\/BTC, as of 2026-01-31 23:59:00Z\n/,
    );
    const [, record] = parseCsv(await told('export', '--format', 'csv'));
    expect(record?.slice(6)).toEqual(['4', 'sat', '0.002', 'USD', '65012.5', 'BTC', view.asOf]);
    const [transaction] = parseBeancount(await told('export', '--format', 'beancount')).transactions;
    expect(transaction?.metadata).toMatchObject({ price: '0.002 USD', rate: '65012.5 USD/BTC' });
  });

  it('as Beancount balances, and comes to what balance says', async () => {
    const { balances, transactions } = parseBeancount(await exported('--format', 'beancount'));
    expect(transactions.length).toBe(11);
    const sums = (pattern: RegExp) =>
      [...balances].filter(([key]) => pattern.test(key)).reduce((sum, [, amount]) => sum + amount, 0n);
    expect(sums(/^Assets:Farebox:Lightning:Received SAT$/)).toBe(29n);
    expect(sums(/^Liabilities:Farebox:Lightning:Owed SAT$/)).toBe(-14n);
    expect(sums(/^Income:Farebox:Lightning:Revenue:\S+ SAT$/)).toBe(-9n);
    expect(sums(/^Income:Farebox:Lightning:Breakage SAT$/)).toBe(-1n);
    expect(sums(/^Assets:Farebox:Lightning:Refunds SAT$/)).toBe(-5n);
    expect(sums(/^Income:Farebox:Tempo:Revenue:\S+ X[0-9A-F]{18}\.UNIT$/)).toBe(-7n);
    expect([...balances.values()].reduce((sum, amount) => sum + amount, 0n)).toBe(0n);
  });

  it('goes into a file whole, and leaves stdout empty', async () => {
    const file = join(home, 'books.csv');
    writeFileSync(file, 'old');
    const { code, stdout, stderr } = await ledger('export', '--format', 'csv', '-o', file);
    expect([code, stdout, stderr]).toEqual([0, '', '']);
    expect(readFileSync(file, 'utf8')).toBe(await exported('--format', 'csv'));
  });

  it('wants a format, and the options that belong to it', async () => {
    expect((await ledger('export')).code).toBe(2);
    expect((await ledger('export', '--format', 'xls')).code).toBe(2);
    expect((await ledger('export', '--format', 'csv', '--no-open')).code).toBe(2);
  });
});

describe('check', () => {
  it('is silent about books that agree', async () => {
    expect(only((await ledger('check', '--json')).stdout)).toEqual({
      ok: true,
      ledger: path,
      partial: false,
      faults: [],
    });
    expect(await ledger('check')).toMatchObject({ code: 0, stdout: 'The books and the claims agree.\n' });
  });

  it('names every difference, and fails', async () => {
    const damaged = join(home, 'damaged.db');
    const paid = { amount: 123_456_789n, currency: 'sat' };
    await withLedger(damaged, (writer) => writer.deliver(requestOf(1, { paid })));
    // The books keep their sums as text: a digit that the disk gets wrong.
    const bytes = readFileSync(damaged);
    const place = bytes.indexOf('123456789');
    expect([place > 0, bytes.indexOf('123456789', place + 1)]).toEqual([true, -1]);
    bytes.write('123456788', place);
    writeFileSync(damaged, bytes);
    const check = (...words: string[]) =>
      run(home, ['ledger', 'check', '--ledger', `sqlite:${damaged}`, ...words]);
    const { code, stdout } = await check('--json');
    const of = { method: 'lightning', currency: 'sat', route: 'GET /v1/bitcoin/*' };
    const differ = { booked: '123456788', claimed: '123456789' };
    expect([code, only(stdout)]).toMatchObject([1, { ok: false, partial: false }]);
    const { faults } = only(stdout);
    expect(faults).toContainEqual({ ...of, ...differ, account: 'revenue' });
    expect(faults).toContainEqual({ ...of, ...differ, account: 'received' });
    const told = await check();
    expect(told.code).toBe(1);
    expect(told.stdout).toContain(
      'revenue, lightning, GET /v1/bitcoin/*: the books say 123456788 sat, the claims 123456789 sat\n',
    );
  });

  it('reads every claim: one that cannot be is said so, where the sums agree', async () => {
    const damaged = join(home, 'impossible.db');
    await withLedger(damaged, async (writer) => {
      await writer.release(requestOf(1));
      await writer.release(requestOf(2));
    });
    const check = (...words: string[]) =>
      run(home, ['ledger', 'check', '--ledger', `sqlite:${damaged}`, ...words]);
    expect((await check()).code).toBe(0);
    runSql(damaged, 'PRAGMA ignore_check_constraints = 1; UPDATE claim SET attempts = 0 WHERE seq = 2');
    const { code, stderr } = await check('--json');
    expect([code, only(stderr)]).toMatchObject([1, { error: { code: 'ledger_corrupt', retry: 'never' } }]);
    const told = await check();
    expect([told.code, told.stdout]).toEqual([1, '']);
    expect(told.stderr).toContain('The ledger is damaged: Claim 2 cannot be');
  });
});
