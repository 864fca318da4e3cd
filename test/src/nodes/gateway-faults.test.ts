import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkConfig, createGateway, createLogger, type Gateway } from '@farebox/gateway';
import { decodeInvoice } from '@farebox/lightning';
import {
  type Challenge,
  decodeRequest,
  isJsonObject,
  parseChallenges,
  serializeCredential,
} from '@farebox/protocol';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startUpstream, type Upstream } from '../interop/upstream.js';
import { type Backing, routerFeeMsat, startBacking } from './backing.js';
import { type OwnCertificate, selfSigned } from './certificate.js';
import type { Facade } from './facade.js';
import { serveLndFacade } from './lnd-facade.js';
import { bakeMacaroon, invoiceMacaroonOperations } from './lnd-macaroon.js';
import { payMs, succeeded, until } from './steps.js';
import { layWire, type Wire } from './wire.js';

// A real gateway that sells for an LND (facade, with the devnet behind it) whose faults come and go while it runs.

const macaroon = bakeMacaroon(invoiceMacaroonOperations).toString('hex');
const macaroons = new Map<string, readonly string[]>();
let backing: Backing;
let upstream: Upstream;
let own: OwnCertificate;
let facade: Facade;
let stranger: Facade;
const behindWire = { port: 0 };
let wire: Wire;
let folder = '';
let gateway: Gateway;
let url = '';
let log = '';

beforeAll(async () => {
  [backing, upstream] = await Promise.all([startBacking(), startUpstream()]);
  own = selfSigned();
  facade = await serveLndFacade({ backing, certificate: own, macaroons });
  stranger = await serveLndFacade({ backing, certificate: selfSigned(), macaroons });
  behindWire.port = facade.port;
  wire = await layWire(behindWire);
});
afterAll(async () => {
  await wire.close();
  await Promise.all([facade.close(), stranger.close(), upstream.close()]);
  await backing.close();
});

function configOf(more: Record<string, string> = {}) {
  const files = { macaroon_file: 'invoice.macaroon', tls_cert_file: 'tls.cert' };
  const node = { kind: 'lnd' as const, url: `https://127.0.0.1:${wire.port}`, ...files, ...more };
  return checkConfig(
    {
      realm: 'https://api.example.com',
      listen: '127.0.0.1:0',
      ledger: 'sqlite:farebox.db',
      lightning: { node },
      upstreams: { api: upstream.url },
      routes: [{ match: 'GET /v1/*', upstream: 'api', price: '1 sat' }],
    },
    { directory: folder },
  );
}

async function open(): Promise<void> {
  await Promise.all([
    writeFile(join(folder, 'invoice.macaroon'), Buffer.from(macaroon, 'hex')),
    writeFile(join(folder, 'tls.cert'), own.cert),
  ]);
  const config = configOf({ network: 'regtest' });
  const logger = createLogger('info', {
    write(line) {
      log += line;
    },
  });
  gateway = await createGateway(config, {
    logger,
    secrets: ['the secret of a gateway whose node has faults'],
  });
  ({ url } = await gateway.listen());
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farebox-node-faults-'));
  macaroons.set(macaroon, invoiceMacaroonOperations);
  log = '';
});
afterEach(async () => {
  await heal();
  await gateway.close({ drainMs: 0 });
  await rm(folder, { recursive: true });
});

async function heal(): Promise<void> {
  backing.lie(undefined);
  macaroons.set(macaroon, invoiceMacaroonOperations);
  behindWire.port = facade.port;
  await wire.set('open');
}

const ask = (credential?: string) =>
  fetch(`${url}/v1/price`, credential === undefined ? {} : { headers: { Authorization: credential } });

async function challengeOf(response: Response): Promise<Challenge> {
  await response.text();
  expect(response.status).toBe(402);
  const [challenge] = parseChallenges(response.headers.get('www-authenticate') ?? '').challenges;
  if (challenge === undefined) throw new Error('no challenge');
  return challenge;
}

/** Pays with the devnet's own wallet, which needs nothing of the facade. */
async function pay(challenge: Challenge): Promise<string> {
  const details = decodeRequest(challenge.request)?.methodDetails;
  const invoice = isJsonObject(details) ? String(details.invoice) : '';
  expect(decodeInvoice(invoice)).toMatchObject({
    ok: true,
    value: { amountMsat: 1_000n, network: 'regtest' },
  });
  const terms = { maxFeeMsat: routerFeeMsat, timeoutMs: payMs };
  const { preimage } = succeeded(await backing.honest.wallet.payInvoice({ invoice, ...terms }));
  return serializeCredential({ challenge, payload: { preimage } });
}

const paidSat = async () => {
  const totals = await gateway.ledger.totals();
  return totals.reduce((sum, { paid }) => sum + paid.amount, 0n);
};

interface Fault {
  readonly name: string;
  begin(): Promise<void> | void;
  /** What the operator reads. */
  readonly words: RegExp;
}

