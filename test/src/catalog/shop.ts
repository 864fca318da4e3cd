import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGateway, createLogger, type GatewayConfig } from '@farebox/gateway';
import { openSqliteLedger } from '@farebox/ledger';
import { PaperNode } from '@farebox/lightning/paper';
import { decodeRequest, parseChallenges, serializeCredential } from '@farebox/protocol';

/** A gateway on loopback that sells for a node of paper, and a real upstream that answers everything. */
export interface Shop {
  readonly url: string;
  /** Where the configuration has an admin API. */
  readonly adminUrl: string | undefined;
  readonly node: PaperNode;
  /** `GET /v1/things`, as the upstream was asked. */
  readonly asked: string[];
  /** Pays the first challenge of a 402 and makes the value of `Authorization`. */
  pay(unpaid: Response): Promise<string>;
  close(): Promise<void>;
}

/**
 * Opens a shop for a configuration, with everything of it that says where things are replaced: listening address,
 * upstreams (all of them are the one), ledger and keys.
 */
export async function openShop(given: GatewayConfig): Promise<Shop> {
  const folder = await mkdtemp(join(tmpdir(), 'farebox-shop-'));
  const asked: string[] = [];
  const upstream = createServer((request: IncomingMessage, response) => {
    asked.push(`${request.method} ${request.url}`);
    request.resume().on('end', () => {
      response.setHeader('Content-Type', 'application/json').end('{"served":true}');
    });
  });
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  // A TCP server that listens has an AddressInfo.
  const { port } = upstream.address() as AddressInfo;
  const ledger = await openSqliteLedger({ path: join(folder, 'farebox.db') });
  const node = new PaperNode();
  const path = join(folder, 'farebox.db');
  const upstreams = [...given.upstreams].map(
    ([name, one]) => [name, { ...one, origin: `http://127.0.0.1:${port}` }] as const,
  );
  const config: GatewayConfig = {
    ...given,
    listen: { host: '127.0.0.1', port: 0 },
    upstreams: new Map(upstreams),
    ledger: { kind: 'sqlite', path },
    keys: given.keys && { ...given.keys, store: { kind: 'sqlite', path: join(folder, 'keys.db') } },
  };
  const gateway = await createGateway(config, {
    ledger,
    node,
    logger: createLogger('silent'),
    secrets: ['the secret of the shop, which is 32 bytes and more'],
  });
  const { url } = await gateway.listen();
  return {
    url,
    adminUrl: gateway.adminUrl,
    node,
    asked,
    async pay(unpaid) {
      const field = unpaid.headers.get('www-authenticate') ?? '';
      const [challenge] = parseChallenges([field]).challenges;
      if (challenge === undefined) throw new Error(`There is no challenge in a ${unpaid.status}.`);
      const details = decodeRequest(challenge.request)?.methodDetails;
      const invoice =
        typeof details === 'object' && details !== null && 'invoice' in details
          ? String(details.invoice)
          : '';
      const payment = await node.payInvoice({ invoice, maxFeeMsat: 0n, timeoutMs: 10_000 });
      if (payment.status !== 'succeeded') throw new Error(`Not paid: ${payment.status}`);
      return serializeCredential({ challenge, payload: { preimage: payment.preimage } });
    },
    async close() {
      await gateway.close({ drainMs: 2_000 });
      await new Promise<void>((resolve) => {
        upstream.close(() => resolve());
        upstream.closeAllConnections();
      });
      await ledger.close();
      await rm(folder, { recursive: true });
    },
  };
}
