import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PaperNode } from '@farebox/lightning/paper';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from './testing/run.js';
import { Shop } from './testing/shop.js';
import { makeWallet } from './testing/tempo-wallets.js';

// The library behind Tempo is large: who does not pay over Tempo must not wait for it.

let home = '';
let shop: Shop;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'farebox-lazy-'));
  shop = await new Shop(new PaperNode()).listen();
  // A home that could pay over Tempo.
  await makeWallet(home);
});

afterAll(async () => {
  await shop.close();
  rmSync(home, { recursive: true, force: true });
});

/** The packages that a command loads. */
async function loads(words: readonly string[], rpc = 'http://127.0.0.1:1') {
  const record = join(home, 'imports.txt');
  rmSync(record, { force: true });
  const recorder = new URL('./testing/record-imports.js', import.meta.url).href;
  const ran = await run(home, words, '', {
    NODE_OPTIONS: `--import=${recorder}`,
    IMPORTS_RECORD: record,
    FAREBOX_TEMPO_RPC: rpc,
  });
  const urls = readFileSync(record, 'utf8');
  return {
    code: ran.code,
    viem: urls.includes('/node_modules/viem/'),
    devnet: urls.includes('/packages/devnet/'),
    wallet: urls.includes('/packages/wallet/'),
    mcp: urls.includes('/node_modules/@modelcontextprotocol/'),
  };
}

describe('a command loads what it needs', () => {
  it('--version: nothing', async () => {
    expect(await loads(['--version'])).toEqual({
      code: 0,
      viem: false,
      devnet: false,
      wallet: false,
      mcp: false,
    });
  });

  it.each(
    [['--help'], ['wallet', 'tempo', '--help'], ['pay', 'request', '--help'], ['mcp', '--help']].map(
      (words) => [words],
    ),
  )('%j: no library of a payment method', async (words) => {
    expect(await loads(words)).toMatchObject({ code: 0, viem: false, devnet: false });
  });

  it('a preview of a Lightning price: the wallet', async () => {
    const loaded = await loads(['pay', 'request', shop.url, '--json']);
    expect(loaded).toEqual({ code: 0, viem: false, devnet: false, wallet: true, mcp: false });
  });

  it.each([[['pay', 'request']], [['pay', 'check']]])(
    '%j of a Lightning price where no Tempo node was named: nothing more',
    async (words) => {
      const loaded = await loads([...words, shop.url, '--json'], '');
      expect(loaded).toEqual({ code: 0, viem: false, devnet: false, wallet: true, mcp: false });
    },
  );

  it('a wallet tempo command: viem, which this test would see', async () => {
    expect(await loads(['wallet', 'tempo', 'address'])).toMatchObject({ code: 0, viem: true });
  });
});
