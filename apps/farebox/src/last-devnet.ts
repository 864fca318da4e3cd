import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Home } from './home.js';
import type { Output } from './output.js';

/** Where a devnet should be served; a port of 0 is any. */
export interface DevnetAddress {
  readonly port: number;
  readonly tempoPort: number;
  readonly token?: string;
}

/**
 * Where the devnet of this home was before it stopped, so that gateways and wallets that use it go on when it comes back.
 * What was asked for comes first, and a port that somebody else has by now is given up.
 */
export async function lastAddress(
  home: Home,
  asked: Pick<DevnetAddress, 'port' | 'tempoPort'>,
  output: Pick<Output, 'remark'>,
): Promise<DevnetAddress> {
  const { readLastDevnetFile } = await import('@farebox/devnet');
  const last = await readLastDevnetFile(home.directory);
  if (last === undefined) return asked;
  const again = async (url: string | undefined) => {
    if (url === undefined) return 0;
    const port = Number(new URL(url).port);
    if (await isFree(port)) return port;
    output.remark(`  port ${port} is taken now: restart whatever used the devnet there`);
    return 0;
  };
  return {
    port: asked.port === 0 ? await again(last.url) : asked.port,
    tempoPort: asked.tempoPort === 0 ? await again(last.tempo?.url) : asked.tempoPort,
    token: last.token,
  };
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    const listening = once(server, 'listening');
    server.listen(port, '127.0.0.1');
    await listening;
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
