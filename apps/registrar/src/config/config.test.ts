import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { initRegistrar } from '../commands/init.js';
import { checkRegistrarConfig, loadRegistrarConfig } from './load.js';
import { registrarSchema } from './schema.js';
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
/** Something that is wrong everywhere. */
const bad = ['hunter2', 'hunter2'];
const allKeys: Readonly<Record<string, unknown>> = {
  ...Object.fromEntries(Object.keys(registrarSchema.shape).map((key) => [key, bad])),
  tempo: { rpc: bad, rpc_file: bad, chain: bad, tokens: { a: { address: bad, recipient: bad }, b: bad } },
  lightning: { node: { kind: bad } },
  dns: { listen: bad, addresses: { a: { hunter2: 1 }, b: [bad] }, pointers: bad, grace_answers: bad },
  registry: { kind: 'http', url: bad, token_file: bad, timeout: bad },
  coupons: { A: { percent: bad, uses: bad, namespaces: [bad], until: bad } },
  namespaces: {
    a: { price: bad, human_price: { usd: bad }, renewal_price: bad, name_servers: [bad], contact: bad },
    b: {
      ...{ price: { usd: bad, sat: bad }, reserved: { a: bad }, premium: { a: bad } },
      phases: [{ name: bad, until: bad, multiplier: bad, open: bad }],
    },
  },
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
    [
      { namespaces: { agent: { price: { usd: 0.52 } } } },
      /^namespaces\.agent\.price\.usd: was given 0\.52; write dollars in quotation marks, such as '0\.52'\.$/,
    ],
    [{ namespaces: { agent: {} } }, /^namespaces\.agent\.price: is required: a mapping with usd, sat\.$/],
    [{ namespaces: { agent: { prize: {}, price: { usd: '1' } } } }, /prize: .* Did you mean price\? Allowed/],
    [{ terms: 'strct' }, /^terms: was given another text; write strict or compat\. Did you mean strict\?$/],
    [{ registry: { kind: 'htp' } }, /^registry\.kind: was given another text; write built-in or http\.$/],
    [
      { registry: { kind: 'http', url: 'https://r.example', tokn_file: 'x' } },
      /^registry\.tokn_file: .* Did you mean token_file\?/,
    ],
    [
      { trusted_proxies: ['hunter2'] },
      /^trusted_proxies\[0\]: was given another text; write an IP address\.$/,
    ],
    [{ limits: { agents_per_hour: 0 } }, /was given 0; write a whole number from 1 to 100000\.$/],
    [{ store: 'postgre://hunter2' }, /^store: was given another text; write sqlite:<path>/],
    [{ lightning: undefined }, /way of being paid/],
    [{ tempo: { tokens: {} } }, /tempo\.tokens/],
    [{ coupons: { X: { percent: 10, namespaces: ['boss'] } } }, /boss is no namespace/],
    [{ lock_life: 'soon' }, /lock_life/],
    [{ unknown: 1 }, /^unknown: is not a known key\. Allowed here: realm, listen, /],
    [{ coupons: 5 }, /^coupons: was given 5; write a mapping of coupons\.$/],
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

  it.each([
    [
      'price: { usd: 0.52 }',
      /:6:19: namespaces\.agent\.price\.usd: was given 0\.52; write dollars in quotation/,
    ],
    ['prcie: {}', /:6:5: namespaces\.agent\.prcie: is not a known key\. Did you mean price\?/],
    [
      "price: { usd: '1' }\n    phases: [{ name: a }, { name: b }]",
      /:7:13: namespaces\.agent\.phases: each but/,
    ],
    ["price: { usd: '1' }\n    reserved: { 'a b': x }", /:7:17: namespaces\.agent\.reserved\.a b: /],
    ['price: *none', /:6:12: .*no YAML|:\d+:\d+: has an alias/],
    ['price: {', /no YAML/],
    ['price: {}\n    price: {}', /:7:5: this key stands twice/],
  ])('names line, column and key of %j', async (line, words) => {
    const path = join(folder, 'registrar.yaml');
    const head =
      'realm: http://127.0.0.1:8403\n\nlightning: { node: { kind: devnet } }\nnamespaces:\n  agent:\n';
    await writeFile(path, `${head}    ${line}\n`);
    const failure = await loadRegistrarConfig(path).catch((error: unknown) => String(error));
    expect(failure).toMatch(words);
    expect(failure).toContain(`${path}:`);
  });

  it('says of every value what is allowed, and never what it was told', () => {
    for (const [key, value] of Object.entries(allKeys)) {
      const wrong = () => check({ [key]: value });
      expect(wrong, key).toThrow(/write |is required/);
      expect(wrong, key).not.toThrow(/another value|hunter2/);
    }
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
