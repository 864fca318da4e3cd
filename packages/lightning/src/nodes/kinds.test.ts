import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { NodeError } from '../node.js';
import { nodeKinds } from './config.js';
import { parseNodeConfig } from './config-parse.js';
import { openNode } from './kinds.js';

/** What is loaded with a module, whether it is used or not. */
function loadedWith(file: URL, seen = new Map<string, readonly string[]>()): Map<string, readonly string[]> {
  if (seen.has(file.href)) return seen;
  const specifiers = [
    ...readFileSync(file, 'utf8').matchAll(/^(?:import|export)\b[^'"]*?from\s*['"]([^'"]+)['"]/gm),
  ];
  const names = specifiers.map((match) => match[1] ?? '');
  seen.set(file.href, names);
  for (const name of names) if (name.startsWith('.')) loadedWith(new URL(name, file), seen);
  return seen;
}

describe('openNode', () => {
  it('loads an adapter, and above all Nostr, only when it is used', () => {
    const loaded = loadedWith(new URL('./kinds.js', import.meta.url));
    const outside = [...loaded.values()].flat().filter((name) => !name.startsWith('.'));
    expect(outside.filter((name) => /^(?:nostr-tools|ws)\b/.test(name))).toEqual([]);
    expect(
      [...loaded.keys()].filter((name) => /\/(?:cln|lnd|nwc)\/|phoenixd|eclair|lnbits|btcpay/.test(name)),
    ).toEqual([]);
    // The walk sees what it looks for where it is.
    const nostr = [...loadedWith(new URL('./nwc/nwc.js', import.meta.url)).values()].flat();
    expect(nostr).toEqual(expect.arrayContaining(['nostr-tools/pure', 'ws']));
  });

  it('says which secret is missing, for every kind', async () => {
    for (const kind of nodeKinds) {
      const secret = { lnd: 'macaroon', cln: 'rune', nwc: 'connection', lnbits: 'key', btcpay: 'key' };
      const name = kind === 'phoenixd' || kind === 'eclair' ? 'password' : secret[kind];
      const place = kind === 'nwc' ? {} : { url: 'https://127.0.0.1:1' };
      const store = kind === 'btcpay' ? { store_id: 'abc' } : {};
      const parsed = parseNodeConfig({ kind, ...place, ...store, [`${name}_env`]: 'NO_SUCH_SECRET' });
      if (!parsed.ok) throw new Error(parsed.detail);
      const failure = await openNode(parsed.value, { environment: {} }).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(NodeError);
      expect(failure).toMatchObject({
        code: 'node_refused',
        message: expect.stringContaining('NO_SUCH_SECRET'),
      });
    }
  });

  it('sends no credential over plain http to another machine, unless it is told that it may', async () => {
    const written = { kind: 'phoenixd', url: 'http://10.0.0.1:9740', password_env: 'PASSWORD' };
    const environment = { PASSWORD: 'hunter2' };
    const open = async (value: unknown) => {
      const parsed = parseNodeConfig(value);
      if (!parsed.ok) throw new Error(parsed.detail);
      return openNode(parsed.value, { environment });
    };
    await expect(open(written)).rejects.toMatchObject({ code: 'node_refused' });
    await (await open({ ...written, plain_http: true })).close();
  });
});
