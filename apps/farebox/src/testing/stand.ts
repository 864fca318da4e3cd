import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { start } from './run.js';

/** A gateway in a process of its own, selling one upstream, as its owner would run it. */
export interface Stand {
  readonly url: string;
  /** What reached the upstream: paid requests and free ones. */
  readonly served: readonly string[];
  close(): Promise<void>;
}

/** What it sells with. */
export interface StandOptions {
  /** The `tempo` part of farebox.yaml. */
  readonly tempo?: object;
  /** Where devnet.json is, for a `lightning` part that uses the devnet. */
  readonly lightningHome?: string;
  /** Prices by path: `/note` → `0.01 pathUSD`. */
  readonly prices: Readonly<Record<string, string | readonly string[]>>;
}

/** Opens one on a free port. */
export async function openStand(options: StandOptions): Promise<Stand> {
  const served: string[] = [];
  const upstream = createServer(({ method, url }, response) => {
    served.push(`${method} ${url}`);
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ served: url }));
  });
  const upstreamPort = await listen(upstream);
  const directory = mkdtempSync(join(tmpdir(), 'farebox-stand-'));
  const config = {
    realm: 'http://127.0.0.1',
    listen: '127.0.0.1:0',
    upstreams: { notes: `http://127.0.0.1:${upstreamPort}` },
    ...(options.tempo && { tempo: options.tempo }),
    ...(options.lightningHome !== undefined && { lightning: { node: { kind: 'devnet' } } }),
    routes: Object.entries(options.prices).map(([path, price]) => ({
      match: `GET ${path}`,
      upstream: 'notes',
      price,
      description: 'one note',
    })),
  };
  const path = join(directory, 'farebox.yaml');
  // JSON is YAML.
  writeFileSync(path, JSON.stringify(config));
  const gateway = start(options.lightningHome ?? directory, ['serve', '-c', path, '--log-level', 'error']);
  const ended = once(gateway, 'exit');
  const said = await Promise.race([
    once(gateway.stdout ?? gateway, 'data').then(String),
    ended.then(() => `ended: ${String(gateway.stderr?.read() ?? '')}`),
  ]);
  const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(said) ?? [];
  if (url === undefined) throw new Error(`The gateway does not serve: ${said}`);
  return {
    url,
    served,
    async close() {
      gateway.kill('SIGTERM');
      await ended;
      upstream.closeAllConnections();
      await new Promise((resolve) => upstream.close(resolve));
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A TCP server that listens has an address of this form.
  return (server.address() as AddressInfo).port;
}
