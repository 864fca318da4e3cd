import type { GatewayConfig } from '../config/config.js';
import { keysPathBeside } from '../config/resolve-plans.js';
import type { OtherAccess } from '../exchange/visit.js';
import { ledgerUrl } from '../ledger.js';
import { type Concurrency, OwnConcurrency } from '../limits/concurrency.js';
import type { Limiter } from '../limits/limiter.js';
import { createMemoryLimiter } from '../limits/memory-limiter.js';
import type { Logger } from '../log.js';
import { type AccessParts, createAccess } from './access.js';
import { createKeyRoom, type KeyRoom } from './judge.js';
import { KeyCache } from './key-cache.js';
import { createLastUse, type LastUse } from './last-use.js';
import { type KeyStorePlace, openKeyFile, openKeyStore, sharedSchema } from './open-store.js';
import type { SqliteKeys } from './sqlite.js';
import type { KeyStore } from './store.js';

/** What a desk is made of. */
export interface DeskOptions {
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly onEvent?: AccessParts['onEvent'];
  /** Beside a ledger that was given there is no place of ours: then keys are in memory, unless their file is named. */
  readonly ledgerGiven?: boolean;
}

/** Keeps what access by key and free requests need between requests, over every change of the configuration. */
export interface AccessDesk {
  /**
   * The access that a configuration describes; undefined where there is none but paying. What it needs is opened the first
   * time it is needed, and stays: where keys are kept changes with the next start only.
   *
   * @throws {KeyStoreOpenError}
   */
  accessOf(config: GatewayConfig): Promise<OtherAccess | undefined>;
  /** The keys; undefined until a configuration has had some. */
  readonly store: KeyStore | undefined;
  /** Writes what is noted, and closes what was opened. */
  close(): Promise<void>;
}

/** Makes a desk. It opens nothing yet. */
export function createAccessDesk(options: DeskOptions): AccessDesk {
  const { logger, now, onEvent = () => {}, ledgerGiven = false } = options;
  let counting: Counting | undefined;
  let keys: { readonly store: KeyStore; readonly lastUse: LastUse; readonly room: KeyRoom } | undefined;
  const onFailure = (what: string) => (error: unknown) => {
    logger.warn({ error }, `${what} could not be written; they are tried again`);
  };

  async function openKeys(config: GatewayConfig, { file, limiter, concurrency }: Counting): Promise<KeyRoom> {
    if (keys !== undefined) return keys.room;
    const store = file ?? (await openKeyStore(config));
    const lastUse = createLastUse(store, onFailure('the last uses of keys'));
    const room = createKeyRoom({ cache: new KeyCache({ store }), limiter, concurrency, lastUse });
    keys = { store, lastUse, room };
    return room;
  }

  return {
    get store() {
      return keys?.store;
    },
    async accessOf(config) {
      const free = config.routes.some(({ access }) => access.free !== undefined);
      if (config.keys === undefined && !free) return undefined;
      const place = ledgerGiven ? withoutPlace(config) : config;
      counting ??= await openCounting(place, now, onFailure('counts'));
      const room = config.keys === undefined ? undefined : await openKeys(config, counting);
      return createAccess(config, { room, limiter: counting.limiter, now, onEvent });
    },
    async close() {
      await keys?.lastUse.close();
      // Before the limiter, with which it shares its connections.
      await counting?.concurrency.close();
      // Before the file, in which it keeps its counts.
      await counting?.limiter.close();
      await keys?.store.close();
      await counting?.file?.close();
    },
  };
}

/** As the ledger's path says nothing, neither does what would lie beside it. */
function withoutPlace({ ledger, keys }: KeyStorePlace): KeyStorePlace {
  const beside = ledger.kind === 'sqlite' ? keysPathBeside(ledger.path) : undefined;
  const named = keys?.store.kind === 'sqlite' && keys.store.path !== beside;
  return named || ledger.kind !== 'sqlite' ? { ledger, keys } : { ledger: inMemory, keys: undefined };
}

const inMemory = { kind: 'sqlite', path: ':memory:' } as const;

/** What counts, and the file that it keeps its counts in, which holds the keys too. */
interface Counting {
  readonly limiter: Limiter;
  readonly concurrency: Concurrency;
  /** Undefined: in PostgreSQL. */
  readonly file: SqliteKeys | undefined;
}

/** Counts are shared where claims are: gateways on one PostgreSQL enforce one limit. */
async function openCounting(
  config: KeyStorePlace,
  now: () => number,
  onFailure: (error: unknown) => void,
): Promise<Counting> {
  if (config.ledger.kind !== 'postgres') {
    const file = await openKeyFile(config);
    const limiter = await createMemoryLimiter({ keep: file.counts, now, onFailure });
    return { file, limiter, concurrency: new OwnConcurrency() };
  }
  const { openCountingPool, openPostgresKeys } = await import('./postgres.js');
  const { createPostgresLimiter } = await import('../limits/postgres-limiter.js');
  const url = await ledgerUrl(config.ledger);
  const schema = sharedSchema(config);
  // For its tables.
  await (await openPostgresKeys(url, schema)).close();
  const { SharedConcurrency } = await import('../limits/shared-concurrency.js');
  const pool = await openCountingPool(url);
  const limiter = await createPostgresLimiter(pool, schema);
  return { file: undefined, limiter, concurrency: new SharedConcurrency({ pool, schema }) };
}
