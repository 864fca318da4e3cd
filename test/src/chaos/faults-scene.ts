import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buyByHand } from './by-hand.js';
import { type Child, until } from './processes.js';
import { randomFrom } from './random.js';
import { auditStorm, type StormAudit } from './storm-audit.js';
import { type Purchase, StormClient } from './storm-client.js';
import { bodyOf, openWorld, type RouteName, routes, type StoreKind, type World } from './world.js';

/** How a scene is set. */
export interface SceneOptions {
  /** Default `sqlite`. */
  readonly store?: StoreKind;
  /** Default 1; more need `postgres`. */
  readonly gateways?: number;
  /** Buyers that buy without a pause. Default 4. */
  readonly clients?: number;
  /** Changes the world before its gateways are started, and their configurations ({@link changeConfigs}). */
  readonly prepare?: (world: World) => World | Promise<World>;
}

/**
 * Real gateways, real payments and buyers that never stop, for tests that do one kind of harm after another and look at
 * everything in the end. The buyers collect what they were told, so that a test can say what was honest.
 */
export interface Scene {
  readonly world: World;
  /** The gateways that run now; a test that starts one anew puts it here. */
  readonly gateways: Child[];
  /** The buyers that go on by themselves. */
  readonly clients: readonly StormClient[];
  /** The buyer whose purchases a test presents itself. */
  readonly buyer: StormClient;
  /** Waits until so many more purchases were served than when this is called. */
  served(more: number): Promise<void>;
  /** Waits until so many more presentations were refused or broken off. */
  refused(more: number): Promise<void>;
  /** Pays for something and leaves it to the test to present it ({@link buyer}). */
  buy(route: RouteName, key?: string): Promise<Purchase>;
  /** Ends a gateway, by default with SIGKILL, and starts it again. */
  restart(at?: number, signal?: NodeJS.Signals): Promise<void>;
  /** What buyers were told instead of an answer since this was last called: each refusal once, sorted. */
  told(): string[];
  /** Ends the buyers and the gateways and looks at everything ({@link auditStorm}). */
  audit(): Promise<StormAudit>;
  /** Every gateway there ever was. */
  readonly written: Child[];
  close(): Promise<void>;
}

/** Longest that opening a scene and the first purchases in it may take, milliseconds: databases and processes are started. */
export const openMsMax = 300_000;
/** The seed of the buyers' choices. */
const seed = 20_260;
/** Longest that a test waits for its buyers, milliseconds. */
const buyersMsMax = 100_000;

/** Opens a world, starts its gateways, and lets the buyers begin. */
export async function openScene(options: SceneOptions = {}): Promise<Scene> {
  const { store = 'sqlite', gateways: count = 1, clients: buyers = 4 } = options;
  const opened = await openWorld({ store, gateways: count });
  const world = (await options.prepare?.(opened)) ?? opened;
  const balanceMsat = (await world.wallet.balance()).spendableMsat;
  const gateways = await Promise.all(world.urls.map((_, at) => world.startGateway(at)));
  const written = [...gateways];
  const clients = Array.from(
    { length: buyers },
    (_, at) => new StormClient(world, `buyer-${at}`, randomFrom(seed + at)),
  );
  const buyer = new StormClient(world, 'by-hand', randomFrom(seed - 1));
  let going = true;
  const running = Promise.all(clients.map((client) => client.run(() => going)));
  const purchases = (): Purchase[] => clients.flatMap((client) => client.purchases);
  const servedCount = (): number => sum(purchases(), ({ served }) => served);
  const refusedCount = (): number => sum(purchases(), ({ refusals, broken }) => refusals.length + broken);
  let byHand = 0;
  const reported = new Map<Purchase, number>();
  return {
    ...{ world, gateways, clients, buyer, written },
    served: (more) => atLeast('purchases are served', servedCount, more, clients),
    refused: (more) => atLeast('presentations are refused', refusedCount, more, clients),
    async buy(route, key) {
      const purchase = await payFor(world, route, `by-hand-${++byHand}`, key);
      buyer.purchases.push(purchase);
      return purchase;
    },
    async restart(at = 0, signal = 'SIGKILL') {
      await gateways[at]?.kill(signal);
      const again = await world.startGateway(at);
      gateways[at] = again;
      written.push(again);
    },
    told() {
      const since = purchases().flatMap((purchase) => {
        const from = reported.get(purchase) ?? 0;
        reported.set(purchase, purchase.refusals.length);
        return purchase.refusals.slice(from);
      });
      return [...new Set(since)].sort();
    },
    async audit() {
      going = false;
      await until('the buyers end', () => running.then(() => true), buyersMsMax);
      return auditStorm({ world, clients: [...clients, buyer], balanceMsat, alive: gateways, written });
    },
    async close() {
      going = false;
      await Promise.all(written.map((gateway) => gateway.kill('SIGKILL')));
      await running;
      await world.close();
    },
  };
}

/** Changes the configuration of all gateways of a world that are not running yet. */
export function changeConfigs({ home, urls }: World, change: (text: string) => string): void {
  urls.forEach((_, at) => {
    const path = join(home, at === 0 ? 'farebox.yaml' : `farebox-${at}.yaml`);
    writeFileSync(path, change(readFileSync(path, 'utf8')));
  });
}

async function payFor(
  { wallet, url }: World,
  route: RouteName,
  item: string,
  key: string | undefined,
): Promise<Purchase> {
  const { method } = routes[route];
  const path = `/${route}/${item}`;
  const request = method === 'GET' ? { method } : { method, body: bodyOf(item) };
  const { challenge, preimage } = await buyByHand(wallet, url + path, request);
  return {
    route,
    path,
    key,
    challenge,
    preimage,
    presentations: 0,
    served: 0,
    broken: 0,
    told: '',
    refusals: [],
  };
}

function sum(purchases: readonly Purchase[], of: (purchase: Purchase) => number): number {
  return purchases.reduce((total, purchase) => total + of(purchase), 0);
}

async function atLeast(
  what: string,
  counted: () => number,
  more: number,
  clients: readonly StormClient[],
): Promise<void> {
  const wanted = counted() + more;
  await until(
    `${more} more ${what}`,
    () => {
      const violation = clients.flatMap(({ violations }) => violations)[0];
      if (violation !== undefined) throw new Error(violation);
      return counted() >= wanted;
    },
    buyersMsMax,
  );
}
