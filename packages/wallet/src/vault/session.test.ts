import { chmodSync, existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readSession, removeSession, sessionLifeMsMax, sessionName, writeSession } from './session.js';
import { newFolder, newVault, knownPassphrase as passphrase } from './testing/new-vault.js';
import { changePassphrase, openVault, readVaultFile } from './vault.js';

const nowMs = 1_700_000_000_000;
const lifeMs = 3_600_000;
let folder = '';
let vault = '';
let path = '';

beforeEach(async () => {
  folder = newFolder();
  vault = await newVault(folder);
  path = join(folder, 'run', sessionName(vault));
  const { fileKey } = await openVault(vault, { passphrase });
  await writeSession(path, await readVaultFile(vault), { fileKey, fromMs: nowMs, untilMs: nowMs + lifeMs });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const read = async (atMs = nowMs) => readSession(path, await readVaultFile(vault), atMs);

it('opens the vault without its passphrase, which it does not hold', async () => {
  const session = await read();
  if (!session) throw new Error('no session');
  expect((await openVault(vault, session)).document.accounts).toHaveLength(1);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder, 'run')).mode & 0o777).toBe(0o700);
  expect(readFileSync(path, 'utf8')).not.toContain(passphrase);
});

it('ends with its time, and then it is gone', async () => {
  expect(await read(nowMs + lifeMs - 1)).toBeDefined();
  expect(await read(nowMs + lifeMs)).toBeUndefined();
  expect(existsSync(path)).toBe(false);
});

it('is not made longer by a clock that was set back', async () => {
  // Set right by a moment it goes on; set back by hours it would last those hours longer.
  expect(await read(nowMs - 1_000)).toBeDefined();
  expect(await read(nowMs - 10 * lifeMs)).toBeUndefined();
  expect(existsSync(path)).toBe(false);
});

it('is none that would last longer than any session', async () => {
  const { fileKey } = await openVault(vault, { passphrase });
  const untilMs = nowMs + sessionLifeMsMax + 1;
  await writeSession(path, await readVaultFile(vault), { fileKey, fromMs: nowMs, untilMs });
  expect(await read(untilMs - 1)).toBeUndefined();
});

it('ends with any change of the vault', async () => {
  await changePassphrase({ path: vault, passphrase }, 'another one entirely');
  expect(await read()).toBeUndefined();
});

it('is not used while others may read it', async () => {
  chmodSync(path, 0o644);
  await expect(read()).rejects.toMatchObject({ code: 'vault_exposed' });
});

it('is removed once, and two vaults have two', async () => {
  expect(await removeSession(path)).toBe(true);
  expect(await removeSession(path)).toBe(false);
  expect(await read()).toBeUndefined();
  expect(sessionName('/a/vault.age')).not.toBe(sessionName('/b/vault.age'));
});