const faults: readonly Fault[] = [
  {
    name: 'down',
    begin: () => wire.set('down'),
    words: /does not answer \(ECONNRE(?:FUSED|SET)\); check that it runs/,
  },
  {
    name: 'slow',
    begin: () => wire.set('silent'),
    words: /deadline_exceeded: No answer within \d+ ms|does not answer/,
  },
  {
    name: 'shows another TLS certificate',
    begin() {
      behindWire.port = stranger.port;
      wire.cut();
    },
    words:
      /shows a certificate that is not trusted \([A-Z_]+\); nothing was sent\. Give the node's own certificate/,
  },
  {
    name: 'does not accept the macaroon',
    begin: () => void macaroons.delete(macaroon),
    words: /does not accept the macaroon, or it lacks a right \(verification failed/,
  },
  {
    name: 'has a full disk',
    begin: () => backing.lie('disk-full'),
    words: /LND refused \(.*no space left on device\)/,
  },
  {
    name: 'makes an invoice for another amount',
    begin: () => backing.lie('amount'),
    words: /LND made an invoice for 2000 msat, not 1000 msat; it is not used/,
  },
  {
    name: 'makes an invoice for another network',
    begin: () => backing.lie('network'),
    words: /LND made an invoice for mainnet, not regtest; connect a node of that network/,
  },
];

describe('a node behind a gateway (facade)', () => {
  it.each(faults)('that $name: said plainly, nothing consumed, and over by itself', async (fault) => {
    await open();
    const used = await pay(await challengeOf(await ask()));
    const [paid, unpaid] = [await pay(await challengeOf(await ask())), await challengeOf(await ask())];
    await (await ask(used)).text();
    const before = await paidSat();
    log = '';
    await fault.begin();

    // The client: 500, which everybody can read, and when to come back.
    const refused = await until(ask, ({ status }) => status !== 402);
    expect(refused.status).toBe(500);
    expect(refused.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    expect(refused.headers.get('www-authenticate')).toBeNull();
    expect(refused.headers.get('payment-receipt')).toBeNull();
    const problem: unknown = await refused.json();
    expect(problem).toMatchObject({
      type: expect.stringMatching(/payment-service-unavailable$/),
      title: 'Payment service unavailable',
      status: 500,
    });
    // What is wrong with the node is nobody's business but its operator's.
    expect(JSON.stringify(problem)).not.toMatch(/LND|macaroon|certificate|127\.0\.0\.1|device|mainnet/i);

    // The operator: the reason, in the log, without a secret.
    expect(log).toMatch(/"msg":"no payment can be taken"/);
    expect(log).toMatch(fault.words);
    expect(log).not.toContain(macaroon);

    // What was paid before needs no node: it buys, once. What is proved wrongly is refused and uses nothing up.
    const bad = serializeCredential({ challenge: unpaid, payload: { preimage: '00'.repeat(32) } });
    const others = await Promise.all([ask(bad), ask(used)]);
    // An invoice that was ready before is still an offer where the node answers at all.
    for (const { status } of others) expect([402, 500]).toContain(status);
    const delivered = await ask(paid);
    expect([delivered.status, delivered.headers.get('payment-receipt')]).toEqual([200, expect.any(String)]);
    await delivered.text();
    expect(await paidSat()).toBe(before + 1n);

    // It is over: no restart, and the challenge of before is as good as it was.
    await heal();
    await until(
      async () => {
        const response = await ask();
        await response.text();
        return response.status;
      },
      (status) => status === 402,
    );
    const late = await ask(await pay(unpaid));
    expect(late.status).toBe(200);
    await late.text();
    const fresh = await ask(await pay(await challengeOf(await ask())));
    expect(fresh.status).toBe(200);
    await fresh.text();
    expect(await paidSat()).toBe(before + 3n);
  });

  it('that is down at the start: the gateway starts where the network is named, and sells once it is there', async () => {
    await wire.set('down');
    await open();
    expect((await ask()).status).toBe(500);
    expect(log).toMatch(/the Lightning node cannot be asked; until it can, nothing is sold over Lightning/);
    await heal();
    const response = await until(ask, ({ status }) => status === 402);
    const bought = await ask(await pay(await challengeOf(response)));
    expect(bought.status).toBe(200);
    await bought.text();
  });

  it('that is down at the start, on a network that nobody names: the gateway says what to do', async () => {
    await open();
    await wire.set('down');
    const secrets = ['the secret of a gateway whose node has faults'];
    const config = { ...configOf(), ledger: { kind: 'sqlite', path: ':memory:' } as const };
    await expect(createGateway(config, { secrets, logger: createLogger('silent') })).rejects.toMatchObject({
      code: 'node_config_invalid',
      message: expect.stringMatching(/does not answer .* lightning\.node\.network/),
    });
  });
});

describe('invoices that are ready while their node is down (facade)', () => {
  it('are given to nobody, and are once it is back', async () => {
    await open();
    // Many are asked for, so that some are kept ready.
    for (let i = 0; i < 12; i++) await challengeOf(await ask());
    await wire.set('down');
    // The pool may not know it for some seconds; then it says no, and goes on saying so.
    await until(
      async () => {
        const response = await ask();
        await response.text();
        return response.status;
      },
      (status) => status === 500,
    );
    for (let i = 0; i < 5; i++) {
      const response = await ask();
      await response.text();
      expect(response.status).toBe(500);
    }
    await heal();
    const response = await until(ask, ({ status }) => status === 402);
    const bought = await ask(await pay(await challengeOf(response)));
    expect(bought.status).toBe(200);
    await bought.text();
  });
});
