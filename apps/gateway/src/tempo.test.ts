import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeDevnetFile } from '@farebox/devnet';
import { startTempoDevnet, type TempoDevnet } from '@farebox/devnet/tempo';
import { openSqliteLedger } from '@farebox/ledger';
import { encodeRequest, type VerifiedChallenge } from '@farebox/protocol';
import { httpRpc, newPrivateKey, ownAccount, tempoBuyer, tempoChain } from '@farebox/tempo';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LedgerConfig, TempoConfig } from './config/config.js';
import { checkConfig } from './config/load.js';
import { createLogger } from './log.js';
import { feesFileSuffix, openTempo, type TempoMethod } from './tempo.js';

const price = 10_000n;
let chain: TempoDevnet;
let folder = '';
const opened: TempoMethod[] = [];

beforeAll(async () => {
  chain = await startTempoDevnet({ chainId: 1337 });
});
afterAll(() => chain.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farebox-tempo-'));
});
afterEach(async () => {
  for (const tempo of opened.splice(0)) await tempo.close();
  await rm(folder, { recursive: true });
});

function configured(more: Record<string, unknown>, token: Record<string, unknown> = {}): TempoConfig {
  const recipient = ownAccount({ privateKey: newPrivateKey() }).address;
  const tokens = { pathUSD: { address: chain.tokens.pathUsd, recipient, ...token } };
  const { tempo } = checkConfig({
    realm: 'http://shop.test',
    tempo: { tokens, ...more },
    upstreams: { a: 'http://a.test' },
    routes: [{ match: 'GET /', upstream: 'a', price: '0.01 pathUSD' }],
  });
  if (tempo === undefined) throw new Error('no tempo');
  return tempo;
}

async function open(config: TempoConfig, ledger?: LedgerConfig, logger = createLogger('silent')) {
  const tempo = await openTempo(config, ledger, logger, folder);
  opened.push(tempo);
  return tempo;
}

const offer = () => ({
  method: 'tempo',
  intent: 'charge',
  price: { amount: price, currency: chain.tokens.pathUsd },
});

/** A challenge of this method, with an id that no HMAC was made for: the method's own part is all that counts here. */
async function challengeOf({ method }: TempoMethod): Promise<VerifiedChallenge> {
  const nowMs = Date.now();
  const { request, expiresMs } = await method.quote(offer(), { nowMs, challengeLifeMs: 60_000 });
  return {
    id: `${'c'.repeat(36)}${String(Math.floor(nowMs % 1e6)).padStart(6, '0')}A`,
    realm: 'http://shop.test',
    method: 'tempo',
    intent: 'charge',
    request: encodeRequest(request),
    requestObject: request,
    expires: new Date(expiresMs).toISOString(),
  };
}

describe('tempo without a node', () => {
  it('takes the chain of the running devnet, and says that its coins are worthless', async () => {
    await writeDevnetFile(folder, {
      url: 'http://127.0.0.1:1',
      token: 't'.repeat(43),
      tempo: { url: chain.url, chainId: chain.chainId },
    });
    const lines: string[] = [];
    const tempo = await open(configured({}), undefined, pino({}, { write: (line) => void lines.push(line) }));
    expect((await challengeOf(tempo)).requestObject.methodDetails).toMatchObject({ chainId: 1337 });
    expect(lines.join('')).toMatch(/worthless/);
  });

  it.each([
    ['there is none', undefined],
    ['it has no Tempo chain', {}],
    ['its file names another machine', { tempo: { url: 'http://example.com:8545', chainId: 1337 } }],
  ])('says how to start one where %s', async (_, more) => {
    if (more !== undefined) {
      const file = { url: 'http://127.0.0.1:1', token: 't'.repeat(43), ...more };
      await writeFile(join(folder, 'devnet.json'), JSON.stringify(file));
    }
    await expect(open(configured({}))).rejects.toMatchObject({
      code: 'node_config_invalid',
      message: expect.stringMatching(/farebox devnet --tempo.*tempo: \{ rpc \}/),
    });
  });

  it('sells on no other chain than the one that is named', async () => {
    const tempo = { url: chain.url, chainId: chain.chainId };
    await writeDevnetFile(folder, { url: 'http://127.0.0.1:1', token: 't'.repeat(43), tempo });
    const elsewhere = await open(configured({ chain: 4217 }));
    await expect(challengeOf(elsewhere)).rejects.toThrow(/chain 1337, not 4217/);
  });
});

