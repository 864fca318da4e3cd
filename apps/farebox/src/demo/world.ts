import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LightningNode } from '@farebox/lightning';
import { pathUsd } from '../tempo/tokens.js';
import { startTempoWorld, type TempoWorld } from './tempo-world.js';

/** Rate that the demo's Bitcoin API quotes. A configured figure: the API says so beside it. */
const exampleRate = 100_000;

/** How the world is made. */
export interface WorldOptions {
  /** Port of the gateway; 0 takes a free one. */
  readonly port: number;
  /** Also sell over Tempo. */
  readonly tempo?: boolean;
}

/** Everything that a sale needs, in one process and one temporary folder. */
export interface World {
  /** Origin of the gateway. */
  readonly url: string;
  /** Where devnet.json, the journal, the ledger and farebox.yaml are; `FAREBOX_HOME` for other terminals. */
  readonly home: string;
  /** The wallet's node, reached as any other process would reach it. */
  readonly walletNode: LightningNode;
  readonly tempo: TempoWorld | undefined;
  close(): Promise<void>;
}

/** The gateway's whole configuration. */
function farebox(port: number, upstream: string, tempo: TempoWorld | undefined): string {
  const price = tempo ? '[1 sat, 0.01 pathUSD]' : '1 sat';
  const tempoPart = tempo
    ? `tempo:
  rpc: ${tempo.chain.url}
  tokens: { pathUSD: { address: "${pathUsd.address}", recipient: "${tempo.merchant}" } }
`
    : '';
  return `# What the demo sells. \`farebox serve --example\` prints a commented one to begin with.
realm: http://127.0.0.1:${port}
listen: 127.0.0.1:${port}
ledger: sqlite:farebox.db
lightning:
  node: { kind: devnet }
${tempoPart}upstreams:
  bitcoin: ${upstream}
routes:
  - match: GET /v1/bitcoin/*
    upstream: bitcoin
    price: ${price}
    description: One request (regtest, worthless coins)
    catalog: { group: Bitcoin, example: /v1/bitcoin/price }
  - { match: POST /v1/bitcoin/rpc, upstream: bitcoin, price: 1 sat, effect: safe }
  - { match: POST /v2/bitcoin/rpc, upstream: bitcoin, price: 1 sat, effect: safe }
catalog: { title: Bitcoin API }
`;
}

/** Starts devnet, upstream and gateway. What was started is stopped again when a later part fails. */
export async function startWorld(options: WorldOptions): Promise<World> {
  const home = await mkdtemp(join(tmpdir(), 'farebox-demo-'));
  const stack: (() => Promise<unknown>)[] = [() => rm(home, { recursive: true, force: true })];
  const close = async () => {
    for (let stop = stack.pop(); stop !== undefined; stop = stack.pop()) await stop();
  };
  try {
    const { connectDevnet, serveDevnet, startDevnet, writeDevnetFile } = await import('@farebox/devnet');
    const devnet = await startDevnet();
    stack.push(() => devnet.close());
    const served = await serveDevnet(devnet);
    stack.push(() => served.close());
    await writeDevnetFile(home, { url: served.url, token: served.token });
    const walletNode = connectDevnet({ url: served.url, token: served.token, role: 'wallet' });
    stack.push(() => walletNode.close());

    const { startBitcoinApi } = await import('@farebox/example-bitcoin-api');
    const rpc = { url: `${served.url}/bitcoin`, user: 'farebox', password: served.token };
    const api = await startBitcoinApi({ rpc, price: { currency: 'USD', rate: exampleRate }, port: 0 });
    stack.push(() => api.close());

    const tempo = options.tempo ? await startTempoWorld(home, stack) : undefined;
    const url = await openGateway(home, (port) => farebox(port, api.url, tempo), options.port, stack);
    return { url, home, walletNode, tempo, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openGateway(
  home: string,
  config: (port: number) => string,
  port: number,
  stack: (() => Promise<unknown>)[],
): Promise<string> {
  const { createGateway, createLogger, loadConfig } = await import('@farebox/gateway');
  const file = join(home, 'farebox.yaml');
  // The realm is in every challenge id, so the port must be known before the gateway is made.
  const chosen = port === 0 ? await freePort() : port;
  await writeFile(file, config(chosen));
  process.env.FAREBOX_HOME = home;
  // Without the environment: the demo sells with its own devnet, whatever node this machine has.
  const gateway = await createGateway(await loadConfig(file, {}), { logger: createLogger('error') });
  stack.push(() => gateway.close({ drainMs: 1_000 }));
  return (await gateway.listen()).url;
}

async function freePort(): Promise<number> {
  const { createServer } = await import('node:net');
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  if (address === null || typeof address === 'string') throw new Error('No free port was found.');
  return address.port;
}
