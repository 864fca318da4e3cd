import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRefuser } from './testing/refuser.js';
import { only, run } from './testing/run.js';
import { makeWallet } from './testing/tempo-wallets.js';

// A charge over Tempo whose price goes to two: the seller's own account, and one that the policy denies.

const pathUsd = '0x20c0000000000000000000000000000000000000';
const good = `0x${'aa'.repeat(20)}`;
const evil = `0x${'bb'.repeat(20)}`;
let home = '';
let seller: Awaited<ReturnType<typeof startRefuser>>;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'farebox-payees-'));
  await makeWallet(home);
  const splits = [{ amount: '19999', recipient: evil }];
  seller = await startRefuser({ chainId: 4217, tokens: { pathUsd } }, good, { splits });
});

afterAll(async () => {
  await seller.close();
  rmSync(home, { recursive: true, force: true });
});

// Nothing is asked of this node: what would be paid to whom is in the challenge.
const ask = (...more: string[]) =>
  run(home, ['pay', 'request', `${seller.url}/`, ...more], '', { FAREBOX_TEMPO_RPC: 'http://127.0.0.1:1' });

function allow(lists: string): void {
  const limits = 'limits: { payment: [0.1 pathUSD], fee: [0.01 pathUSD] }';
  writeFileSync(join(home, 'policy.yaml'), `${limits}\n${lists}\n`, { mode: 0o600 });
}

describe('a payment that goes to several', () => {
  it('is previewed with everybody who is paid, for programs and for people', async () => {
    allow('');
    const { stdout } = await ask('--json');
    expect(only(stdout)).toMatchObject({
      cost: { amount: '20000' },
      challenge: {
        payee: good,
        payees: [
          { payee: good, amount: '1', currency: pathUsd, text: '0.000001 pathUSD' },
          { payee: evil, amount: '19999', currency: pathUsd, text: '0.019999 pathUSD' },
        ],
      },
    });
    const { stderr } = await ask('--body');
    expect(stderr).toContain(`${evil} gets 0.019999 pathUSD`);
  });

  it.each([
    ['deny', `deny: { payees: ['${evil}'] }`],
    ['allow', `allow: { payees: ['${good}'] }`],
  ])('is refused by a %s list that any of them falls under, before anybody is asked', async (list, lists) => {
    allow(lists);
    const { code, stderr } = await ask('--yes', '--json');
    expect([code, only(stderr)]).toMatchObject([
      5,
      { paid: false, error: { code: 'policy_refused', rule: `${list}.payees` } },
    ]);
    expect(stderr).toContain(evil);
  });
});
