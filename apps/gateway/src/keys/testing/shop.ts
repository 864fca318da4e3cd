import { mkdtemp, rm } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PaperNode } from '@farebox/lightning/paper';
import { checkConfig } from '../../config/load.js';
import type { ConfigInput } from '../../config/schema.js';
import { createGateway, type Gateway, type GatewayDependencies } from '../../gateway.js';
import { createLogger } from '../../log.js';
import { type Ask, ask, type Reply } from '../../testing/client.js';
import { payFor, rigSecret, startUpstream } from '../../testing/rig.js';
import { openKeyStore } from '../open-store.js';
import type { KeyStore, NewKey } from '../store.js';
import { newKey } from './new-key.js';

/** What an upstream was asked. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly string[];
}

/** A gateway that sells by payment and by key, with its upstream, its node and its store of keys. */
export interface Shop {
  readonly gateway: Gateway;
  readonly node: PaperNode;
  readonly port: number;
  /** The keys, opened beside the gateway as `farebox keys` would. */
  readonly keys: KeyStore;
  readonly seen: Seen[];
  readonly folder: string;
  ask(path: string, options?: Ask): Promise<Reply>;
  /** Asks without anything and pays what is asked for. */
  buy(path: string, options?: Ask): Promise<string>;
  /** Makes a key and returns its secret. */
  makeKey(changes?: Partial<NewKey>): Promise<string>;
  /** The configuration again, with changes, for a reload. */
  configWith(changes: Partial<ConfigInput>): ReturnType<typeof checkConfig>;
  close(): Promise<void>;
}

/** What a shop is made of. */
export interface ShopOptions {
  readonly config?: Partial<ConfigInput>;
  readonly listener?: RequestListener;
  /** With an admin API, its token in `admin.token`. */
  readonly admin?: boolean;
  /** The clock of gateway and node. */
  readonly now?: () => number;
  readonly dependencies?: Omit<GatewayDependencies, 'ledger' | 'now'>;
}

/** Opens a shop. */
export async function openShop(options: ShopOptions = {}): Promise<Shop> {
  const folder = await mkdtemp(join(tmpdir(), 'farebox-shop-'));
  const seen: Seen[] = [];
  const upstream = await startUpstream((request, response) => {
    seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.rawHeaders });
    if (options.listener === undefined) response.end('{"ok":true}');
    else options.listener(request, response);
  });
  const { now = Date.now } = options;
  const node = new PaperNode({ now });
  const configWith = (changes: Partial<ConfigInput>) =>
    checkConfig({
      realm: 'http://shop.test',
      listen: '127.0.0.1:0',
      ledger: `sqlite:${join(folder, 'farebox.db')}`,
      lightning: { node: { kind: 'devnet' }, pool: 'off' },
      mint_budget: 'off',
      upstreams: { api: upstream.url },
      routes: [{ match: 'ANY /paid/*', upstream: 'api', price: '1 sat' }],
      keys: {},
      ...(options.admin === true
        ? { admin: { listen: '127.0.0.1:0', token_file: join(folder, 'admin.token') } }
        : {}),
      ...options.config,
      ...changes,
    });
  const config = configWith({});
  const gateway = await createGateway(config, {
    secrets: [rigSecret],
    logger: createLogger('silent'),
    node,
    now,
    ...options.dependencies,
  });
  const { port } = await gateway.listen();
  const keys = await openKeyStore(config);
  return {
    gateway,
    node,
    port,
    keys,
    seen,
    folder,
    configWith,
    ask: (path, how) => ask(port, path, how),
    async buy(path, how) {
      const unpaid = await ask(port, path, how);
      if (unpaid.status !== 402) throw new Error(`Expected 402, got ${unpaid.status}: ${unpaid.body}`);
      return payFor(node, unpaid);
    },
    async makeKey(changes) {
      const { key, secret } = newKey({ createdMs: Date.now(), ...changes });
      await keys.create(key);
      return secret;
    },
    async close() {
      await gateway.close({ drainMs: 2_000 });
      await keys.close();
      await upstream.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** The values of a field in a flat header list. */
export function valuesOf(headers: readonly string[], name: string): string[] {
  return headers.filter((_, at) => at % 2 === 1 && headers[at - 1]?.toLowerCase() === name);
}
