import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CLAIM_STATES } from '@farebox/ledger';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { claimStateNames } from './commands/ledger-lists.js';
import { onlyLines } from './ledger/testing/json-lines.js';
import { fillLedger, firstMs, requestOf, tokenAddress } from './ledger/testing/shop-ledger.js';
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
const at = (seconds: number) => new Date(firstMs + seconds * 1000).toISOString();

describe('balance', () => {
  it('says what was received and where it stands, to the last unit', async () => {
    const { code, stdout, stderr } = await ledger('balance', '--json');
    expect([code, stderr]).toEqual([0, '']);
    const zero = { received: '0', owed: '0', revenue: '0', breakage: '0', refunds: '0' };
    expect(only(stdout)).toEqual({
      ok: true,
      ledger: path,
      from: null,
      until: null,
      balances: [
        {
          method: 'lightning',
          currency: 'sat',
          payments: 7,
          received: '29',
          owed: '14',
          revenue: '9',
          breakage: '1',
          refunds: '5',
          routes: [
            {
              route: 'GET /v1/bitcoin/*',
              payments: 5,
              received: '17',
              owed: '2',
              revenue: '9',
              breakage: '1',
              refunds: '5',
            },
            { route: 'POST /v1/orders', payments: 2, ...zero, received: '12', owed: '12' },
          ],
        },
        {
          method: 'tempo',
          currency: tokenAddress,
          payments: 1,
          ...zero,
          received: '7',
          revenue: '7',
          routes: [
            { route: 'GET /v1/say/"hello", world', payments: 1, ...zero, received: '7', revenue: '7' },
          ],
        },
      ],
    });
  });

  it('of a route, and of a period: what moved within it', async () => {
    const orders = only((await ledger('balance', '--route', 'POST /v1/orders', '--json')).stdout);
    expect(orders.balances).toMatchObject([{ received: '12', owed: '12' }]);
    // In February came 2 to 6 and 8; of the credits 3 was delivered, 5 paid back, and 1 of October expired.
    const february = await ledger('balance', '--from', '2026-02-01', '--method', 'lightning', '--json');
    expect(only(february.stdout)).toMatchObject({
      from: '2026-02-01T00:00:00.000Z',
      balances: [{ payments: 6, received: '28', owed: '13', revenue: '9', breakage: '1', refunds: '5' }],
    });
    const none = await ledger('balance', '--until', '2025-01-01', '--json');
    expect(only(none.stdout).balances).toEqual([]);
  });

  it('is a table with a total for people, and says UTC', async () => {
    const { stdout } = await ledger('balance', '--until', '2026-02-01');
    expect(stdout).toContain(`${path}, before 2026-02-01 00:00:00Z (UTC)`);
    expect(stdout).toMatch(/route +payments +received +owed +revenue +breakage +refunds/);
    expect(stdout).toMatch(/total +1 +1 +1 +0 +0 +0/);
  });
});

describe('entries', () => {
  it('come in the order in which they were made, one JSON object a line', async () => {
    const { code, stdout, stderr } = await ledger('entries', '--json');
    expect([code, stderr]).toEqual([0, '']);
    const rows = onlyLines(stdout);
    const told = rows.map(({ claim, debit, credit, amount }) => `${claim} ${debit}-${credit} ${amount}`);
    expect(told).toEqual([
      '1 received-owed 1',
      '2 received-owed 2',
      '3 received-owed 3',
      '4 received-owed 4',
      '5 received-owed 5',
      '6 received-revenue 6',
      '7 received-revenue 7',
      '8 received-owed 8',
      '3 owed-revenue 3',
      '5 owed-refunds 5',
      '1 owed-breakage 1',
    ]);
    expect(rows[5]).toEqual({
      time: at(6),
      claim: 6,
      method: 'lightning',
      route: 'GET /v1/bitcoin/*',
      debit: 'received',
      credit: 'revenue',
      amount: '6',
      currency: 'sat',
      rate: null,
    });
  });

  it('of a period, a route, a method', async () => {
    const count = async (...words: string[]) =>
      onlyLines((await ledger('entries', '--json', ...words)).stdout).length;
    expect(await count('--from', at(3), '--until', at(6))).toBe(3);
    expect(await count('--route', 'POST /v1/orders')).toBe(2);
    expect(await count('--method', 'tempo')).toBe(1);
    expect(await count('--from', '9999w')).toBe(11);
    expect(await count('--from', '1s')).toBe(0);
  });

  it('are a table with totals for people', async () => {
    const { stdout } = await ledger('entries', '--method', 'lightning');
    expect(stdout).toContain('2026-02-01 00:00:00Z');
    expect(stdout).toMatch(/2 sat {2}received → owed {4,}lightning {2}GET \/v1\/bitcoin\/\*\n/);
    expect(
      stdout.endsWith(`10 entries
  lightning, owed → breakage: 1, 1 sat
  lightning, owed → refunds: 1, 5 sat
  lightning, owed → revenue: 1, 3 sat
  lightning, received → owed: 6, 23 sat
  lightning, received → revenue: 1, 6 sat
`),
    ).toBe(true);
  });
});

