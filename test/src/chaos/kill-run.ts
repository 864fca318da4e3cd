import type { JournalState } from '@farebox/wallet';
import { type Audit, auditPurchases } from './audit.js';
import { killDelayMs, type Plan, planRound, type Spans, type Victim } from './kill-plan.js';
import { type Child, type Exit, until } from './processes.js';
import { type Random, randomFrom } from './random.js';
import { bodyOf, openWorld, type RouteName, routes, type World } from './world.js';

/** What happened in one round. */
export interface Round extends Plan {
  readonly path: string;
  readonly delayMs: number;
  /** How the paying wallet ended: an exit code, or the signal that killed it. */
  readonly walletExit: number | string | null;
  /** Where the journal stood when everybody was dead or done: `none` when nothing was even planned. */
  readonly found: JournalState | 'none';
}

/** The report of a run. Numbers and public names only. */
export interface KillReport extends Audit {
  readonly ok: boolean;
  readonly seed: number;
  readonly kills: { readonly gateway: number; readonly wallet: number };
  /** In how many rounds the journal stood where, after the kill and before anything was resumed. */
  readonly foundAfterKill: Readonly<Record<string, number>>;
  readonly ms: number;
  readonly rounds: readonly Round[];
}

/** How a run is made. */
export interface KillOptions {
  readonly rounds: number;
  readonly seed: number;
  /** Told after each round. */
  readonly onRound?: (round: Round, number: number) => void;
}

/** Longest that a wallet may go on after its seller was killed, milliseconds. */
const walletEndMsMax = 60_000;

/** The last rounds, one in so many of all, are left to the audit: what they interrupt must be redeemable by hand. */
const leftToAuditShare = 4;

/**
 * Buys once a round and kills gateway, wallet or both at a random moment of it; starts them again; at the end looks at
 * everything that was paid. The seed decides the plans; what the machine does in a given millisecond it does not.
 */
export async function runKills(options: KillOptions): Promise<KillReport> {
  const { rounds: count, seed, onRound } = options;
  const startMs = Date.now();
  const world = await openWorld();
  const run = new KillRun(world, randomFrom(seed));
  await run.begin();
  const rounds: Round[] = [];
  for (let number = 1; number <= count; number++) {
    const round = await run.round(number, number > count - Math.ceil(count / leftToAuditShare));
    rounds.push(round);
    onRound?.(round, number);
  }
  const audit = await run.audit();
  const foundAfterKill: Record<string, number> = {};
  for (const { found } of rounds) foundAfterKill[found] = (foundAfterKill[found] ?? 0) + 1;
  await world.close();
  const kills = { gateway: run.gatewayKills.length, wallet: run.walletKills };
  const ms = Date.now() - startMs;
  return { ok: audit.violations.length === 0, seed, kills, foundAfterKill, ms, ...audit, rounds };
}

class KillRun {
  /** When a gateway was killed, milliseconds since the epoch. */
  readonly gatewayKills: number[] = [];
  walletKills = 0;
  readonly #world: World;
  readonly #random: Random;
  readonly #output: Child[] = [];
  #gateway: Child | undefined;
  #spans: Spans = { start: 0, challenged: 0, upstream: 0 };
  #balanceMsat = 0n;

  constructor(world: World, random: Random) {
    this.#world = world;
    this.#random = random;
  }

  /** Starts the gateway and buys without any harm, to learn how long that takes; the first time is slower. */
  async begin(): Promise<void> {
    this.#balanceMsat = (await this.#world.wallet.balance()).spendableMsat;
    const gateway = await this.#startGateway();
    await this.#measure(gateway, 'undisturbed-1');
    await this.#measure(gateway, 'undisturbed-2');
  }

