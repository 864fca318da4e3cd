import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { privatePostgresMissing } from '../postgres.js';
import { openMsMax, openScene, type Scene } from './faults-scene.js';
import { killAll } from './processes.js';

/** How many presentations must have failed before a fault is over, and how many purchases be served after it. */
const felt = 12;
/** What may be told to a buyer who has paid, while the database does not answer. */
const honest = ['409 in-progress', '500 payment-service-unavailable'];
/**
 * An outage that is as long may have outlived the gateways' leases, which are renewed when a third of their 15 s is over,
 * milliseconds. Then each may be taken for dead, and nobody knows what the `once` upstream did that it has asked.
 */
const leaseMayEndMs = 10_000;

const missing = privatePostgresMissing;
let scene: Scene | undefined;
/** An outage was so long; a buyer who was waiting then may hear of it in a later one. */
let outlived = false;

beforeAll(async () => {
  if (missing !== undefined) return;
  scene = await openScene({ store: 'postgres', gateways: 3, clients: 6 });
  await scene.served(felt);
}, openMsMax);
afterAll(async () => {
  await killAll();
  await scene?.close();
});

function running(): Scene {
  if (scene === undefined) throw new Error('There is no scene.');
  return scene;
}

async function expectHonest(begin: () => unknown, end: () => unknown): Promise<void> {
  running().told();
  const beganMs = performance.now();
  await begin();
  try {
    await running().refused(felt);
  } finally {
    await end();
  }
  const told = running().told();
  outlived ||= performance.now() - beganMs >= leaseMayEndMs;
  const allowed = outlived ? [...honest, '409 outcome-unknown'] : honest;
  expect(told).toContain('500 payment-service-unavailable');
  expect(told.filter((refusal) => !allowed.includes(refusal))).toEqual([]);
  await running().served(felt);
}

/** The server and everything that it has started. */
async function serverPids(): Promise<number[]> {
  const { postgres } = running().world;
  const [[directory] = []] = (await postgres?.sql('SHOW data_directory')) ?? [];
  const server = Number(readFileSync(join(String(directory), 'postmaster.pid'), 'utf8').split('\n', 1)[0]);
  const children = readdirSync('/proc').filter((name) => parentOf(name) === server);
  return [server, ...children.map(Number)];
}

/** Signals a process of the server, unless it has ended since they were counted, as its workers do. */
function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // kill() throws nothing else
  }
}

function parentOf(pid: string): number | undefined {
  if (!/^\d+$/.test(pid)) return undefined;
  try {
    // The name in brackets may hold anything; the state and the parent follow it.
    return Number(/\) \S (\d+) /.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1]);
  } catch {
    return undefined; // It has just ended.
  }
}

const title = 'the PostgreSQL under three gateways that sell';
describe.skipIf(missing !== undefined)(
  missing === undefined ? title : `${title} (skipped: ${missing})`,
  () => {
    it.each(['crash', 'fast'] as const)('is stopped (%s) and started again', async (how) => {
      const { postgres } = running().world;
      await expectHonest(
        () => postgres?.stop(how),
        () => postgres?.start(),
      );
    });

    it('loses every connection', async () => {
      const { postgres } = running().world;
      await postgres?.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'farebox'",
      );
      await running().served(felt);
    });

    it('becomes read-only', async () => {
      const { postgres } = running().world;
      const readOnly = (value: string) => async () => {
        await postgres?.sql(`ALTER SYSTEM SET default_transaction_read_only = ${value}`);
        await postgres?.sql('SELECT pg_reload_conf()');
        await postgres?.sql(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'farebox'",
        );
      };
      await expectHonest(readOnly('on'), readOnly('off'));
    });

    it('stands still for longer than every time-out (SIGSTOP), then goes on', async () => {
      const pids = await serverPids();
      const all = (signal: NodeJS.Signals) => () => {
        for (const pid of pids) signalTo(pid, signal);
      };
      await expectHonest(all('SIGSTOP'), all('SIGCONT'));
    });

    it('has lost nothing and doubled nothing', async () => {
      expect(running().gateways.every((gateway) => gateway.running)).toBe(true);
      const report = await running().audit();
      expect(report.violations).toEqual([]);
      expect(report.lost).toBe(0);
      expect(report.delivered + report.redeemed + report.held).toBe(report.paid);
    });
  },
);
