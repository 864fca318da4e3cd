import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openapi } from '@farebox/example-bitcoin-api';
import { checkConfig, type GatewayConfig, loadConfig } from '@farebox/gateway';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { validate as validateDocument } from 'mppx/discovery';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openShop, type Shop } from '../catalog/shop.js';
import { root } from '../house.js';

// The catalogue before other people's validators: mppx's for documents (`mppx discover validate`) and for servers
// (`mppx validate`), and Redocly's linter with its recommended rules.

/** Rules of the linter that a catalogue may break, each with its reason. */
const exceptions = {
  // The licence is the seller's to state, in the OpenAPI file; without one there is nothing true to say.
  'info-license': 'off',
  // `/blocks/tip` beside `/blocks/{block}` is how the API is; the gateway's router takes the literal one.
  'no-ambiguous-paths': 'off',
  // The shops here are for tests.
  'no-server-example.com': 'off',
} as const;

interface Check {
  readonly label: string;
  readonly detail?: string;
  readonly severity: string;
}

/** What `mppx validate` writes. */
interface Validation {
  readonly discovery: { readonly checks: readonly Check[] };
  readonly endpoints: readonly {
    readonly method: string;
    readonly path: string;
    readonly challenge: readonly Check[];
    readonly errorHandling: readonly Check[];
  }[];
}

/** Runs the mppx command and reads what it writes, whatever its exit code. The key is nobody's and holds nothing. */
async function mppx(...words: string[]): Promise<Validation> {
  const bin = join(root, 'node_modules/mppx/dist/bin.js');
  const env = { ...process.env, HOME: folder, MPPX_PRIVATE_KEY: `0x${'11'.repeat(32)}` };
  const run = promisify(execFile)(process.execPath, [bin, ...words], { env, maxBuffer: 16 * 1024 * 1024 });
  const { stdout } = await run.catch((error: { readonly stdout?: string }) => ({
    stdout: error.stdout ?? '',
  }));
  return JSON.parse(stdout);
}

/** Every kind of price, the file of a real API, a prefix that is stripped, ANY, and free routes. */
function mixedShop(directory: string): GatewayConfig {
  const pathUSD = { address: '0x20c0000000000000000000000000000000000000', recipient: `0x${'1'.repeat(40)}` };
  return checkConfig(
    {
      realm: 'https://api.example.com',
      lightning: { node: { kind: 'devnet' } },
      tempo: { rpc: 'http://127.0.0.1:1', tokens: { pathUSD } },
      rates: { USD: { fixed: 65_000 } },
      keys: {},
      admin: { listen: '127.0.0.1:0', token_file: 'admin.token' },
      upstreams: { api: 'http://127.0.0.1:9000' },
      catalog: { openapi: 'upstream.json', categories: ['data'], contact: { email: 'help@example.com' } },
      routes: [
        {
          match: 'GET /shop/v1/bitcoin/*',
          upstream: 'api',
          price: ['1 sat', '0.01 pathUSD'],
          strip_prefix: '/shop',
        },
        {
          match: 'POST /v1/bitcoin/rpc',
          upstream: 'api',
          price: '0.002 USD',
          prices: [{ when: { body: { '/method': 'getblock' } }, price: '0.02 USD' }],
        },
        { match: 'ANY /things/:id', upstream: 'api', price: '2 sat' },
        { match: 'GET /things/*', upstream: 'api', price: '3 sat', free: { requests: 2 } },
        { match: 'GET /status', upstream: 'api', price: 'free' },
      ],
    },
    { directory },
  );
}

let folder: string;
let mixed: Shop;
let xverse: Shop;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farebox-discovery-'));
  await writeFile(join(folder, 'upstream.json'), JSON.stringify(openapi));
  const route = await loadConfig(join(root, 'examples/xverse/farebox.yaml'));
  // A validator asks for more challenges than one client gets without paying.
  xverse = await openShop({ ...route, mintBudget: undefined });
  mixed = await openShop({ ...mixedShop(folder), tempo: undefined, mintBudget: undefined });
});
afterAll(async () => {
  await Promise.all([mixed.close(), xverse.close()]);
  await rm(folder, { recursive: true });
});

/** What Redocly's linter says of a document. */
async function linted(url: string): Promise<string[]> {
  const source = await (await fetch(url)).text();
  const config = await createConfig({ extends: ['recommended'], rules: exceptions });
  const problems = await lintFromString({ source, absoluteRef: '/openapi.json', config });
  return problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer}`);
}

const shops = [
  ['a shop with everything', () => mixed],
  ['examples/xverse', () => xverse],
] as const;

describe.each(shops)('%s', (_name, shop) => {
  it('has a document that mppx has nothing to say about', async () => {
    const document: unknown = await (await fetch(`${shop().url}/openapi.json`)).json();
    expect(validateDocument(document)).toEqual([]);
  });

  it("passes Redocly's recommended rules, minus the exceptions", async () => {
    expect(await linted(`${shop().url}/openapi.json`)).toEqual([]);
  });

  it('is a server that `mppx validate` has nothing to say against, but for one hint', async () => {
    const { discovery, endpoints } = await mppx('validate', shop().url, '--output-json');
    expect(discovery.checks.filter(({ severity }) => severity !== 'pass')).toEqual([]);
    expect(endpoints.length).toBeGreaterThan(4);
    const told = endpoints.flatMap((endpoint) =>
      [...endpoint.challenge, ...endpoint.errorHandling]
        .filter(({ severity }) => severity !== 'pass')
        .map(
          ({ label, detail, severity }) =>
            `${endpoint.method} ${endpoint.path}: ${severity} ${label} ${detail}`,
        ),
    );
    // A realm is a protection space and here an origin, as the drafts and Xverse have it; mppx likes a host name better.
    expect(told.filter((line) => !line.includes('warn Realm matches server hostname'))).toEqual([]);
  });

  it('has a document that `mppx discover validate` finds valid', async () => {
    const found = await mppx('discover', 'validate', `${shop().url}/openapi.json`, '--format', 'json');
    expect(found).toMatchObject({ valid: true, errorCount: 0, warningCount: 0 });
  });
});

it("the admin API's own document passes Redocly's recommended rules too", async () => {
  expect(await linted(`${mixed.adminUrl}/openapi.json`)).toEqual([]);
});

describe('an OpenAPI document with a mistake', () => {
  it('is noticed by both validators, so that their silence means something', async () => {
    const source = await (await fetch(`${mixed.url}/openapi.json`)).text();
    const wrong = source.replaceAll('"402"', '"418"').replaceAll('"operationId":"getStatus",', '');
    expect(validateDocument(JSON.parse(wrong)).length).toBeGreaterThan(0);
    const config = await createConfig({ extends: ['recommended'], rules: exceptions });
    expect(await lintFromString({ source: wrong, absoluteRef: '/openapi.json', config })).not.toEqual([]);
  });
});