  async #measure(gateway: Child, item: string): Promise<void> {
    const startMs = performance.now();
    const asked = this.#world.goods.nextHit();
    const wallet = this.#buy('safe', item);
    await challenged(gateway, challengesOf(gateway) + 1);
    const challengedMs = performance.now();
    await asked;
    const upstreamMs = performance.now();
    const { code } = await wallet.exited;
    if (code !== 0) throw new Error(`The undisturbed purchase failed: ${wallet.stderr}`);
    const endMs = performance.now();
    this.#spans = { start: endMs - startMs, challenged: endMs - challengedMs, upstream: endMs - upstreamMs };
  }

  /** One round. What `leftToAudit` interrupts is resumed by nobody. */
  async round(number: number, leftToAudit: boolean): Promise<Round> {
    const drawn = planRound(this.#random);
    const plan: Plan = leftToAudit ? { ...drawn, resume: 'later' } : drawn;
    const item = `round-${number}`;
    const path = `/${plan.route}/${item}`;
    const gateway = this.#gateway ?? (await this.#startGateway());
    this.#world.goods.workMs = plan.workMs;
    const reached = this.#anchorOf(plan, gateway);
    const wallet = this.#buy(plan.route, item);
    await Promise.race([reached, wallet.exited]);
    const delayMs = killDelayMs(plan, this.#spans);
    // The random moment is the subject of the test.
    await pause(delayMs);
    await this.#kill(plan.victim, wallet);
    const exit = await this.#endOf(wallet);
    const found = this.#stateOf(path);
    await this.#resume(plan);
    return { ...plan, path, delayMs: Math.round(delayMs), walletExit: exit.signal ?? exit.code, found };
  }

  async audit(): Promise<Audit> {
    this.#world.goods.workMs = 0;
    const gateway = this.#gateway ?? (await this.#startGateway());
    return auditPurchases({
      world: this.#world,
      gateway,
      gatewayKills: this.gatewayKills,
      endingMs: this.#spans.upstream,
      balanceMsat: this.#balanceMsat,
      written: () => this.#output.map(({ stdout, stderr }) => stdout + stderr),
    });
  }

  async #startGateway(): Promise<Child> {
    const gateway = await this.#world.startGateway();
    this.#gateway = gateway;
    this.#output.push(gateway);
    return gateway;
  }

  #buy(route: RouteName, item: string): Child {
    const { method } = routes[route];
    const words = ['pay', 'request', `${this.#world.url}/${route}/${item}`, '--yes', '--json', '-X', method];
    if (method !== 'GET') words.push('-d', bodyOf(item));
    return this.#farebox(words);
  }

  #farebox(words: readonly string[]): Child {
    const child = this.#world.farebox(words);
    this.#output.push(child);
    return child;
  }

  /** Resolves when the round has come to the moment from which the kill is counted. */
  #anchorOf({ anchor }: Plan, gateway: Child): Promise<unknown> {
    if (anchor === 'upstream') return this.#world.goods.nextHit();
    if (anchor === 'challenged') return challenged(gateway, challengesOf(gateway) + 1);
    return Promise.resolve();
  }

  async #kill(victim: Victim, wallet: Child): Promise<void> {
    const ends: Promise<Exit>[] = [];
    if (victim !== 'gateway' && wallet.running) {
      this.walletKills += 1;
      ends.push(wallet.kill('SIGKILL'));
    }
    const gateway = this.#gateway;
    if (victim !== 'wallet' && gateway !== undefined) {
      this.gatewayKills.push(Date.now());
      this.#gateway = undefined;
      ends.push(gateway.kill('SIGKILL'));
    }
    await Promise.all(ends);
  }

  async #endOf(wallet: Child): Promise<Exit> {
    await until('the wallet ends', () => !wallet.running, walletEndMsMax);
    return wallet.exited;
  }

  #stateOf(path: string): Round['found'] {
    const entries = this.#world.journal.list({ limit: 10_000 });
    return entries.find(({ request }) => request?.url.endsWith(path))?.state ?? 'none';
  }

  async #resume({ resume, victim, at }: Plan): Promise<void> {
    if (this.#gateway === undefined) await this.#startGateway();
    if (resume === 'later') return;
    const wallet = this.#farebox(['pay', 'resume', '--all', '--json']);
    if (resume === 'killed') {
      await Promise.race([pause(at * this.#spans.start), wallet.exited]);
      await this.#kill(victim, wallet);
    }
    await this.#endOf(wallet);
    if (this.#gateway === undefined) await this.#startGateway();
  }
}

/** How many 402 a gateway has given, as its log says. */
function challengesOf(gateway: Child): number {
  return gateway.stderr.split('"status":402').length - 1;
}

async function challenged(gateway: Child, count: number): Promise<void> {
  // Gives up silently when the gateway ends or nobody asks: the round then goes by the wallet's end.
  await until('a 402', () => challengesOf(gateway) >= count || !gateway.running).catch(() => undefined);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
