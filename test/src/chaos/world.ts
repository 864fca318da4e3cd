import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectDevnet, readDevnetFile } from '@farebox/devnet';
import type { LightningNode } from '@farebox/lightning';
import { type Journal, openJournal } from '@farebox/wallet';
import { Goods } from './goods.js';
import { type Child, outputOf, startFarebox } from './processes.js';

/** The routes of a world: one for each way in which a request can be repeated, each at its own price. */
export const routes = {
  safe: { method: 'GET', priceSat: 1n },
  stream: { method: 'GET', priceSat: 2n },
  idempotent: { method: 'PUT', priceSat: 3n },
  once: { method: 'POST', priceSat: 4n },
} as const;

/** One of {@link routes}. */
export type RouteName = keyof typeof routes;

/** A shop of real processes: devnet, gateway, upstream; and wallets that buy there. */
export interface World {
  readonly home: string;
  readonly url: string;
  readonly ledgerPath: string;
  /** The journal that all wallets share, opened once for looking at it. */
  readonly journal: Journal;
  readonly goods: Goods;
  /** The devnet's two nodes, over its loopback interface. */
  readonly merchant: LightningNode;
  readonly wallet: LightningNode;
  /** Starts `farebox serve` and waits until it listens. */
  startGateway(): Promise<Child>;
  farebox(words: readonly string[]): Child;
  close(): Promise<void>;
}

/** Opens a world. Its gateway is not started yet. Processes are ended by `killAll`. */
export async function openWorld(): Promise<World> {
  const home = mkdtempSync(join(tmpdir(), 'farebox-chaos-'));
  const goods = await new Goods().listen();
  const devnet = startFarebox(home, ['devnet', '--json']);
  await outputOf(devnet, /"ok":true/);
  const found = await readDevnetFile(home);
  if (found === undefined) throw new Error('The devnet has left no file.');
  const merchant = connectDevnet({ ...found, role: 'merchant' });
  const wallet = connectDevnet({ ...found, role: 'wallet' });
  const journal = openJournal({ path: join(home, 'journal.db') });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  writeFileSync(join(home, 'farebox.yaml'), configOf(url, goods.url));
  return {
    home,
    url,
    ledgerPath: join(home, 'farebox.db'),
    journal,
    goods,
    merchant,
    wallet,
    async startGateway() {
      const gateway = startFarebox(home, ['serve'], { FAREBOX_LOG: 'debug' });
      await outputOf(gateway, /Farebox serves/);
      return gateway;
    },
    farebox: (words) => startFarebox(home, words),
    async close() {
      journal.close();
      await Promise.all([merchant.close(), wallet.close()]);
      await devnet.kill('SIGTERM');
      await goods.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

function configOf(url: string, upstream: string): string {
  const lines = Object.entries(routes).map(
    ([name, { method, priceSat }]) =>
      `  - { match: '${method} /${name}/:item', upstream: goods, price: '${priceSat} sat' }`,
  );
  return `realm: ${url}
listen: ${new URL(url).host}
ledger: sqlite:farebox.db
challenge_life: 1h
lightning: { node: { kind: devnet } }
upstreams: { goods: '${upstream}' }
routes:
${lines.join('\n')}
`;
}

/**
 * A port that stays the gateway's between two of its lives: below the range from which the system gives ports to
 * outgoing connections, so that nobody takes it while the gateway is dead.
 */
async function freePort(): Promise<number> {
  const [low, high] = [20_000, 30_000];
  for (;;) {
    const port = low + Math.floor(Math.random() * (high - low));
    const free = await new Promise<boolean>((resolve) => {
      const probe = createServer();
      probe.once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
    });
    if (free) return port;
  }
}
