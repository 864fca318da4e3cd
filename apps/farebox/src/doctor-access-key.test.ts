import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTempoDevnet, type TempoDevnet } from '@farebox/devnet/tempo';
import { encodeRequest, serializeChallenge } from '@farebox/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { only, run } from './testing/run.js';
import { authorizeKey, makeWallet } from './testing/tempo-wallets.js';

let chain: TempoDevnet;
let seller: Server;
let url = '';
const homes: string[] = [];

/** Asks 0.02 pathUSD of everybody. */
function ask(currency: string): string {
  const recipient = `0x${'11'.repeat(20)}`;
  const methodDetails = { chainId: 4217, supportedModes: ['pull'] };
  return serializeChallenge({
    id: 'doctor-0123456789abcdef',
    realm: 'shop.example',
    method: 'tempo',
    intent: 'charge',
    request: encodeRequest({ amount: '20000', currency, recipient, methodDetails }),
    expires: new Date(Date.now() + 300_000).toISOString(),
  });
}

beforeAll(async () => {
  chain = await startTempoDevnet();
  seller = createServer((_request, response) => {
    const fields = { 'www-authenticate': ask(chain.tokens.pathUsd), 'cache-control': 'no-store' };
    response.writeHead(402, fields).end();
  });
  await new Promise<void>((resolve) => seller.listen(0, '127.0.0.1', resolve));
  // A TCP server that listens has an address of this form.
  url = `http://127.0.0.1:${(seller.address() as AddressInfo).port}/`;
});
afterAll(async () => {
  seller.closeAllConnections();
  await new Promise((resolve) => seller.close(resolve));
  await chain.close();
  for (const home of homes) rmSync(home, { recursive: true, force: true });
});

function newHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'farebox-doctor-key-'));
  homes.push(home);
  return home;
}

const farebox = (home: string, words: readonly string[]) =>
  run(home, [...words, '--json'], '', { FAREBOX_TEMPO_RPC: chain.url });

it('names the access key, and not a balance, where the account is rich, and proposes what helps', async () => {
  const [rootHome, agent] = [newHome(), newHome()];
  const { address } = await makeWallet(rootHome);
  const { accessKey = '' } = await makeWallet(agent, address);
  await chain.fund(address, 100_000_000n);
  const examine = async () => {
    const { findings } = only((await farebox(agent, ['doctor', url, '--no-rehearse'])).stdout) as {
      findings: { level: string; code: string; area: string; text: string; next: string | null }[];
    };
    return findings.filter(({ level, area }) => level === 'fault' && area === 'wallet');
  };
  expect(await examine()).toMatchObject([{ code: 'key_not_registered' }]);
  await authorizeKey(rootHome, chain.url, accessKey, 5_000n);
  const [limited, ...others] = await examine();
  expect(others).toEqual([]);
  expect(limited).toMatchObject({
    code: 'key_limit',
    text: expect.stringContaining('may still spend 0.005 pathUSD, which is below the price of 0.02 pathUSD'),
  });
  // As it is printed.
  const command = /farebox (wallet tempo authorize .*)$/.exec(limited?.next ?? '')?.[1] ?? '';
  expect((await farebox(rootHome, command.split(' '))).code).toBe(0);
  expect(await examine()).toEqual([]);
});
