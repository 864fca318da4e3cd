import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { ConfigError } from './error.js';
import { exampleConfig } from './example.js';
import { annotatedSchema, configJsonSchema, type JsonSchema } from './json-schema.js';
import { checkConfig, loadConfig, parseConfig } from './load.js';
import { tempoSchema } from './schema-tempo.js';

const good = `realm: https://api.example.com
lightning: { node: { kind: devnet } }
upstreams:
  bitcoin: http://127.0.0.1:9000
routes:
  - match: GET /v1/bitcoin/*
    upstream: bitcoin
    price: 1 sat
`;

function faultsOf(text: string): readonly string[] {
  try {
    parseConfig(text, { file: 'farebox.yaml' });
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
  throw new Error('It was accepted.');
}

describe('a good file', () => {
  it('gets its defaults', () => {
    const config = parseConfig(good, { directory: '/shop' });
    expect(config).toMatchObject({
      realm: 'https://api.example.com',
      listen: { host: '127.0.0.1', port: 8402 },
      ledger: { kind: 'sqlite', path: '/shop/farebox.db' },
      redemption: {
        redeliveriesMax: 3,
        attemptsMax: 20,
        creditWindowMs: 7_776_000_000,
        replayWindowMs: 86_400_000,
        retentionMs: 34_560_000_000,
      },
      challengeLifeMs: 300_000,
      unavailableStatus: 500,
      strict402: false,
      healthz: true,
      limits: { headerBytesMax: 16_384, bodyBytesMax: 1_048_576 },
    });
    expect(config.routes[0]).toMatchObject({
      upstream: 'bitcoin',
      offers: [{ method: 'lightning', intent: 'charge', price: { amount: 1n, currency: 'sat' } }],
      effect: undefined,
    });
    expect(config.upstreams.get('bitcoin')).toMatchObject({ origin: 'http://127.0.0.1:9000', basePath: '' });
  });

  it('may keep its ledger in PostgreSQL, with the URL in the file or in one of its own', () => {
    const url = 'postgres://farebox@db.test/farebox';
    expect(parseConfig(`ledger: ${url}\nledger_schema: shop\n${good}`).ledger).toEqual({
      kind: 'postgres',
      url,
      urlFile: undefined,
      schema: 'shop',
    });
    const { ledger } = parseConfig(`ledger_file: url.txt\n${good}`, { directory: '/shop' });
    expect(ledger).toMatchObject({ kind: 'postgres', url: undefined, urlFile: '/shop/url.txt' });
  });

  it('may say what a payment buys, and how far it goes', () => {
    const text = `redemption: { redeliveries: 1, attempts: 5, credit_window: 30d, replay_window: 1h }\n${good}    effect: once\n    charge_on: any_response\n    on_unknown: ask_again\n`;
    const config = parseConfig(text);
    expect(config.routes[0]).toMatchObject({ chargeOn: 'any-response', onUnknown: 'ask-again' });
    expect(config.redemption).toMatchObject({
      redeliveriesMax: 1,
      attemptsMax: 5,
      replayWindowMs: 3_600_000,
    });
  });

  it('may be the example', () => {
    expect(parseConfig(exampleConfig).routes).toHaveLength(3);
  });

  it('may be the example with its tempo block, which names every key there is', () => {
    const lines = exampleConfig.split('\n');
    const start = lines.indexOf('# tempo:');
    const length = lines.slice(start).indexOf('');
    const block = lines.splice(start, length, '@tempo');
    const uncommented = block.map((line) => line.slice(2)).join('\n');
    const text = lines
      .join('\n')
      .replace('@tempo', uncommented.replaceAll('"0x…"', `"0x${'12'.repeat(20)}"`));
    expect(parseConfig(text).tempo).toMatchObject({
      chainId: 4217,
      tokens: [{ name: 'pathUSD', sponsored: true, splits: [{ basisPoints: 250 }, { amount: 1_000n }] }],
    });
    const { fee_payer: feePayer, tokens, ...others } = tempoSchema.shape;
    const keys = [
      ...Object.keys({ ...others, tokens, fee_payer: feePayer }),
      ...Object.keys(tokens.valueType.shape),
      ...Object.keys(tokens.valueType.shape.splits.unwrap().element.shape),
      ...Object.keys(feePayer.unwrap().shape),
    ];
    expect(keys.filter((key) => !new RegExp(`\\b${key}: `).test(uncommented) && key !== 'tokens')).toEqual(
      [],
    );
  });

  it('may be an object', () => {
    const config = checkConfig({
      realm: 'x',
      upstreams: { a: { url: 'https://a.test/base/', connect_timeout: '2s', connections: 9 } },
      routes: [{ match: 'ANY /*', upstream: 'a', price: 'free' }],
    });
    expect(config.upstreams.get('a')).toMatchObject({
      origin: 'https://a.test',
      basePath: '/base',
      connectTimeoutMs: 2_000,
      connections: 9,
    });
  });
});

describe('an error names file, line, column, key, what was given and what is allowed', () => {
  it('for a price', () => {
    expect(faultsOf(good.replace('1 sat', '1 sats'))).toEqual([
      'farebox.yaml:8:12: routes[0].price: was given "1 sats"; write "free", whole satoshis such as "1 sat", an amount of a token such as "0.01 pathUSD", of a currency under rates such as "0.002 USD", or a list of such prices.',
    ]);
  });

  it('for a misspelt key, with what was probably meant', () => {
    const [fault] = faultsOf(good.replace('upstreams:', 'upstream:'));
    expect(fault).toMatch(/^farebox\.yaml:1:1: upstreams: is required/);
    expect(faultsOf(good.replace('upstreams:', 'upstream:'))[1]).toMatch(
      /^farebox\.yaml:3:1: upstream: is not a known key\. Did you mean upstreams\? Allowed here: realm, listen, /,
    );
    expect(faultsOf(good.replace('price:', 'prize: 1 sat\n    price:'))[0]).toMatch(
      /^farebox\.yaml:8:5: routes\[0\]\.prize: is not a known key\. Did you mean price\?/,
    );
  });

  it('for a route whose upstream does not exist', () => {
    expect(faultsOf(good.replace('upstream: bitcoin', 'upstream: bitcon'))).toEqual([
      'farebox.yaml:7:15: routes[0].upstream: was given "bitcon", which is not under upstreams. Did you mean bitcoin? There are: bitcoin.',
    ]);
  });

  it('for a wrong word', () => {
    expect(faultsOf(`${good}    effect: onse\n`)).toEqual([
      'farebox.yaml:9:13: routes[0].effect: was given "onse"; write safe, idempotent or once. Did you mean once?',
    ]);
  });

  it('inside a mapping that could have been a text', () => {
    const text = good.replace('http://127.0.0.1:9000', '{ url: http://a.test, conections: 9 }');
    expect(faultsOf(text)[0]).toMatch(
      /^farebox\.yaml:4:34: upstreams\.bitcoin\.conections: is not a known key\. Did you mean connections\?/,
    );
  });

  it.each([
    ['realm: ""', 'realm'],
    ['listen: 8402', 'listen'],
    ['listen: 127.0.0.1:99999', 'listen'],
    ['ledger: mysql://x', 'ledger'],
    ['challenge_life: 5', 'challenge_life'],
    ['challenge_life: 1s', 'challenge_life'],
    ['unavailable_status: 502', 'unavailable_status'],
    ['limits: { header_bytes: 1 }', 'limits.header_bytes'],
    ['secrets: [short]', 'secrets[0]'],
    ['healthz: maybe', 'healthz'],
    ['strict_402: 1', 'strict_402'],
  ])('for %s', (line, key) => {
    const base = line.startsWith('realm') ? good.replace(/^realm.*\n/, '') : good;
    const [fault] = faultsOf(`${base}${line}\n`);
    expect(fault).toContain(`: ${key}: `);
    expect(fault).toMatch(/^farebox\.yaml:\d+:\d+: /);
  });

  it.each([
    ['two of a kind', `${good}  - { match: 'GET /v1/bitcoin/*', upstream: bitcoin, price: free }\n`],
    [
      'the same shape by other names',
      `${good}  - { match: 'GET /a/:x', upstream: bitcoin, price: free }\n  - { match: 'GET /a/:y', upstream: bitcoin, price: free }\n`,
    ],
    ['the path of healthz', `${good}  - { match: GET /healthz, upstream: bitcoin, price: free }\n`],
    ['a strip_prefix that is none', `${good}    strip_prefix: /v2\n`],
    ['a price without a node', good.replace(/^lightning.*\n/m, '')],
  ])('for %s', (_name, text) => {
    expect(faultsOf(text)).toHaveLength(1);
  });

  it('for what is not YAML, and never quotes the file', () => {
    expect(faultsOf('realm: "a\nsecrets: [top-secret-value')[0]).toMatch(/^farebox\.yaml:\d+:\d+: /);
    expect(faultsOf('realm: a\nrealm: b\n')[0]).toMatch(/^farebox\.yaml:2:1: this key stands twice/);
    for (const text of [
      'secrets: [top-secret\n\t- x: [',
      'secrets:\n - "top-secret',
      'a: *top-secret',
      '- top-secret',
    ]) {
      expect(faultsOf(text).join('\n')).not.toContain('top-secret');
    }
  });

  it('never shows a secret or the credentials of a URL', () => {
    const text = `${good.replace('http://127', 'http://user:hunter2@127')}secrets: [{ a: hunter2 }, hunter2]\n`;
    expect(faultsOf(text).join('\n')).not.toContain('hunter2');
  });
});

describe('loadConfig', () => {
  it('says how to get a file when there is none', async () => {
    await expect(loadConfig('/nowhere/farebox.yaml')).rejects.toThrow(/farebox serve --example/);
  });
});

/** The name of every key, wherever it may stand. */
function keysIn({ properties = {}, items, additionalProperties, anyOf = [] }: JsonSchema): string[] {
  const below = [...Object.values(properties), ...anyOf, ...(items === undefined ? [] : [items])];
  if (typeof additionalProperties === 'object') below.push(additionalProperties);
  return [...new Set([...Object.keys(properties), ...below.flatMap(keysIn)])];
}

describe('the JSON Schema', () => {
  it('is the one that is shipped', async () => {
    const shipped = await readFile(new URL('../../farebox.schema.json', import.meta.url), 'utf8');
    // Not in step? farebox serve --print-schema > farebox.schema.json
    expect(JSON.parse(shipped)).toEqual(JSON.parse(configJsonSchema()));
  });

  it('has no key that `farebox serve --example` does not show', () => {
    // What only one kind of node has stands in docs/nodes.md.
    const { node: _node, ...lightning } = annotatedSchema.properties?.lightning?.properties ?? {};
    const without = { ...annotatedSchema.properties, lightning: { properties: lightning } };
    const hidden = keysIn({ properties: without }).filter(
      (key) => !new RegExp(`(?:^|[\\s{#])${key}:`, 'm').test(exampleConfig),
    );
    expect(hidden).toEqual([]);
  });

  it('knows every key and leaves nothing open', () => {
    const schema = JSON.parse(configJsonSchema());
    expect(schema.additionalProperties).toBe(false);
    expect(Object.keys(schema.properties)).toContain('routes');
    expect(schema.properties.routes.items.additionalProperties).toBe(false);
    expect(configJsonSchema()).not.toContain('"allowed"');
  });
});
