import { chmodSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findHome, type Home } from '../home.js';
import {
  identityPath,
  keepDefaultRegistrar,
  keepIdentity,
  readDefaultRegistrar,
  readIdentity,
} from './registrar-home.js';

let home: Home;
beforeEach(() => {
  home = findHome({ FAREBOX_HOME: mkdtempSync(join(tmpdir(), 'farebox-registrars-')) });
});
afterEach(() => rmSync(home.directory, { recursive: true, force: true }));

const here = 'https://one.example';
const there = 'https://two.example';

describe('an identity', () => {
  it('is kept for its owner alone, and for its registrar alone', async () => {
    const { path, used } = await keepIdentity(home, here, { key: 'hd_agent_one', agentId: 'agt_1' });
    expect([used, statSync(path).mode & 0o777]).toEqual([true, 0o600]);
    expect(await readIdentity(home, here)).toEqual({ key: 'hd_agent_one', agentId: 'agt_1' });
    expect(await readIdentity(home, there)).toBeUndefined();
    // A file that was put in another's place says by itself whose it is.
    renameSync(path, identityPath(home, there));
    await expect(readIdentity(home, there)).rejects.toMatchObject({ code: 'registrar_file_malformed' });
  });

  it('is never written over: another is kept beside it, the same is the same', async () => {
    await keepIdentity(home, here, { key: 'hd_agent_one' });
    const beside = await keepIdentity(home, here, { key: 'hd_agent_two', agentId: 'agt_2' });
    expect(beside.used).toBe(false);
    expect(await keepIdentity(home, here, { key: 'hd_agent_two', agentId: 'agt_2' })).toEqual(beside);
    expect(await keepIdentity(home, here, { key: 'hd_agent_one' })).toMatchObject({ used: true });
    expect(await readIdentity(home, here)).toMatchObject({ key: 'hd_agent_one' });
    expect(readdirSync(join(home.directory, 'registrars'))).toHaveLength(2);
    // Nor is a third put in the place of the second.
    const third = keepIdentity(home, here, { key: 'hd_agent_three', agentId: 'agt_2' });
    await expect(third).rejects.toMatchObject({ code: 'key_not_kept' });
  });

  it('is not used where others may read it', async () => {
    const { path } = await keepIdentity(home, here, { key: 'hd_agent_one' });
    chmodSync(path, 0o644);
    const message = expect.not.stringContaining('hd_agent');
    await expect(readIdentity(home, here)).rejects.toMatchObject({ code: 'vault_exposed', message });
  });
});

it('the registrar that is asked is chosen once, and again only when that is wanted', async () => {
  expect(await readDefaultRegistrar(home)).toBeUndefined();
  await keepDefaultRegistrar(home, here, false);
  await keepDefaultRegistrar(home, there, false);
  expect(await readDefaultRegistrar(home)).toBe(here);
  await keepDefaultRegistrar(home, there, true);
  expect(await readDefaultRegistrar(home)).toBe(there);
});
