import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { withAccounts } from './accounts.js';
import { newFolder, newVault, knownPassphrase as passphrase } from './testing/new-vault.js';
import { openVault, updateVault } from './vault.js';

const child = fileURLToPath(new URL('./testing/vault-child.js', import.meta.url));
/** How many writers are killed. */
const kills = Number(process.env.VAULT_KILLS ?? 4);
let folder = '';
let path = '';

beforeEach(() => {
  folder = newFolder();
  path = join(folder, 'vault.age');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Writer {
  readonly process: ChildProcess;
  /** The lines it has said. */
  readonly said: string[];
  readonly ended: Promise<unknown>;
}

function write(...words: string[]): Writer {
  const started = spawn(process.execPath, [child, ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
  const said: string[] = [];
  started.stdout.setEncoding('utf8').on('data', (text: string) => said.push(...text.trim().split('\n')));
  return { process: started, said, ended: once(started, 'close') };
}

const names = async () => (await openVault(path, { passphrase })).document.accounts.map(({ name }) => name);

it('of several that make a vault at once, one does, and it is that one that is there', async () => {
  const writers = ['one', 'two', 'three'].map((name) => write('create', path, name));
  await Promise.all(writers.map(({ ended }) => ended));
  const said = writers.flatMap((writer) => writer.said);
  expect(said.filter((word) => word === 'vault_exists')).toHaveLength(2);
  expect(await names()).toEqual(said.filter((word) => word !== 'vault_exists'));
});

it('several that add accounts at once lose none of each other’s, in one process and in many', async () => {
  await newVault(folder);
  const writers = ['one', 'two', 'three'].map((prefix) => write('add', path, prefix, '4'));
  const here = Array.from({ length: 4 }, (_, number) =>
    updateVault({ path, passphrase }, (document) =>
      withAccounts(document, { names: [`here-${number}`], withoutTempo: true, nowMs: 1 }),
    ),
  );
  await Promise.all([...here, ...writers.map(({ ended }) => ended)]);
  const wanted = ['one', 'two', 'three', 'here'].flatMap((prefix) =>
    [0, 1, 2, 3].map((at) => `${prefix}-${at}`),
  );
  expect((await names()).toSorted()).toEqual(['main', ...wanted].toSorted());
});

it('a writer that is killed at any moment leaves the vault whole, and no lock', async () => {
  await newVault(folder);
  const done: string[] = [];
  for (let turn = 0; turn < kills; turn += 1) {
    const writer = write('add', path, `turn-${turn}`, '100');
    const wanted = 1 + (turn % 3);
    await new Promise<void>((resolve) => {
      writer.process.stdout?.on('data', () => {
        if (writer.said.length >= wanted) resolve();
      });
    });
    writer.process.kill('SIGKILL');
    await writer.ended;
    done.push(...writer.said);
    // What it said was done is there; what it was about to say may be.
    expect(await names()).toEqual(expect.arrayContaining(done));
    // The lock went with the process.
    await updateVault({ path, passphrase }, (document) => document);
  }
});
