import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSettings, usage } from './settings.js';
import { rpcPassword, startFacade } from './testing/facade.js';

let home: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'bitcoin-api-'));
});

afterEach(() => rm(home, { recursive: true }));

describe('readSettings', () => {
  it('finds the devnet', async () => {
    await writeFile(
      join(home, 'devnet.json'),
      JSON.stringify({ url: 'http://127.0.0.1:7777', token: 'abc' }),
    );
    expect(await readSettings([], { FAREBOX_HOME: home })).toEqual({
      rpc: { url: 'http://127.0.0.1:7777/bitcoin', user: 'farebox', password: 'abc' },
      price: { currency: 'USD', rate: 100_000 },
    });
  });

  it('says what to do without a devnet, and quotes nothing of a broken file', async () => {
    await expect(readSettings([], { FAREBOX_HOME: home })).rejects.toMatchObject({
      code: 'no-node',
      message: expect.stringContaining('start `farebox devnet`'),
    });
    for (const text of ['{"token":"sesame"', '{"token":"sesame"}', '{"url":"x","token":"sesame"}']) {
      await writeFile(join(home, 'devnet.json'), text);
      const error: unknown = await readSettings([], { FAREBOX_HOME: home }).catch(
        (reason: unknown) => reason,
      );
      expect(error).toMatchObject({ code: 'no-node' });
      expect(String(error) + String(error instanceof Error && error.cause)).not.toContain('sesame');
    }
  });

  it('reads the environment, and lets a flag win', async () => {
    const passwordFile = join(home, 'password');
    await writeFile(passwordFile, 'secret\n');
    const env = {
      BITCOIN_RPC_URL: 'http://127.0.0.1:8332',
      BITCOIN_RPC_USER: 'me',
      BITCOIN_RPC_PASSWORD_FILE: passwordFile,
      PRICE_RATE: '90000.5',
      PRICE_CURRENCY: 'EUR',
      HOST: '::1',
      PORT: '9001',
    };
    const expected = {
      rpc: { url: 'http://127.0.0.1:8332', user: 'me', password: 'secret' },
      price: { currency: 'EUR', rate: 90_000.5 },
      host: '::1',
      port: 9001,
    };
    expect(await readSettings([], env)).toEqual(expected);
    expect(await readSettings(['--port', '0', '--rpc-user=you'], env)).toEqual({
      ...expected,
      rpc: { ...expected.rpc, user: 'you' },
      port: 0,
    });
    const cookie = await readSettings(['--rpc-cookie-file', '/c'], env);
    expect(cookie).toMatchObject({ rpc: { url: 'http://127.0.0.1:8332', cookieFile: '/c' } });
  });

  it.each([
    [['--port', '65536'], 'malformed-setting'],
    [['--port', 'http'], 'malformed-setting'],
    [['--price-rate', '1e5'], 'malformed-setting'],
    [['--nonsense'], 'malformed-setting'],
    [['stray'], 'malformed-setting'],
    [['--rpc-password-file', '/nowhere/at/all'], 'unreadable-file'],
  ])('refuses %j', async (flags, code) => {
    await expect(readSettings(flags, { BITCOIN_RPC_URL: 'http://127.0.0.1:1' })).rejects.toMatchObject({
      code,
    });
  });

  it('describes every flag', async () => {
    expect(await readSettings(['--help'], {})).toBe('help');
    for (const name of ['URL', 'USER', 'PASSWORD_FILE', 'COOKIE_FILE'])
      expect(usage).toContain(`BITCOIN_RPC_${name}`);
  });
});

describe('the command', () => {
  const main = fileURLToPath(new URL('main.js', import.meta.url));

  it('serves until it is told to stop', async () => {
    const node = await startFacade();
    const passwordFile = join(home, 'password');
    await writeFile(passwordFile, rpcPassword);
    const child = spawn(process.execPath, [main, '--port', '0', '--rpc-user', 'me'], {
      env: { BITCOIN_RPC_URL: node.url, BITCOIN_RPC_PASSWORD_FILE: passwordFile },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line]: unknown[] = await once(child.stdout, 'data');
    const [url = ''] = /http:\S+?(?=;)/.exec(String(line)) ?? [];
    expect(await (await fetch(`${url}/healthz`)).json()).toEqual({ status: 'ok', height: 170 });
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
    await node.close();
  });

  it('says in one line what is wrong', async () => {
    const child = spawn(process.execPath, [main], {
      env: { FAREBOX_HOME: home },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const exit = once(child, 'exit');
    const [line]: unknown[] = await once(child.stderr, 'data');
    expect(String(line)).toMatch(/^There is no .*devnet\.json: start `farebox devnet`.*\n$/);
    expect(await exit).toEqual([1, null]);
  });
});
