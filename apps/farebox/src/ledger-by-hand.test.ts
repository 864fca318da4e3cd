import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LedgerReader } from '@farebox/ledger';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BalanceSheet } from './ledger/balance.js';
import { withReader } from './ledger/open.js';
import { fillLedger, requestOf, withLedger } from './ledger/testing/shop-ledger.js';
import { only, run } from './testing/run.js';

let home = '';
let filled = '';
let path = '';
let count = 0;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'farebox-by-hand-'));
  filled = join(home, 'filled.db');
  await fillLedger(filled);
});
afterAll(() => rmSync(home, { recursive: true, force: true }));
beforeEach(() => {
  path = join(home, `shop-${count++}.db`);
  copyFileSync(filled, path);
});
// As `ledger check` and `ledger balance` read it, without starting a process for either.
const read = <T>(work: (reader: LedgerReader) => Promise<T>) => withReader({ kind: 'sqlite', path }, work);
afterEach(async () => {
  const audited = await read(async (reader) => {
    for await (const _ of reader.claims());
    return reader.audit();
  });
  expect(audited).toMatchObject({ faults: [] });
});

const ledger = (...words: string[]) => run(home, ['ledger', ...words, '--ledger', `sqlite:${path}`]);
const balance = () =>
  read(async (reader) => {
    const sheet = new BalanceSheet();
    for (const moved of await reader.movements()) if (moved.method === 'lightning') sheet.add(moved);
    return sheet.balances()[0];
  });

describe('refund-mark', () => {
  it.each([
    [1, 'expired', 'breakage'],
    [2, 'released', 'owed'],
    [3, 'cut', 'revenue'],
    [4, 'unknown', 'owed'],
    [6, 'answered', 'revenue'],
    // Its gateway has ended: nobody works on it any more.
    [8, 'claimed', 'owed'],
  ])('moves claim %i (%s) from %s to refunds, once', async (claim, before, debit) => {
    const done = await ledger('refund-mark', String(claim), '--yes', '--json');
    expect([done.code, done.stderr]).toEqual([0, '']);
    expect(only(done.stdout)).toMatchObject({
      ok: true,
      claim,
      before,
      state: 'refunded',
      moved: [{ claim, debit, credit: 'refunds', amount: String(claim), currency: 'sat' }],
    });
    expect(await balance()).toMatchObject({ received: 29n, refunds: BigInt(5 + claim) });
    const again = await ledger('refund-mark', String(claim), '--yes', '--json');
    expect([again.code, only(again.stdout)]).toMatchObject([0, { before: 'refunded', moved: [] }]);
    expect(await balance()).toMatchObject({ refunds: BigInt(5 + claim) });
  });

  it('ends what the credential could still buy', async () => {
    await ledger('refund-mark', requestOf(2).reference, '--yes');
    await withLedger(path, async (gateway) => {
      expect(await gateway.deliver(requestOf(2))).toMatchObject({ ok: false, claim: { state: 'refunded' } });
    });
  });

  it('says what it did to people', async () => {
    const { stdout } = await ledger('refund-mark', '2', '-y');
    expect(stdout).toBe(
      'Claim 2 was released and is refunded: the buyer has been paid back.\n  moved 2 sat from owed to refunds\n',
    );
    expect((await ledger('refund-mark', '2', '-y')).stdout).toBe(
      'Claim 2 was refunded already.\n  nothing moved between accounts\n',
    );
  });
});

describe('resolve', () => {
  it.each([4, 8])(
    '%i as delivered makes the payment revenue, and says that the answer is gone',
    async (claim) => {
      const done = only((await ledger('resolve', String(claim), '--delivered', '--yes', '--json')).stdout);
      expect(done).toMatchObject({ state: 'cut', moved: [{ debit: 'owed', credit: 'revenue' }] });
      const { stdout } = await ledger('claim', String(claim));
      expect(stdout).toContain('409 answer-lost');
      expect(stdout).not.toContain('kept answer');
    },
  );

  it.each([4, 8])('%i as released makes a credit of it, which is delivered once', async (claim) => {
    const done = only((await ledger('resolve', String(claim), '--released', '--yes', '--json')).stdout);
    expect(done).toMatchObject({ state: 'released', moved: [] });
    const { route, resource } = requestOf(8, { route: 'POST /v1/orders', resource: 'POST /v1/orders' });
    await withLedger(path, async (gateway) => {
      const request = requestOf(claim, { route, resource });
      expect(await gateway.deliver(request)).toMatchObject({ ok: true });
      expect(await gateway.deliver(request)).toMatchObject({ ok: false, by: 'challenge' });
    });
  });

  it.each([1, 2, 3, 5, 6])('is refused for %i, whose outcome is known', async (claim) => {
    const refused = await ledger('resolve', String(claim), '--released', '--yes', '--json');
    expect([refused.code, only(refused.stderr)]).toMatchObject([
      1,
      { error: { code: 'ledger_conflict', message: expect.stringContaining(`Claim ${claim} is`) } },
    ]);
  });
});

describe('both', () => {
  it('change nothing while a gateway has the ledger, and say what to do', async () => {
    await withLedger(path, async () => {
      for (const words of [
        ['refund-mark', '2'],
        ['resolve', '4', '--released'],
      ]) {
        const { code, stdout, stderr } = await ledger(...words, '--yes', '--json');
        expect([code, stdout, only(stderr)]).toMatchObject([1, '', { error: { code: 'ledger_locked' } }]);
        expect(stderr).toContain('stop the gateway');
        expect(stderr).toContain('PostgreSQL');
      }
    });
    expect(await balance()).toMatchObject({ refunds: 5n });
  });

  it('ask, and where there is nobody to ask do nothing', async () => {
    for (const words of [
      ['refund-mark', '2'],
      ['resolve', '4', '--delivered'],
    ]) {
      const { code, stderr } = await ledger(...words);
      expect([code, stderr]).toEqual([2, expect.stringContaining('--yes')]);
      expect((await ledger(...words, '--json')).code).toBe(2);
    }
    expect(await balance()).toMatchObject({ refunds: 5n });
  });

  it('do nothing for a claim that does not exist', async () => {
    expect((await ledger('refund-mark', '99', '--yes')).code).toBe(1);
    expect((await ledger('resolve', '99', '--released', '--yes')).code).toBe(1);
  });
});
