import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Devnet, type DevnetServer, serveDevnet, startDevnet, writeDevnetFile } from '@farebox/devnet';
import { lightningBuyer } from '@farebox/lightning';
import { createWallet } from '@farebox/wallet';
import { openJournal } from '@farebox/wallet/journal-sqlite';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { only, run, runUnread } from '../testing/run.js';
import { Shop } from '../testing/shop.js';

let devnet: Devnet;
let server: DevnetServer;
let shop: Shop;
let home = '';

beforeAll(async () => {
  devnet = await startDevnet();
  server = await serveDevnet(devnet);
  shop = await new Shop(devnet.merchant).listen();
});

afterAll(async () => {
  await shop.close();
  await server.close();
  await devnet.close();
});

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'farebox-resume-all-'));
  await writeDevnetFile(home, { url: server.url, token: server.token });
});

afterEach(() => rmSync(home, { recursive: true, force: true }));

/** Pays for each path while the shop is broken: credits, oldest first. */
async function credits(...paths: string[]): Promise<string[]> {
  const journal = openJournal({ path: join(home, 'journal.db') });
  const wallet = createWallet({
    methods: [lightningBuyer({ node: devnet.wallet, network: 'regtest' })],
    journal,
  });
  shop.broken = true;
  for (const path of paths) {
    await expect(wallet.pay({ url: shop.url + path })).rejects.toMatchObject({ code: 'seller_failed' });
  }
  shop.broken = false;
  const ids = journal.unfinished().map(({ id }) => id);
  journal.close();
  return ids;
}

it('gives the answers before and behind one that breaks off', async () => {
  const [good, cut, behind] = await credits('/a', '/cut', '/b');
  const { code, stdout } = await run(home, ['pay', 'resume', '--all']);
  expect([code, only(stdout)]).toMatchObject([
    6,
    {
      ok: false,
      payments: [
        { id: good, ok: true, state: 'delivered', body: { rate: 1 } },
        { id: cut, ok: false, exitCode: 6, error: { code: 'answer_unknown' } },
        { id: behind, ok: true, state: 'delivered', body: { rate: 1 } },
      ],
    },
  ]);
  expect(readdirSync(join(home, 'answers')).filter((name) => !name.endsWith('.partial'))).toEqual([]);
});

it('shows the answers on a terminal', async () => {
  const [id] = await credits('/a');
  const terminal = { NODE_OPTIONS: '--import=data:text/javascript,process.stdout.isTTY=true', NO_COLOR: '1' };
  const { code, stdout } = await run(home, ['pay', 'resume', '--all'], '', terminal);
  expect(code).toBe(0);
  expect(stdout).toContain(`${id}  delivered`);
  expect(stdout.replace(/\s/g, '')).toContain('{"rate":1}');
});

it('keeps the answers that nobody read, and gives each when it is asked for', async () => {
  const ids = await credits('/a', '/b');
  const unread = await runUnread(home, ['pay', 'resume', '--all']);
  expect([unread.code, only(unread.stderr)]).toMatchObject([6, { error: { code: 'answer_unknown' } }]);
  for (const id of ids) {
    const { code, stdout } = await run(home, ['pay', 'resume', id]);
    expect([code, only(stdout)]).toMatchObject([0, { id, state: 'delivered', body: '{"rate":1}' }]);
  }
});

it('needs no node to redeem a proof that is here', async () => {
  const [id] = await credits('/a');
  rmSync(join(home, 'devnet.json'));
  const { code, stdout } = await run(home, ['pay', 'resume', '--all']);
  expect([code, only(stdout)]).toMatchObject([0, { ok: true, payments: [{ id, body: { rate: 1 } }] }]);
});