describe("the fee payer's budget", () => {
  const sponsored = { sponsored: true };
  let ledger: LedgerConfig;
  let config: TempoConfig;

  beforeEach(async () => {
    const privateKey = newPrivateKey();
    await chain.fund(ownAccount({ privateKey }).address, 10_000_000n);
    await writeFile(join(folder, 'payer.key'), privateKey);
    const feePayer = { key_file: join(folder, 'payer.key'), token: 'pathUSD', budget: '0.05' };
    config = configured({ rpc: chain.url, chain: chain.chainId, fee_payer: feePayer }, sponsored);
    ledger = { kind: 'sqlite', path: join(folder, 'farebox.db') };
  });

  /** Buys once. */
  async function buy(tempo: TempoMethod) {
    const privateKey = newPrivateKey();
    const account = ownAccount({ privateKey });
    await chain.fund(account.address, price);
    const rpc = httpRpc({ url: chain.url });
    const { pathUsd } = chain.tokens;
    const buyer = tempoBuyer({
      account,
      chain: tempoChain(rpc),
      chainId: chain.chainId,
      currencies: [pathUsd],
    });
    const challenge = await challengeOf(tempo);
    const limit = { amount: price, currency: pathUsd };
    const paid = await buyer.pay(challenge, {
      maxAmount: limit,
      maxFee: limit,
      deadlineMs: Date.now() + 60_000,
    });
    if (paid.kind !== 'paid') throw new Error(paid.detail);
    const verification = await tempo.method.verify(challenge, paid.payload, { nowMs: Date.now() });
    rpc.close();
    return verification;
  }

  const promises = async (tempo: TempoMethod) => (await challengeOf(tempo)).requestObject.methodDetails;

  it('survives a restart, and is one for all who share the ledger’s folder', async () => {
    const [first, neighbour] = [await open(config, ledger), await open(config, ledger)];
    expect(await promises(first)).toMatchObject({ feePayer: true });
    // Whatever it costs: what is left is less than a second one may cost.
    expect(await buy(first)).toMatchObject({ ok: true });
    expect(existsSync(`${folder}/farebox.db${feesFileSuffix}`)).toBe(true);
    expect(await promises(neighbour)).not.toHaveProperty('feePayer');
    await first.close();
    const restarted = await open(config, ledger);
    expect(await promises(restarted)).not.toHaveProperty('feePayer');
    // Another ledger, another budget.
    const other = await open(config, { kind: 'sqlite', path: join(folder, 'other.db') });
    expect(await promises(other)).toMatchObject({ feePayer: true });
  });

  it('stands beside the ledger’s file without taking it', async () => {
    const path = join(folder, 'farebox.db');
    const books = await openSqliteLedger({ path });
    const tempo = await open(config, { kind: 'sqlite', path });
    expect(await buy(tempo)).toMatchObject({ ok: true });
    await books.close();
  });

  it('is in memory where there is no ledger of ours', async () => {
    for (const place of [undefined, { kind: 'sqlite', path: ':memory:' } as const]) {
      expect(await buy(await open(config, place))).toMatchObject({ ok: true });
      expect(existsSync(`:memory:${feesFileSuffix}`)).toBe(false);
    }
  });

  it('that cannot be kept refuses to open', async () => {
    const nowhere: LedgerConfig = { kind: 'sqlite', path: join(folder, 'no', 'such', 'farebox.db') };
    await expect(open(config, nowhere)).rejects.toMatchObject({ code: 'ledger_unopenable' });
  });
});
