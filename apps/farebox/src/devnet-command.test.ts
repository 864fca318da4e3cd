import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readTempoDevnet } from './devnet-tempo.js';
import { findHome } from './home.js';
import { only, run, start } from './testing/run.js';
import { makeWallet } from './testing/tempo-wallets.js';

let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'farebox-devnet-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** Starts `farebox devnet --tempo` and says what it announced. */
async function startDevnet(...words: string[]) {
  const child = start(home, ['devnet', '--tempo', '--json', ...words]);
  const ended = once(child, 'exit');
  const [text] = await Promise.race([
    once(child.stdout?.setEncoding('utf8') ?? child, 'data'),
    ended.then(() => Promise.reject(new Error('the devnet ended'))),
  ]);
  return {
    announced: only(String(text)),
    async stop() {
      child.kill('SIGTERM');
      expect(await ended).toEqual([0, null]);
    },
  };
}

const env = { FAREBOX_TEMPO_RPC: '' };
const tempo = async (...words: string[]) => {
  const { code, stdout, stderr } = await run(home, ['wallet', 'tempo', ...words, '--json'], '', env);
  expect([code, stderr]).toEqual([0, '']);
  return only(stdout);
};

describe('farebox devnet --tempo', () => {
  it('runs a chain that the wallet finds by itself, keeps it, and takes it out of the file when it stops', async () => {
    await makeWallet(home);
    const first = await startDevnet();
    const place = await readTempoDevnet(findHome({ FAREBOX_HOME: home }));
    expect(first.announced).toMatchObject({ ok: true, tempo: { url: place?.url, chainId: 4217 } });
    await tempo('fund', '--amount', '2pathUSD');
    expect(await tempo('balance')).toMatchObject({ balances: [{ token: 'pathUSD', balance: '2000000' }] });
    await first.stop();
    expect(existsSync(join(home, 'devnet.json'))).toBe(false);

    const second = await startDevnet();
    expect(await tempo('balance')).toMatchObject({ balances: [{ balance: '2000000' }] });
    await second.stop();
  });
});