describe('claims', () => {
  it('are listed by number, in one or several states', async () => {
    const states = async (...words: string[]) =>
      onlyLines((await ledger('claims', '--json', ...words)).stdout).map(
        ({ claim, state }) => `${claim} ${state}`,
      );
    expect(await states()).toEqual([
      '1 expired',
      '2 released',
      '3 cut',
      '4 unknown',
      '5 refunded',
      '6 answered',
      '7 answered',
      '8 claimed',
    ]);
    expect(await states('--state', 'released,unknown')).toEqual(['2 released', '4 unknown']);
    expect(await states('--state', 'released', '--state', 'cut')).toEqual(['2 released', '3 cut']);
    expect(await states('--route', 'POST /v1/orders', '--state', 'claimed')).toEqual(['8 claimed']);
  });

  it('are a table with totals, in which nothing moves the cursor', async () => {
    const { stdout } = await ledger('claims', '--state', 'claimed,unknown');
    expect(stdout).not.toContain('\u001b');
    expect(stdout).toContain('POST /v1/orders');
    expect(
      stdout.endsWith('2 claims\n  lightning, claimed: 1, 8 sat\n  lightning, unknown: 1, 4 sat\n'),
    ).toBe(true);
  });

  it('have the states that the ledger has', () => {
    expect([...claimStateNames].sort()).toEqual([...CLAIM_STATES].sort());
  });
});

describe('claim', () => {
  it('is found by number, challenge id and payment reference', async () => {
    const { challengeId, reference } = requestOf(3);
    for (const name of ['3', '#3', reference]) {
      const { code, stdout } = await ledger('claim', name, '--json');
      expect([code, only(stdout)]).toMatchObject([0, { ok: true, claim: 3, challengeId, reference }]);
    }
    const found = await run(home, [
      'ledger',
      'claim',
      '--json',
      '--ledger',
      `sqlite:${path}`,
      '--',
      challengeId,
    ]);
    expect(only(found.stdout)).toMatchObject({ claim: 3 });
  });

  it('says where it stands, its entries, and what can be done', async () => {
    const { stdout } = await ledger('claim', '4');
    expect(stdout).toMatch(/state +unknown: paid; the upstream was asked, and nobody knows what it did/);
    expect(stdout).toContain('4 sat by lightning/charge');
    expect(stdout).toContain('2026-02-01 00:00:02Z');
    expect(stdout).toContain('4 sat  received → owed');
    expect(stdout).toContain('farebox ledger resolve 4 --delivered');
    const three = only((await ledger('claim', '3', '--json')).stdout);
    expect(three).toMatchObject({ state: 'cut', attempts: 1, created: at(3), updated: at(21) });
    expect(three.entries).toMatchObject([
      { time: at(3), debit: 'received', credit: 'owed' },
      { time: at(20), debit: 'owed', credit: 'revenue' },
    ]);
    expect(only((await ledger('claim', '5', '--json')).stdout)).toMatchObject({
      state: 'refunded',
      next: [],
    });
  });

  it('that does not exist is said so', async () => {
    for (const name of ['9', '#0', 'ab'.repeat(32), '', '../../etc/passwd', "' OR 1=1 --"]) {
      const { code, stderr } = await ledger('claim', name, '--json');
      expect([code, only(stderr)]).toMatchObject([1, { error: { code: 'no_such_claim' } }]);
    }
  });
});
