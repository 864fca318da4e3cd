import { lightningBuyer } from '@farebox/lightning';
import { createPayingFetch, createWallet, type PayingFetch, WalletError } from '@farebox/wallet';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openMsMax } from './faults-scene.js';
import { FaultyWire } from './faulty-wire.js';
import { goodsFor } from './goods.js';
import { deliver, HostileSeller, type Turn } from './hostile-seller.js';
import { type Child, killAll, until } from './processes.js';
import { bodyOf, openWorld, type RouteName, routes, type World } from './world.js';

let world: World;
let gateway: Child;
let wire: FaultyWire;

beforeAll(async () => {
  world = await openWorld();
  gateway = await world.startGateway();
  wire = await new FaultyWire(world.url).listen();
}, openMsMax);

afterAll(async () => {
  await wire.close();
  await killAll();
  await world.close();
});

const spendable = async () => (await world.wallet.balance()).spendableMsat;

/** Runs the command to its end. */
async function farebox(...words: string[]) {
  const child = world.farebox([...words, '--json']);
  const { code } = await child.exited;
  const said: unknown = JSON.parse(code === 0 ? child.stdout : child.stderr);
  return { code, said: Object(said), output: child.stdout + child.stderr };
}

describe('the exit code is honest, whatever the seller does', () => {
  let seller: HostileSeller;

  beforeEach(async () => {
    seller = await new HostileSeller(world.merchant).listen();
  });

  afterEach(() => seller.close());

  interface Sample {
    readonly name: string;
    readonly code: number;
    /** Satoshis that leave the node. */
    readonly spent: bigint;
    readonly act: (turn: Turn) => unknown;
  }

  const asks = (claim: Parameters<HostileSeller['challenge']>[0]) => (turn: Turn) =>
    turn.credential ? deliver(turn) : seller.ask(turn.response, claim);
  const paid = (then: (turn: Turn) => unknown) => (turn: Turn) =>
    turn.credential ? then(turn) : seller.ask(turn.response, { amountSat: 2n });

  const samples: readonly Sample[] = [
    { name: 'delivers', code: 0, spent: 2n, act: paid(deliver) },
    {
      name: 'garbage for a challenge',
      code: 1,
      spent: 0n,
      act: ({ response }) => response.writeHead(402, { 'WWW-Authenticate': 'Payment ,,="' }).end(),
    },
    { name: 'hangs up before anything', code: 3, spent: 0n, act: ({ response }) => response.destroy() },
    {
      name: 'an invoice that cannot be paid any more',
      code: 4,
      spent: 0n,
      act: async ({ response }) => {
        const challenge = await seller.challenge({ amountSat: 2n });
        await world.merchant.cancelInvoice(seller.invoices.at(-1) ?? '');
        return seller.ask(response, challenge);
      },
    },
    { name: 'an inflated invoice', code: 5, spent: 0n, act: asks({ amountSat: 1n, invoiceSat: 50_000n }) },
    {
      name: 'hangs up with the payment',
      code: 6,
      spent: 2n,
      act: paid(({ response }) => response.destroy()),
    },
    {
      name: 'breaks off within the goods',
      code: 6,
      spent: 2n,
      act: paid(({ response }) => {
        response.writeHead(200, { 'Content-Length': 100 });
        response.write('half', () => response.destroy());
      }),
    },
    {
      name: 'asks again',
      code: 7,
      spent: 2n,
      act: paid((turn) => seller.ask(turn.response, { amountSat: 2n })),
    },
    {
      name: '302 to /search',
      code: 7,
      spent: 2n,
      act: paid(({ response }) => response.writeHead(302, { Location: '/search' }).end()),
    },
    { name: 'fails', code: 7, spent: 2n, act: paid(({ response }) => response.writeHead(500).end('<html>')) },
  ];

  it.each(samples)('$name: $code', async ({ code, spent, act }) => {
    seller.behave(async (turn) => void (await act(turn)));
    const before = await spendable();
    const ran = await farebox('pay', 'request', seller.url, '--yes', '--max', '100sat');
    expect([ran.code, before - (await spendable())]).toEqual([code, spent * 1_000n]);
    expect(seller.presented).toBe(spent > 0n ? 1 : 0);
    for (const { credential } of seller.turns) {
      if (credential) expect(ran.output).not.toContain(String(credential.payload.preimage));
    }
  });
});

