import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fileLease, memoryLease } from './provisioning-lease.js';

const key = { chainId: 4217, account: '0x01', keyAddress: '0x02' } as const;
const taker = fileURLToPath(new URL('testing/lease-taker.js', import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'farebox-lease-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function message(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('error', reject);
  });
}

/** Several processes that go for the lease at the same moment; how many got it. */
async function race(processes: number, untilS: number, chainTimeS: number): Promise<number> {
  const children = Array.from({ length: processes }, () =>
    fork(taker, [folder, String(untilS), String(chainTimeS)]),
  );
  await Promise.all(children.map(message));
  const answers = children.map(message);
  for (const child of children) child.send('go');
  return (await Promise.all(answers)).filter((taken) => taken === true).length;
}

test.each([
  ['in memory', () => memoryLease()],
  ['in a file', () => fileLease({ folder: join(folder, 'made', 'anew') })],
])('%s: taken once, until its time has passed, for each key alone', (_, open) => {
  const lease = open();
  expect(lease.acquire(key, 100, 50)).toBe(true);
  expect(lease.acquire(key, 200, 99)).toBe(false);
  expect(lease.acquire({ ...key, account: '0x03' }, 200, 60)).toBe(true);
  expect(lease.acquire({ ...key, chainId: 1337 }, 200, 60)).toBe(true);
  expect(lease.acquire({ ...key, keyAddress: '0x03' }, 200, 60)).toBe(true);
  expect(lease.acquire(key, 200, 100)).toBe(true);
  expect(lease.acquire(key, 300, 199)).toBe(false);
});

test('of several processes one gets it, the first time and after it has run out', async () => {
  expect(await race(5, 100, 50)).toBe(1);
  expect(await race(2, 200, 99)).toBe(0);
  expect(await race(5, 200, 100)).toBe(1);
  // Nothing is left lying about but the lease and, at most, the one before it.
  expect(readdirSync(folder).length).toBeLessThanOrEqual(2);
});

test('a file that makes no sense keeps everybody out rather than letting two in', () => {
  fileLease({ folder }).acquire(key, 100, 50);
  const [file] = readdirSync(folder);
  writeFileSync(join(folder, file ?? ''), 'what?');
  expect(fileLease({ folder }).acquire(key, 1_000, 500)).toBe(false);
});
