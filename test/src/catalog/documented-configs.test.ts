import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, configJsonSchema, parseConfig } from '@farebox/gateway';
import { describe, expect, it } from 'vitest';
import { root } from '../house.js';

// Every block of ```yaml in the documents that is about farebox.yaml is read with the real schema. A block shows what it is
// about and leaves out the rest; what is left out is put beside it here.

const keys = new Set(Object.keys(JSON.parse(configJsonSchema()).properties));

const beside: Readonly<Record<string, string>> = {
  realm: 'realm: https://api.example.com',
  lightning: 'lightning: { node: { kind: devnet } }',
  tempo: `tempo:
  rpc: http://127.0.0.1:8545
  tokens: { pathUSD: { address: "0x20c0000000000000000000000000000000000000", recipient: "0x${'1'.repeat(40)}" } }`,
  rates: 'rates: { USD: { fixed: 65000 } }',
  routes: 'routes: [{ match: GET /placeholder, upstream: placeholder, price: free }]',
};

interface Block {
  readonly name: string;
  readonly text: string;
}

/** About files of their own, which share names of keys with ours. */
const others = new Set(['docs/policy.md']);

const files = [
  'README.md',
  ...readdirSync(join(root, 'docs')).map((file) => `docs/${file}`),
  ...readdirSync(join(root, 'examples')).map((folder) => `examples/${folder}/README.md`),
].filter((file) => file.endsWith('.md') && !others.has(file));

const blocks = files.flatMap(blocksOf).filter(({ text }) => topLevel(text).some((key) => keys.has(key)));

function blocksOf(file: string): Block[] {
  let text: string;
  try {
    text = readFileSync(join(root, file), 'utf8');
  } catch {
    return [];
  }
  return [...text.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map((match) => ({
    name: `${file}:${text.slice(0, match.index).split('\n').length}`,
    text: filledIn(match[1] ?? ''),
  }));
}

/** What a document leaves out on purpose: addresses, and settings of a node. */
function filledIn(text: string): string {
  return text
    .replace(/"0x[0-9a-f]*…"/g, `"0x${'2'.repeat(40)}"`)
    .replace(/node: \{[^{}]*…[^{}]*\}/g, 'node: { kind: devnet }');
}

function topLevel(text: string): string[] {
  return [...text.matchAll(/^([a-z_0-9]+):/gm)].map(([, key = '']) => key);
}

/** The block with what it leaves out. */
function completed(text: string): string {
  const given = topLevel(text);
  const missing = Object.entries(beside).flatMap(([key, lines]) => (given.includes(key) ? [] : [lines]));
  if (!given.includes('upstreams')) {
    const named = [...text.matchAll(/upstream: *([A-Za-z][\w-]*)/g)].map(([, name = '']) => name);
    const names = [...new Set([...named, 'placeholder'])].map((name) => `${name}: http://127.0.0.1:9000`);
    missing.push(`upstreams: { ${names.join(', ')} }`);
  } else if (!given.includes('routes')) {
    const name = /^upstreams:\s*\{?\s*([A-Za-z][\w-]*):/m.exec(text)?.[1] ?? 'placeholder';
    return [text, ...missing].join('\n').replace('upstream: placeholder', `upstream: ${name}`);
  }
  return [text, ...missing].join('\n');
}

function faultsOf(text: string): string[] {
  try {
    parseConfig(completed(text));
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.issues.map(({ key, message }) => `${key} ${message}`);
    throw error;
  }
}

describe('the configurations in the documents', () => {
  it('are there', () => {
    expect(blocks.length).toBeGreaterThanOrEqual(10);
  });

  it.each(blocks)('$name', ({ text }) => {
    expect(faultsOf(text)).toEqual([]);
  });

  it('are really read: a mistake in one is found', () => {
    expect(faultsOf('routes:\n  - { match: GET /a, upstream: api, pricee: 1 sat }\n')).not.toEqual([]);
  });
});
