import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GatewayConfig } from './config.js';
import { checkConfig } from './load.js';
import { resolveSecrets } from './secrets.js';

const first = 'first-secret-of-more-than-32-bytes-aaaa';
const second = 'second-secret-of-more-than-32-bytes-bbb';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farebox-secrets-'));
});
afterEach(() => rm(folder, { recursive: true }));

function config(more: Record<string, unknown> = {}, realm = 'https://api.example.com'): GatewayConfig {
  const input = { realm, upstreams: {}, routes: [{ match: 'GET /', upstream: 'a', price: 'free' }], ...more };
  return checkConfig({ ...input, upstreams: { a: 'http://a.test' } }, { directory: folder });
}

describe('resolveSecrets', () => {
  it('takes the environment, then the list, then the file: newest first', async () => {
    await writeFile(join(folder, 'keys'), `${second}\n`, { mode: 0o600 });
    const { values } = await resolveSecrets(config({ secrets: [first], secret_file: 'keys' }), {
      FAREBOX_SECRET: 'secret-of-the-environment-32-bytes-long',
    });
    expect(values).toEqual(['secret-of-the-environment-32-bytes-long', first, second]);
  });

  it('refuses a file that others can read', async () => {
    await writeFile(join(folder, 'keys'), first);
    await chmod(join(folder, 'keys'), 0o644);
    await expect(resolveSecrets(config({ secret_file: 'keys' }), {})).rejects.toThrow(/chmod 600/);
  });

  it('invents none for gateways that share a ledger', async () => {
    const shared = config({ ledger: 'postgres://farebox@db.test/farebox' }, 'http://127.0.0.1:8402');
    await expect(resolveSecrets(shared, {})).rejects.toThrow(/share a secret/);
  });

  it('refuses short secrets and says where, not what', async () => {
    await writeFile(join(folder, 'keys'), `${first}\nhunter2\n`, { mode: 0o600 });
    const refused = resolveSecrets(config({ secret_file: 'keys' }), {});
    await expect(refused).rejects.toThrow(/line 2/);
    await expect(refused).rejects.not.toThrow(/hunter2/);
    await expect(resolveSecrets(config(), { FAREBOX_SECRET: 'hunter2' })).rejects.toThrow(/FAREBOX_SECRET/);
  });

  it('makes one for a loopback realm, keeps it to its owner, and finds it again', async () => {
    const made = await resolveSecrets(config({}, 'http://localhost:8402'), {});
    const path = join(folder, 'farebox.secret');
    expect(made.generatedFile).toBe(path);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await readFile(path, 'utf8')).trim()).toBe(made.values[0]);
    expect(await resolveSecrets(config({}, 'http://localhost:8402'), {})).toEqual(made);
  });

  it('makes none for any other realm', async () => {
    await expect(resolveSecrets(config(), {})).rejects.toThrow(/FAREBOX_SECRET/);
  });
});
