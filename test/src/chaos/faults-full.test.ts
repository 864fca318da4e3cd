import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteLedger, openSqliteReader } from '@farebox/ledger';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changeConfigs, openMsMax, openScene, type Scene } from './faults-scene.js';
import { killAll, startFarebox } from './processes.js';

/** How large the ledger's own file system is. */
const diskMib = 8;
const felt = 12;

function whyNoMount(): string | undefined {
  const probe = mkdtempSync(join(tmpdir(), 'farebox-mount-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', probe]).status === 0;
  if (mounted) execFileSync('umount', [probe]);
  rmdirSync(probe);
  return mounted ? undefined : 'mounting is not allowed here';
}

const missing = whyNoMount();
let scene: Scene | undefined;
let disk = '';

function running(): Scene {
  if (scene === undefined) throw new Error('There is no scene.');
  return scene;
}

/** Writes a file until nothing more goes onto the disk. */
function fill(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (let bytes = 65_536; bytes >= 1; ) {
      try {
        if (writeSync(file, Buffer.alloc(bytes)) < bytes) bytes = Math.floor(bytes / 2);
      } catch {
        bytes = Math.floor(bytes / 2);
      }
    }
  } finally {
    closeSync(file);
  }
}

beforeAll(async () => {
  if (missing !== undefined) return;
  scene = await openScene({
    prepare(world) {
      disk = join(world.home, 'disk');
      mkdirSync(disk, { mode: 0o700 });
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${diskMib}m,mode=700`, 'none', disk]);
      const path = join(disk, 'farebox.db');
      const openReader = () => openSqliteReader({ path });
      changeConfigs(world, (text) => text.replace('sqlite:farebox.db', 'sqlite:disk/farebox.db'));
      return { ...world, openReader, openLedger: () => openSqliteLedger({ path }) };
    },
  });
  await scene.served(felt);
}, openMsMax);
afterAll(async () => {
  await killAll();
  if (disk !== '') execFileSync('umount', ['--lazy', disk]);
  await scene?.close();
});

const title = 'a file system that is full (ENOSPC)';
describe.skipIf(missing !== undefined)(
  missing === undefined ? title : `${title} (skipped: ${missing})`,
  () => {
    it('refuses, and serves again when there is room', async () => {
      const filler = join(disk, 'filler');
      fill(filler);
      running().told();
      await running().refused(felt);
      expect(
        running()
          .told()
          .filter((told) => told !== '409 in-progress'),
      ).toEqual(['500 payment-service-unavailable']);
      rmSync(filler);
      await running().served(felt);
    });

    it('does not let a gateway begin that could not record a payment, and lets it when there is room', async () => {
      const { gateways, written, world } = running();
      const filler = join(disk, 'filler');
      fill(filler);
      await running().refused(felt);
      await gateways[0]?.kill('SIGKILL');
      const refused = startFarebox(world.home, ['serve'], { FAREBOX_SECRET: 'x'.repeat(40) });
      written.push(refused);
      const { code } = await refused.exited;
      rmSync(filler);
      expect(code).toBeGreaterThan(0);
      expect(refused.stderr).toMatch(/full/);
      await running().restart();
      await running().served(felt);
    });

    it('has lost nothing and doubled nothing', async () => {
      const report = await running().audit();
      expect(report.violations).toEqual([]);
      expect(report.lost).toBe(0);
    });
  },
);
