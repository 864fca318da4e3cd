import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { initRegistrar } from '../commands/init.js';
import { checkRegistrarConfig, loadRegistrarConfig } from './load.js';
import { registrarSecrets } from './secrets.js';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farebox-registrar-config-'));
});
afterEach(() => rm(folder, { recursive: true }));

const least = {
  realm: 'http://127.0.0.1:8403',
  lightning: { node: { kind: 'devnet' } },
  namespaces: { agent: { price: { usd: '0.52', sat: 1000 } } },
};
const check = (more: object) => checkRegistrarConfig({ ...least, ...more }, folder);

describe('registrar.yaml', () => {
  it('is written by init, once, and can be used as it is', async () => {
    const path = join(folder, 'registrar.yaml');
    expect(await initRegistrar(path)).toBe(0);
    const config = await loadRegistrarConfig(path);
    expect(config).toMatchObject({
      host: '127.0.0.1',
      port: 8403,
      lockLifeMs: 600_000,
      usdMicrosPerGem: 520_000n,
    });
    expect(config.namespaces.map(({ name }) => name)).toEqual(['agent', 'chatbot']);
    expect(config.namespaces[0]?.premium.get('gold')).toEqual({ usdMicros: 100_000_000n, sats: 150_000n });
    expect(config.namespaces[0]?.reserved.get('ns1')).toBe('name server');
    await writeFile(path, 'mine');
    expect(await initRegistrar(path)).toBe(2);
    expect(await readFile(path, 'utf8')).toBe('mine');
  });

  it.each([
    [{ realm: 'names.example' }, /realm/],
    [{ namespaces: {} }, /namespaces: name at least one/],
    [{ namespaces: { 'a b': { price: { usd: '1' } } } }, /a b/],
    [{ namespaces: { agent: { price: { usd: 0.52 } } } }, /price\.usd/],
    [{ lightning: undefined }, /way of being paid/],
    [{ tempo: { tokens: {} } }, /tempo\.tokens/],
    [{ coupons: { X: { percent: 10, namespaces: ['boss'] } } }, /boss is no namespace/],
    [{ lock_life: 'soon' }, /lock_life/],
    [{ unknown: 1 }, /unknown/i],
  ])('%j says what is wrong', (more, words) => {
    expect(() => check(more)).toThrow(words);
  });

  it('says when it is no YAML, or not there, without quoting it', async () => {
    const path = join(folder, 'registrar.yaml');
    await expect(loadRegistrarConfig(path)).rejects.toThrow(/registrar init/);
    await writeFile(path, 'secret: [hunter2');
    await expect(loadRegistrarConfig(path)).rejects.toThrow(/no YAML/);
    await expect(loadRegistrarConfig(path)).rejects.not.toThrow(/hunter2/);
  });

  it('has its secret made on this machine only, and kept', async () => {
    const config = check({});
    const first = await registrarSecrets(config, {});
    expect(first).toEqual(await registrarSecrets(config, {}));
    expect(Buffer.byteLength(first[0] ?? '')).toBeGreaterThanOrEqual(32);
    await expect(registrarSecrets(check({ realm: 'https://names.example' }), {})).rejects.toThrow(
      /FAREBOX_SECRET/,
    );
    await expect(registrarSecrets(config, { FAREBOX_SECRET: 'short' })).rejects.toThrow(/shorter/);
  });
});
