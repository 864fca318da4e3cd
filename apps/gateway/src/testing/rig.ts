import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ClaimState, type Ledger, openSqliteLedger } from '@farebox/ledger';
import type { InvoiceNode } from '@farebox/lightning';
import { PaperNode } from '@farebox/lightning/paper';
import { type Challenge, decodeRequest, parseChallenges, serializeCredential } from '@farebox/protocol';
import { checkConfig } from '../config/load.js';
import type { ConfigInput } from '../config/schema.js';
import { createGateway, type Gateway, type GatewayDependencies } from '../gateway.js';
import { createLogger } from '../log.js';
import { type Ask, ask, type Reply } from './client.js';

/** The secret of every rig, so that a test can look for it. */
export const rigSecret = 'the secret of the gateway under test, 32 bytes and more';

/** A real upstream on loopback. */
export interface TestUpstream {
  readonly url: string;
  readonly server: Server;
  close(): Promise<void>;
}

/** Starts a real upstream. */
export async function startUpstream(listener: RequestListener): Promise<TestUpstream> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A TCP server that listens has an AddressInfo.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    server,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** What a rig is made of. */
export interface RigOptions {
  readonly listener?: RequestListener;
  readonly routes?: ConfigInput['routes'];
  readonly config?: Partial<ConfigInput>;
  readonly dependencies?: Omit<GatewayDependencies, 'node' | 'ledger'>;
  /** Stands before the ledger. */
  readonly ledger?: (real: Ledger) => Ledger;
  /** Stands before the paper node. */
  readonly node?: (paper: PaperNode) => InvoiceNode;
}

/** A gateway that listens, with a real upstream, a real ledger on disk and a node of paper. */
export interface Rig {
  readonly gateway: Gateway;
  readonly node: PaperNode;
  readonly upstream: TestUpstream;
  readonly url: string;
  readonly port: number;
  ask(path: string, options?: Ask): Promise<Reply>;
  /** Asks, pays what is asked for, and returns the credential. */
  buy(path: string, options?: Ask): Promise<string>;
  /** Asks, pays and asks again. */
  askPaid(path: string, options?: Ask): Promise<Reply>;
  close(): Promise<void>;
}

const ROUTES: ConfigInput['routes'] = [
  { match: 'ANY /paid/*', upstream: 'api', price: '1 sat' },
  { match: 'ANY /free/*', upstream: 'api', price: 'free' },
];

/** Opens a rig. */
export async function openRig(options: RigOptions = {}): Promise<Rig> {
  const folder = await mkdtemp(join(tmpdir(), 'farebox-gateway-'));
  const upstream = await startUpstream(
    options.listener ?? ((_request, response) => response.end('{"ok":true}')),
  );
  const ledger = await openSqliteLedger({ path: join(folder, 'farebox.db') });
  const node = new PaperNode();
  const config = checkConfig({
    realm: 'http://shop.test',
    listen: '127.0.0.1:0',
    lightning: { node: { kind: 'devnet' } },
    upstreams: { api: upstream.url },
    routes: options.routes ?? ROUTES,
    ...options.config,
  });
  const gateway = await createGateway(config, {
    secrets: [rigSecret],
    logger: createLogger('silent'),
    ...options.dependencies,
    ledger: options.ledger?.(ledger) ?? ledger,
    node: options.node?.(node) ?? node,
  });
  const { url, port } = await gateway.listen();
  const rig: Rig = {
    gateway,
    node,
    upstream,
    url,
    port,
    ask: (path, how) => ask(port, path, how),
    async buy(path, how) {
      const unpaid = await ask(port, path, how);
      if (unpaid.status !== 402)
        throw new Error(`Expected 402, got ${unpaid.status}: ${unpaid.body.toString()}`);
      return payFor(node, unpaid);
    },
    async askPaid(path, how) {
      const credential = await rig.buy(path, how);
      return ask(port, path, { ...how, headers: [...(how?.headers ?? []), 'Authorization', credential] });
    },
    async close() {
      await gateway.close({ drainMs: 2_000 });
      await upstream.close();
      await ledger.close();
      await rm(folder, { recursive: true });
    },
  };
  return rig;
}

/** The one challenge of a 402. */
export function challengeOf(reply: Pick<Reply, 'fields'>): Challenge {
  const [challenge] = parseChallenges(reply.fields('www-authenticate')).challenges;
  if (challenge === undefined) throw new Error('There is no challenge.');
  return challenge;
}

/** Pays the challenge of a 402 and makes the credential. */
export async function payFor(node: PaperNode, reply: Pick<Reply, 'fields'>): Promise<string> {
  const challenge = challengeOf(reply);
  const details = decodeRequest(challenge.request)?.methodDetails;
  const invoice =
    typeof details === 'object' && details !== null && 'invoice' in details ? details.invoice : '';
  const payment = await node.payInvoice({ invoice: String(invoice), maxFeeMsat: 0n, timeoutMs: 1_000 });
  if (payment.status !== 'succeeded') throw new Error(`Not paid: ${payment.status}`);
  return serializeCredential({ challenge, payload: { preimage: payment.preimage } });
}

/** How many claims the ledger has in a state. */
export async function claims(gateway: Gateway, state: ClaimState): Promise<number> {
  const totals = await gateway.ledger.totals();
  return totals.filter((total) => total.state === state).reduce((sum, total) => sum + total.count, 0);
}

/** Looks again until a condition holds; fails after a minute: machines are slow when they are busy. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = Date.now() + 60_000;
  while (!(await holds())) {
    if (Date.now() > endMs) throw new Error(`Still not: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
