import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lightningBuyer } from '@farebox/lightning';
import { PaperNode } from '@farebox/lightning/paper';
import { createWallet } from '@farebox/wallet';
import { openJournal } from '@farebox/wallet/journal-sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { only, run } from '../testing/run.js';
import { Shop } from '../testing/shop.js';

const node = new PaperNode();
let home = '';
let shops: readonly Shop[] = [];

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'farebox-resume-headers-'));
  shops = [await new Shop(node).listen(), await new Shop(node).listen()];
  // Shops count their challenges: the second is one ahead, so that none has the name of another's.
  await shops[1]?.challenge(1n);
});
afterEach(async () => {
  for (const shop of shops) await shop.close();
  rmSync(home, { recursive: true, force: true });
});

it('secret headers are for one seller: with payments of two, nothing is sent', async () => {
  const journal = openJournal({ path: join(home, 'journal.db') });
  const wallet = createWallet({ methods: [lightningBuyer({ node, network: 'regtest' })], journal });
  for (const shop of shops) {
    shop.broken = true;
    const paying = wallet.pay({ url: shop.url, headers: { 'X-API-Key': 'k1' } });
    await expect(paying).rejects.toMatchObject({ code: 'seller_failed' });
    shop.broken = false;
  }
  const [first] = journal.unfinished();
  journal.close();
  const asked = () => shops.map((shop) => shop.asked.length);
  const before = asked();
  const resume = (...words: string[]) =>
    run(home, ['pay', 'resume', ...words, '-H', 'X-API-Key: k1', '--json']);
  const all = await resume('--all');
  expect([all.code, only(all.stderr)]).toMatchObject([2, { error: { code: 'invalid_request' } }]);
  expect([all.stderr.includes('k1'), asked()]).toEqual([false, before]);
  const one = await resume(first?.id ?? '');
  expect([one.code, only(one.stdout)]).toMatchObject([0, { paid: true, status: 200, body: { rate: 1 } }]);
});
