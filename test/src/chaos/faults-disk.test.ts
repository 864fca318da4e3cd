import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openMsMax, openScene, type Scene } from './faults-scene.js';
import { killAll } from './processes.js';

/** What may be told to a buyer who has paid, while the ledger cannot be written. */
const honest = ['409 in-progress', '500 payment-service-unavailable'];
/** How many buyers must have felt a fault before it is over, and how many must be served after it. */
const felt = 12;

/** How much one page takes in the write-ahead log, bytes. */
const walFrameBytes = 4096 + 24;
/** How many pages the disk takes yet: a transaction of ours writes more. */
const pagesTaken = 2.5;

let scene: Scene;

beforeAll(async () => {
  scene = await openScene();
  await scene.served(felt);
}, openMsMax);
afterAll(async () => {
  await killAll();
  await scene.close();
});

function ledgerFile(suffix = ''): string {
  return join(scene.world.home, `farebox.db${suffix}`);
}

/** Under the fault there are refusals, and every one is honest. */
async function expectHonest(): Promise<void> {
  scene.told();
  await scene.refused(felt);
  const told = scene.told();
  expect(told).toContain('500 payment-service-unavailable');
  expect(told.filter((refusal) => !honest.includes(refusal))).toEqual([]);
}

function limitFiles(bytes: string): void {
  execFileSync('prlimit', [`--pid=${scene.gateways[0]?.pid}`, `--fsize=${bytes}:`]);
}

const prlimitMissing = spawnSync('prlimit', ['--version']).status !== 0;

/** Only root may make a file immutable, and not every file system can. */
function whyNotImmutable(): string | undefined {
  const probe = join(tmpdir(), `farebox-immutable-${process.pid}`);
  writeFileSync(probe, '');
  const can = spawnSync('chattr', ['+i', probe]).status === 0;
  if (can) execFileSync('chattr', ['-i', probe]);
  rmSync(probe);
  return can ? undefined : 'chattr +i is not allowed here';
}

describe('the disk under a gateway that sells', () => {
  it.skipIf(prlimitMissing)('takes not one byte more (RLIMIT_FSIZE of the live process)', async () => {
    limitFiles('0');
    await expectHonest();
    limitFiles('unlimited');
    await scene.served(felt);
  });

  it.skipIf(prlimitMissing)(
    'takes no more in the middle of a transaction, and the gateway is killed then',
    async () => {
      limitFiles('0');
      await expectHonest();
      await scene.restart();
      await scene.served(felt);
    },
  );

  it.skipIf(prlimitMissing)('takes some of the pages of a transaction and not the others', async () => {
    const { size } = statSync(ledgerFile('-wal'));
    limitFiles(String(size + Math.round(pagesTaken * walFrameBytes)));
    await expectHonest();
    limitFiles('unlimited');
    await scene.served(felt);
  });

  const missing = whyNotImmutable();
  const name = 'becomes read-only (chattr +i on file and log)';
  it.skipIf(missing !== undefined)(
    missing === undefined ? name : `${name} (skipped: ${missing})`,
    async () => {
      const files = [ledgerFile(), ledgerFile('-wal')];
      execFileSync('chattr', ['+i', ...files]);
      try {
        await expectHonest();
      } finally {
        execFileSync('chattr', ['-i', ...files]);
      }
      await scene.served(felt);
    },
  );

  it('has another file where the ledger was, then none, and then the ledger again', async () => {
    const away = ledgerFile('.away');
    renameSync(ledgerFile(), away);
    copyFileSync(away, ledgerFile());
    await expectHonest();
    rmSync(ledgerFile());
    await expectHonest();
    renameSync(away, ledgerFile());
    await scene.served(felt);
  });

  it('has lost nothing and doubled nothing', async () => {
    const report = await scene.audit();
    expect(report.violations).toEqual([]);
    expect(report.lost).toBe(0);
    expect(report.delivered + report.redeemed + report.held).toBe(report.paid);
  });
});
