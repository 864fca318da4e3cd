import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Devnet, type DevnetServer, serveDevnet, startDevnet, writeDevnetFile } from '@farebox/devnet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../house.js';
import { freePort } from '../ports.js';

const run = promisify(execFile);
const example = join(root, 'examples/paid-joke/server.js');

// The gate as a library: the example as it stands, bought by the command as it stands, over the devnet.
describe('examples/paid-joke', () => {
  let home: string;
  let devnet: Devnet;
  let served: DevnetServer;
  let shop: ChildProcess;
  let url: string;

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'farebox-joke-'));
    devnet = await startDevnet();
    served = await serveDevnet(devnet);
    await writeDevnetFile(home, { url: served.url, token: served.token });
    const env = {
      ...process.env,
      FAREBOX_HOME: home,
      FAREBOX_SECRET: 'x'.repeat(32),
      PORT: String(await freePort()),
    };
    shop = spawn(process.execPath, [example], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    if (shop.stdout === null) throw new Error('no stdout');
    const [line] = await once(shop.stdout, 'data');
    url = String(line).trim();
  });

  afterAll(async () => {
    shop?.kill('SIGKILL');
    await served?.close();
    await devnet?.close();
    await rm(home, { recursive: true, force: true });
  });

  it('has fewer than 25 lines', async () => {
    expect((await readFile(example, 'utf8')).trimEnd().split('\n').length).toBeLessThan(25);
  });

  it('is bought for one satoshi', async () => {
    expect((await fetch(url)).status).toBe(402);
    const farebox = join(root, 'apps/farebox/bin/farebox.js');
    const { stdout } = await run(process.execPath, [farebox, 'pay', 'request', url, '--yes', '--json'], {
      env: { ...process.env, FAREBOX_HOME: home },
    });
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      paid: true,
      status: 200,
      body: expect.stringContaining('settle'),
    });
  });

  it('is bought by examples/paying-fetch, which has fewer than 25 lines too', async () => {
    const buyer = join(root, 'examples/paying-fetch/buy.js');
    expect((await readFile(buyer, 'utf8')).trimEnd().split('\n').length).toBeLessThan(25);
    const env = { ...process.env, FAREBOX_HOME: home };
    const { stdout, stderr } = await run(process.execPath, [buyer, url], { env });
    expect(stdout).toContain('settle');
    expect(stderr).toContain('It costs 1 sat.');
  });
});
