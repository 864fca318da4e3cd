import { type Child, until } from './processes.js';
import { randomFrom } from './random.js';
import { auditStorm, type StormAudit } from './storm-audit.js';
import { StormClient } from './storm-client.js';
import { openWorld, type StoreKind, type World } from './world.js';

/** How a storm is made. */
export interface StormOptions {
  readonly kills: number;
  readonly seed: number;
  readonly store: StoreKind;
  /** Gateways on one ledger; more than one needs `postgres`. */
  readonly gateways: number;
  /** No more kills after so long, however many there were. */
  readonly msMax?: number;
  /** Told after each kill. */
  readonly onKill?: (number: number, purchases: number) => void;
}

/** The report of a storm. Numbers and public names only. */
export interface StormReport extends StormAudit {
  readonly ok: boolean;
  readonly seed: number;
  readonly store: StoreKind;
  readonly gateways: number;
  readonly kills: number;
  readonly ms: number;
}

/** How many clients buy at the same time. */
const clientsCount = 6;
/** A gateway lives so long after it has begun to listen, at most, milliseconds. */
const lifeMsMax = 800;
/** How long the upstream works, at most, milliseconds: kills fall into that too. */
const workMs = 15;

/**
 * Clients buy without a pause while gateways are killed (SIGKILL) at random moments and started again; at the end
 * everything that was paid is looked at from every side. The seed decides the moments, as far as a clock can.
 */
export async function runStorm(options: StormOptions): Promise<StormReport> {
  const { kills, seed, store, gateways, msMax = Number.POSITIVE_INFINITY, onKill } = options;
  const startMs = Date.now();
  const world = await openWorld({ store, gateways });
  try {
    world.goods.workMs = workMs;
    const balanceMsat = (await world.wallet.balance()).spendableMsat;
    const random = randomFrom(seed);
    const clients = Array.from(
      { length: clientsCount },
      (_, at) => new StormClient(world, `client-${at}`, randomFrom(seed + at + 1)),
    );
    let going = true;
    const running = clients.map((client) => client.run(() => going));
    const written: Child[] = [];
    const alive: Child[] = await Promise.all(world.urls.map((_, at) => world.startGateway(at)));
    written.push(...alive);
    let killed = 0;
    // Every gateway has a killer of its own.
    const killer = async (at: number): Promise<void> => {
      while (killed < kills && Date.now() - startMs < msMax) {
        const number = ++killed;
        // The random moment is the subject of the test.
        await new Promise((resolve) => setTimeout(resolve, random.below(lifeMsMax)));
        await alive[at]?.kill('SIGKILL');
        const again = await world.startGateway(at);
        alive[at] = again;
        written.push(again);
        onKill?.(
          number,
          clients.reduce((sum, { purchases }) => sum + purchases.length, 0),
        );
      }
    };
    await Promise.all(world.urls.map((_, at) => killer(at)));
    // Where gateways are killed faster than a slow machine serves, what was paid under the kills is served after them.
    const isServed = () => clients.some(({ purchases }) => purchases.some(({ served }) => served > 0));
    await until('somebody is served', isServed, 120_000);
    going = false;
    await until('the clients end', () => Promise.all(running).then(() => true), 120_000);
    const audit = await auditStorm({ world, clients, balanceMsat, alive, written });
    const ms = Date.now() - startMs;
    return { ok: audit.violations.length === 0, seed, store, gateways, kills: killed, ms, ...audit };
  } finally {
    await world.close();
  }
}

/** A world whose gateways all run, for tests that do their own harm. */
export async function openRunning(store: StoreKind, gateways: number): Promise<[World, Child[]]> {
  const world = await openWorld({ store, gateways });
  return [world, await Promise.all(world.urls.map((_, at) => world.startGateway(at)))];
}
