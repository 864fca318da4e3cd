import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTempoDevnet, type TempoDevnet } from '@farebox/devnet/tempo';
import { type Address, newPrivateKey, ownAccount } from '@farebox/tempo';
import type { Hex } from 'viem';
import { freePort } from '../ports.js';
import { start } from './command.js';
import { WireProxy } from './wire-proxy.js';

/** A registrar in a process of its own on a real Tempo chain, as its owner would run it, with a wire that is watched. */
export interface World {
  readonly chain: TempoDevnet;
  /** Whom names are paid to. */
  readonly recipient: Address;
  /** What buyers talk to: the registrar, through the wire. */
  readonly url: string;
  readonly wire: WireProxy;
  /** Somebody with a home, a policy, and a funded key of their own; with a root account, an access key without funds. */
  buyer(rootAccount?: Address): Promise<Buyer>;
  /** An identity at the registrar. */
  identity(): Promise<Identity>;
  /** What names have been paid so far, base units. */
  earned(): Promise<bigint>;
  /** The status of a look-up: 200 for a name that somebody owns, 404 for one that nobody owns. */
  lookup(name: string): Promise<number>;
  close(): Promise<void>;
}

/** Who one is with the registrar. */
export interface Identity {
  readonly agentId: string;
  /** What goes into X-API-Key. */
  readonly key: string;
}

/** Somebody who buys. */
export interface Buyer {
  readonly home: string;
  /** Whose tokens are spent. */
  readonly address: Address;
  /** The address of the key itself. */
  readonly signer: Address;
  readonly privateKey: Hex;
  /** Environment of every command: the chain and the registrar. */
  readonly environment: Readonly<Record<string, string>>;
}

/** A year of a name, base units of six decimals. */
export const yearPrice = 520_000n;
/** Tempo's main network: what the document says, and wallets take for granted. */
export const mainChainId = 4217;

const policy = `limits:
  payment: [20 pathUSD, 100000 sat]
  fee: [0.1 pathUSD, 10 sat]
  day: [1000 pathUSD, 1000000 sat]
`;

/** Opens one; with `terms: compat` it takes orders as the document writes them, without agreed_to_terms (R6). */
export async function openWorld(): Promise<World> {
  const chain = await startTempoDevnet({ chainId: mainChainId });
  const folder = mkdtempSync(join(tmpdir(), 'farebox-names-'));
  const recipient = ownAccount({ privateKey: newPrivateKey() }).address;
  const port = await freePort();
  const config = {
    realm: `http://127.0.0.1:${port}`,
    listen: `127.0.0.1:${port}`,
    terms: 'compat',
    tempo: {
      rpc: chain.url,
      chain: mainChainId,
      tokens: { pathUSD: { address: chain.tokens.pathUsd, recipient } },
    },
    namespaces: { agent: { price: { usd: '0.52' } }, chatbot: { price: { usd: '0.52' } } },
    coupons: { GIFT: { percent: 100 } },
    limits: { agents_per_hour: 1_000, locks_per_address: 1_000 },
  };
  const path = join(folder, 'registrar.yaml');
  // JSON is YAML.
  writeFileSync(path, JSON.stringify(config));
  const stop = await startRegistrar(folder, path);
  const wire = await new WireProxy(config.realm).listen();
  const homes: string[] = [];
  const environment = {
    FAREBOX_TEMPO_RPC: chain.url,
    FAREBOX_TEMPO_CHAIN: String(mainChainId),
    FAREBOX_REGISTRAR: wire.url,
  };
  return {
    ...{ chain, recipient, url: wire.url, wire },
    async buyer(rootAccount) {
      const home = mkdtempSync(join(tmpdir(), 'farebox-buyer-'));
      homes.push(home);
      const privateKey = newPrivateKey();
      const signer = ownAccount({ privateKey }).address;
      writeFileSync(join(home, 'policy.yaml'), policy);
      // What `farebox wallet tempo create` writes, without a process for it.
      const key = { version: 1, keyType: 'secp256k1', privateKey, ...(rootAccount && { rootAccount }) };
      writeFileSync(join(home, 'tempo-key.json'), JSON.stringify(key), { mode: 0o600 });
      if (rootAccount === undefined) await chain.fund(signer, 20_000_000n);
      return { home, address: rootAccount ?? signer, signer, privateKey, environment };
    },
    async identity() {
      const made = await fetch(`${config.realm}/agent/auth`, { method: 'POST' });
      const { agent_id: agentId, api_key: key } = Object(await made.json());
      return { agentId: String(agentId), key: String(key) };
    },
    earned: () => chain.balance(recipient),
    lookup: async (name) => (await fetch(`${config.realm}/api/v1/lookup/${name}`)).status,
    async close() {
      await stop();
      await wire.close();
      await chain.close();
      for (const directory of [folder, ...homes]) rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Starts one and waits until it says that it serves. The answer ends it. */
async function startRegistrar(folder: string, path: string): Promise<() => Promise<void>> {
  const registrar = start(folder, ['registrar', '--config', path]);
  const ended = once(registrar, 'exit');
  let said = '';
  registrar.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const first = await Promise.race([
    once(registrar.stdout ?? registrar, 'data').then(String),
    ended.then(() => undefined),
  ]);
  if (first === undefined) throw new Error(`The registrar does not start: ${said}`);
  registrar.stdout?.resume();
  return async () => {
    registrar.kill('SIGTERM');
    const [code] = await ended;
    if (code !== 0) throw new Error(`The registrar did not stop in order: ${said}`);
  };
}
