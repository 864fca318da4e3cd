import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectDevnet, readDevnetFile } from '@farebox/devnet';
import {
  type Ledger,
  type LedgerReader,
  openPostgresLedger,
  openPostgresReader,
  openSqliteLedger,
  openSqliteReader,
} from '@farebox/ledger';
import type { LightningNode } from '@farebox/lightning';
import type { Journal } from '@farebox/wallet';
import { openJournal } from '@farebox/wallet/journal-sqlite';
import { freePort } from '../ports.js';
import { type PostgresServer, testPostgres } from '../postgres.js';
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

/** The route that a path belongs to. */
export function routeOf(path: string): RouteName {
  const name = path.split('/')[1];
  // Object.keys loses the key type; the table's own keys are the names.
  const found = (Object.keys(routes) as RouteName[]).find((route) => route === name);
  if (found === undefined) throw new Error(`There is no route for ${path}.`);
  return found;
}

/** The body of a purchase that has one. */
export function bodyOf(item: string): string {
  return JSON.stringify({ item });
}

/** Where a world's ledger is. */
export type StoreKind = 'sqlite' | 'postgres';

/** What a world may differ in. */
export interface WorldOptions {
  /** Default `sqlite`. */
  readonly store?: StoreKind;
  /** Gateways that share the ledger; more than one needs `postgres`. Default 1. */
  readonly gateways?: number;
}

/** A shop of real processes: devnet, gateways, upstream; and wallets that buy there. */
export interface World {
  readonly home: string;
  /** Where each gateway listens. All have one realm, one secret and one ledger. */
  readonly urls: readonly string[];
  /** The first of {@link urls}. */
  readonly url: string;
  /** The server behind a `postgres` ledger. */
  readonly postgres: PostgresServer | undefined;
  /** Opens the ledger; a `sqlite` one only while no gateway runs. */
  openLedger(): Promise<Ledger>;
  openReader(): Promise<LedgerReader>;
  /** The journal that all wallets share, opened once for looking at it. */
  readonly journal: Journal;
  readonly goods: Goods;
  /** The devnet's two nodes, over its loopback interface. */
  readonly merchant: LightningNode;
  readonly wallet: LightningNode;
  /** Starts `farebox serve` and waits until it listens. */
  startGateway(at?: number): Promise<Child>;
  farebox(words: readonly string[]): Child;
  close(): Promise<void>;
}

const secret = 'a secret that all gateways of a world share';

/** Opens a world. Its gateways are not started yet. Processes are ended by `killAll`. */
export async function openWorld({ store = 'sqlite', gateways = 1 }: WorldOptions = {}): Promise<World> {
  const home = mkdtempSync(join(tmpdir(), 'farebox-chaos-'));
  // Whoever is stopped in the middle leaves nothing behind either, unless killed.
  const removeHome = (): void => rmSync(home, { recursive: true, force: true, maxRetries: 3 });
  process.once('exit', removeHome);
  const goods = await new Goods().listen();
  const devnet = startFarebox(home, ['devnet', '--json']);
  await outputOf(devnet, /"ok":true/);
  const found = await readDevnetFile(home);
  if (found === undefined) throw new Error('The devnet has left no file.');
  const merchant = connectDevnet({ ...found, role: 'merchant' });
  const wallet = connectDevnet({ ...found, role: 'wallet' });
  const journal = openJournal({ path: join(home, 'journal.db') });
  const postgres = store === 'postgres' ? await testPostgres('private') : undefined;
  const path = join(home, 'farebox.db');
  const urls: string[] = [];
  for (let at = 0; at < gateways; at++) {
    const url = `http://127.0.0.1:${await freePort()}`;
    urls.push(url);
    const config = configOf(urls[0] ?? url, url, postgres?.url ?? 'sqlite:farebox.db', goods.url);
    writeFileSync(join(home, configName(at)), config);
  }
  return {
    ...{ home, urls, postgres, journal, goods, merchant, wallet },
    url: urls[0] ?? '',
    openLedger: () =>
      postgres === undefined ? openSqliteLedger({ path }) : openPostgresLedger({ url: postgres.url }),
    openReader: () =>
      postgres === undefined ? openSqliteReader({ path }) : openPostgresReader({ url: postgres.url }),
    async startGateway(at = 0) {
      const env = { FAREBOX_LOG: 'debug', FAREBOX_SECRET: secret };
      const gateway = startFarebox(home, ['serve', '--config', configName(at)], env);
      await outputOf(gateway, /Farebox serves/);
      return gateway;
    },
    farebox: (words) => startFarebox(home, words),
    async close() {
      journal.close();
      await Promise.all([merchant.close(), wallet.close()]);
      await devnet.kill('SIGTERM');
      await goods.close();
      await postgres?.dispose();
      process.off('exit', removeHome);
      removeHome();
    },
  };
}

function configName(at: number): string {
  return at === 0 ? 'farebox.yaml' : `farebox-${at}.yaml`;
}

function configOf(realm: string, url: string, ledger: string, upstream: string): string {
  const lines = Object.entries(routes).map(
    ([name, { method, priceSat }]) =>
      `  - { match: '${method} /${name}/:item', upstream: goods, price: '${priceSat} sat' }`,
  );
  return `realm: ${realm}
listen: ${new URL(url).host}
ledger: ${ledger}
challenge_life: 1h
mint_budget: off
lightning: { node: { kind: devnet } }
upstreams: { goods: '${upstream}' }
routes:
${lines.join('\n')}
`;
}