describe('paid, and then the answer is lost', () => {
  const names: readonly RouteName[] = ['safe', 'stream', 'idempotent', 'once'];

  /** Presents a payment, and cuts the connection between the gateway and the wallet before the answer comes through. */
  async function lose(path: string, call: () => Promise<unknown>): Promise<unknown> {
    let letGo = (): void => {};
    world.goods.hold = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const calling = call();
    await until('the credential has arrived', () => world.goods.hitsOf(path).length > 0);
    wire.fault = { kind: 'reset', afterBytes: 0 };
    letGo();
    const outcome = await calling;
    wire.mend();
    return outcome;
  }

  function open(): PayingFetch {
    const methods = [lightningBuyer({ node: world.wallet, network: 'regtest' })];
    return createPayingFetch({ wallet: createWallet({ methods, journal: world.journal }) });
  }

  it.each(names)('on a %s route: the same payment gets the answer', async (route) => {
    const path = `/${route}/lost-${route}`;
    const { method, priceSat } = routes[route];
    const init = method === 'GET' ? {} : { method, body: bodyOf(`lost-${route}`) };
    const before = await spendable();
    const failure = await lose(path, () => open()(wire.url + path, init).catch((error: unknown) => error));
    if (!(failure instanceof WalletError)) throw new Error(`It did not fail: ${String(failure)}`);
    expect(failure).toMatchObject({
      code: 'answer_unknown',
      outcome: 'unknown',
      retry: 'resume',
      spent: 'yes',
    });
    const response = await open().resume(failure.paymentId ?? '');
    expect([response.status, await response.text()]).toEqual([200, goodsFor(path)]);
    const entry = world.journal.find(failure.paymentId ?? '');
    expect(entry).toMatchObject({ state: 'delivered', presentations: 2, receipt: { status: 'success' } });
    expect(before - (await spendable())).toBe(priceSat * 1_000n);
  });

  it('by the command: 6, then resume gets it', async () => {
    const path = '/once/lost-command';
    const before = await spendable();
    const ran = await lose(path, () =>
      farebox('pay', 'request', wire.url + path, '-X', 'POST', '-d', bodyOf('lost-command'), '--yes'),
    );
    expect(ran).toMatchObject({ code: 6, said: { error: { retry: 'resume' } } });
    const entry = world.journal.list({ limit: 1 })[0];
    const resumed = await farebox('pay', 'resume', entry?.id ?? '');
    expect(resumed.code).toBe(0);
    expect(resumed.output).toContain(goodsFor(path));
    expect(world.goods.hitsOf(path)).toHaveLength(1);
    expect(before - (await spendable())).toBe(routes.once.priceSat * 1_000n);
  });

  it('with the whole gateway: the same payment gets the answer from its next life', async () => {
    const path = '/idempotent/lost-gateway';
    world.goods.hold = new Promise<void>(() => undefined);
    const before = await spendable();
    const calling = open()(world.url + path, { method: 'PUT', body: bodyOf('lost-gateway') });
    const ended = calling.catch((error: unknown) => error);
    await until('the credential has arrived', () => world.goods.hitsOf(path).length > 0);
    await gateway.kill('SIGKILL');
    const failure = await ended;
    if (!(failure instanceof WalletError)) throw new Error(`It did not fail: ${String(failure)}`);
    expect(failure.code).toBe('answer_unknown');
    world.goods.hold = Promise.resolve();
    gateway = await world.startGateway();
    const response = await open().resume(failure.paymentId ?? '');
    expect([response.status, await response.text()]).toEqual([200, goodsFor(path)]);
    expect(before - (await spendable())).toBe(routes.idempotent.priceSat * 1_000n);
  });
});
