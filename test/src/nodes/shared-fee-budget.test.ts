import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTempoDevnet, type TempoDevnet } from '@farebox/devnet/tempo';
import { checkConfig, createGateway, createLogger, type Gateway } from '@farebox/gateway';
import { type Challenge, decodeRequest, parseChallenges, serializeCredential } from '@farebox/protocol';
import { httpRpc, newPrivateKey, ownAccount, tempoBuyer, tempoChain } from '@farebox/tempo';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startUpstream, type Upstream } from '../interop/upstream.js';
import { type PostgresServer, postgresMissing, testPostgres } from '../postgres.js';

// Two gateways that pay their buyers' fees out of one purse, on one ledger.

const title = 'the budget for fees, of gateways on one PostgreSQL';
const schema = `farebox_fees_${process.pid}`;

describe.skipIf(postgresMissing !== undefined)(
  postgresMissing === undefined ? title : `${title} (skipped: ${postgresMissing})`,
  () => {
    let chain: TempoDevnet;
    let server: PostgresServer;
    let upstream: Upstream;
    let folder = '';
    const gateways: Gateway[] = [];
    beforeAll(async () => {
      [chain, server, upstream] = await Promise.all([startTempoDevnet(), testPostgres(), startUpstream()]);
      folder = await mkdtemp(join(tmpdir(), 'farebox-fees-'));
      const privateKey = newPrivateKey();
      await chain.fund(ownAccount({ privateKey }).address, 10_000_000n);
      await writeFile(join(folder, 'payer.key'), privateKey);
    });
    afterAll(async () => {
      for (const gateway of gateways) await gateway.close({ drainMs: 0 });
      await server.sql(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`);
      await Promise.all([chain.close(), server.dispose(), upstream.close()]);
      await rm(folder, { recursive: true });
    });

    const recipient = ownAccount({ privateKey: newPrivateKey() }).address;

    async function open(): Promise<{ readonly url: string; readonly gateway: Gateway }> {
      const config = checkConfig(
        {
          realm: 'https://api.example.com',
          listen: '127.0.0.1:0',
          ledger: server.url,
          ledger_schema: schema,
          tempo: {
            rpc: chain.url,
            tokens: { pathUSD: { address: chain.tokens.pathUsd, recipient, sponsored: true } },
            // Room for one fee and no more: a second one could be as large as this.
            fee_payer: { key_file: 'payer.key', token: 'pathUSD', budget: '0.05' },
          },
          upstreams: { api: upstream.url },
          routes: [{ match: 'GET /v1/*', upstream: 'api', price: '0.01 pathUSD' }],
        },
        { directory: folder },
      );
      const logger = createLogger('silent');
      const secrets = ['one secret of both gateways, which share all'];
      const gateway = await createGateway(config, { logger, secrets });
      gateways.push(gateway);
      return { url: `${(await gateway.listen()).url}/v1/price`, gateway };
    }

    async function challengeOf(url: string): Promise<Challenge> {
      const response = await fetch(url);
      await response.text();
      const [challenge] = parseChallenges(response.headers.get('www-authenticate') ?? '').challenges;
      if (challenge === undefined) throw new Error(`no challenge: ${response.status}`);
      return challenge;
    }

    const sponsored = async (url: string) =>
      JSON.stringify(decodeRequest((await challengeOf(url)).request)).includes('"feePayer":true');

    async function buy(url: string): Promise<number> {
      const account = ownAccount({ privateKey: newPrivateKey() });
      await chain.fund(account.address, 10_000n);
      const rpc = httpRpc({ url: chain.url });
      const currency = chain.tokens.pathUsd;
      const buyer = tempoBuyer({
        account,
        chain: tempoChain(rpc),
        chainId: chain.chainId,
        currencies: [currency],
      });
      const challenge = await challengeOf(url);
      const limit = { amount: 10_000n, currency };
      const paid = await buyer.pay(challenge, {
        maxAmount: limit,
        maxFee: limit,
        deadlineMs: Date.now() + 60_000,
      });
      rpc.close();
      if (paid.kind !== 'paid') throw new Error(paid.detail);
      const { payload, source } = paid;
      const credential = serializeCredential({ challenge, payload, ...(source !== undefined && { source }) });
      const response = await fetch(url, { headers: { Authorization: credential } });
      await response.text();
      return response.status;
    }

    it('is one: what the first spends, the second has no more, and neither after a restart', async () => {
      const [first, second] = [await open(), await open()];
      expect([await sponsored(first.url), await sponsored(second.url)]).toEqual([true, true]);
      expect(await buy(first.url)).toBe(200);
      expect([await sponsored(first.url), await sponsored(second.url)]).toEqual([false, false]);
      await first.gateway.close({ drainMs: 0 });
      expect(await sponsored((await open()).url)).toBe(false);
    });
  },
);
