import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeDevnetFile, writeDevnetFile } from '@farebox/devnet';
import { createGateway, createLogger, loadConfig } from '@farebox/gateway';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findHome } from './home.js';
import { lastAddress } from './last-devnet.js';
import { quietPort } from './testing/quiet-port.js';
import { only, run, start } from './testing/run.js';

let home = '';
const stack: (() => unknown)[] = [];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'farebox-restart-'));
});
afterEach(async () => {
  for (let stop = stack.pop(); stop !== undefined; stop = stack.pop()) await stop();
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});

async function startDevnet(...words: string[]) {
  const child = start(home, ['devnet', '--json', ...words]);
  stack.push(() => child.kill('SIGKILL'));
  const ended = once(child, 'exit');
  const [text] = await Promise.race([
    once(child.stdout?.setEncoding('utf8') ?? child, 'data'),
    ended.then(() => Promise.reject(new Error('the devnet ended'))),
  ]);
  return {
    url: String(only(String(text)).url),
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function startGateway(): Promise<string> {
  const upstream = createServer((_request, response) => response.end('{"rate":1}')).listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  stack.push(() => upstream.close());
  const { port } = upstream.address() as AddressInfo; // a TCP server that listens
  const file = join(home, 'farebox.yaml');
  writeFileSync(
    file,
    `realm: http://127.0.0.1
listen: 127.0.0.1:0
lightning: { node: { kind: devnet } }
upstreams: { rates: "http://127.0.0.1:${port}" }
routes: [{ match: GET /rate, upstream: rates, price: 1 sat }]
`,
  );
  vi.stubEnv('FAREBOX_HOME', home);
  const gateway = await createGateway(await loadConfig(file, {}), { logger: createLogger('error') });
  stack.push(() => gateway.close({ drainMs: 0 }));
  return (await gateway.listen()).url;
}

it('a devnet that comes back is where it was, and a running gateway sells on', async () => {
  // Any other port could be somebody else's by the time that it comes back.
  const first = await startDevnet('--port', String(await quietPort()));
  const gateway = await startGateway();
  const buys = async () => {
    const { code, stdout } = await run(home, ['pay', 'request', `${gateway}/rate`, '--yes', '--body']);
    expect([code, stdout]).toEqual([0, '{"rate":1}']);
  };
  await buys();
  await first.stop();
  const second = await startDevnet();
  expect(second.url).toBe(first.url);
  await buys();
  await second.stop();
});

describe('the last address of a devnet', () => {
  const remarks: string[] = [];
  const remark = (text: string) => remarks.push(text);
  const addressNow = (asked = { port: 0, tempoPort: 0 }) =>
    lastAddress(findHome({ FAREBOX_HOME: home }), asked, { remark });

  it('is taken again after a stop or a crash, unless another is asked for or somebody has it', async () => {
    const other = createServer().listen(await quietPort(), '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo; // a TCP server that listens
    const file = { token: 'a'.repeat(43), url: `http://127.0.0.1:${port}` };
    expect(await addressNow()).toEqual({ port: 0, tempoPort: 0 });
    await writeDevnetFile(home, file);
    expect(await addressNow()).toEqual({ port: 0, tempoPort: 0, token: file.token });
    expect(remarks).toEqual([expect.stringContaining(`port ${port} is taken now`)]);
    other.close();
    await once(other, 'close');
    const again = { port, tempoPort: 0, token: file.token };
    expect(await addressNow()).toEqual(again);
    await removeDevnetFile(home, file);
    expect(await addressNow()).toEqual(again);
    expect(await addressNow({ port: 7, tempoPort: 8 })).toEqual({ port: 7, tempoPort: 8, token: file.token });
  });
});
