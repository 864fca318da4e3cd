import { setTimeout as pause } from 'node:timers/promises';
import type { Random } from '../chaos/random.js';
import type { Buyer, Purchase, Reply } from './buyer.js';
import { type LoadUpstream, largeBytes } from './load-upstream.js';

/** What a soak works with. */
export interface SoakWorld {
  readonly buyer: Buyer;
  readonly upstream: LoadUpstream;
  readonly random: Random;
  /** Requests that were sent. */
  sent(): void;
  /** A payment was made; it has to be found in the books. */
  paid(purchase: Purchase): void;
  fault(text: string): void;
}

type Kind = (world: SoakWorld) => Promise<void>;

/** How long it may take until an answer that was cut is given again, milliseconds. */
const markedMsMax = 60_000;
/** How long a client waits before it asks again, milliseconds. */
const againMs = 5;

const authorized = ({ credential }: Purchase, more: Record<string, string> = {}) => ({
  headers: { authorization: credential, ...more },
});

async function expectStatus(
  world: SoakWorld,
  what: string,
  reply: Promise<Reply>,
  status: number,
  bytes?: number,
): Promise<Reply> {
  world.sent();
  const answer = await reply;
  if (answer.status !== status || (bytes !== undefined && answer.bytes !== bytes))
    world.fault(`${what}: ${answer.status} with ${answer.bytes} bytes: ${answer.body.slice(0, 200)}`);
  return answer;
}

async function buy(world: SoakWorld, path: string, ask = {}): Promise<Purchase> {
  world.sent();
  const purchase = await world.buyer.buy(path, ask);
  world.paid(purchase);
  return purchase;
}

const purchase: Kind = async (world) => {
  const bought = await buy(world, '/paid/price');
  await expectStatus(world, 'a purchase', world.buyer.ask('/paid/price', authorized(bought)), 200, 6);
  // Used, and elsewhere.
  if (world.random.below(4) === 0)
    await expectStatus(world, 'a used credential', world.buyer.ask('/paid/price', authorized(bought)), 402);
};

const stray: Kind = async (world) => {
  const bought = await buy(world, '/paid/price');
  await expectStatus(world, 'a stray credential', world.buyer.ask('/paid/other', authorized(bought)), 403);
  await expectStatus(world, 'the right place', world.buyer.ask('/paid/price', authorized(bought)), 200);
};

const order: Kind = async (world) => {
  const key = String(world.random.fraction());
  const how = { method: 'POST', body: `{"order":"${key}"}` };
  const bought = await buy(world, '/paid/order', how);
  const ask = { ...how, ...authorized(bought, { 'idempotency-key': key }) };
  await expectStatus(world, 'an order', world.buyer.ask('/paid/order', ask), 200, how.body.length);
  const again = await expectStatus(
    world,
    'an order again',
    world.buyer.ask('/paid/order', ask),
    200,
    how.body.length,
  );
  if (again.headers['idempotent-replayed'] !== 'true') world.fault('an order was not replayed');
};

const failing: Kind = async (world) => {
  const bought = await buy(world, '/paid/failing');
  world.upstream.failing += 1;
  world.sent();
  const first = await world.buyer.ask('/paid/failing', authorized(bought));
  // Somebody else may have met the failure that was meant for us.
  if (first.status === 200) return;
  if (first.status !== 502) world.fault(`a failing upstream: ${first.status}`);
  for (let tries = 0; tries < 30; tries++) {
    world.sent();
    const { status } = await world.buyer.ask('/paid/failing', authorized(bought));
    if (status === 200) return;
  }
  world.fault('a credit was not redeemed');
};

/** The client leaves in the middle of what it has paid for, and comes back. */
const leaving: Kind = async (world) => {
  const bought = await buy(world, '/paid/large');
  world.sent();
  await new Promise<void>((resolve) => {
    const asked = world.buyer.open('/paid/large', authorized(bought), (response) => {
      response.once('data', () => asked.destroy());
      response.on('error', () => undefined).on('close', resolve);
    });
    asked.on('error', () => undefined).on('close', resolve);
  });
  // The gateway may not have seen yet that the client has left, or its disk may be busy with the mark.
  for (const endMs = Date.now() + markedMsMax; Date.now() < endMs; await pause(againMs)) {
    world.sent();
    const { status, bytes } = await world.buyer.ask('/paid/large', authorized(bought));
    if (status === 200 && bytes === largeBytes) return;
    // All of it was on its way before the client left: then it is used up, as the documents say.
    if (status === 402) return;
    if (status !== 409) return world.fault(`after leaving: ${status}`);
  }
  world.fault('what was cut was not given again');
};

const simple =
  (what: string, path: string, status: number, ask = {}, bytes?: number): Kind =>
  async (world) =>
    void (await expectStatus(world, what, world.buyer.ask(path, ask), status, bytes));

const unpaid: Kind = async (world) => {
  // The same client asks again and again, as those do that do not pay: one invoice for all of it.
  const headers = { 'idempotency-key': `unpaid ${world.random.below(50)}` };
  await expectStatus(world, 'unpaid', world.buyer.ask('/paid/price', { headers }), 402);
};

const text = 'x'.repeat(2_048);

/** What is asked for, and how often of a hundred. */
export const soakKinds: readonly (readonly [weight: number, kind: Kind])[] = [
  [14, purchase],
  [2, stray],
  [4, order],
  [1, failing],
  [1, leaving],
  [16, unpaid],
  [26, simple('free', '/free/x', 200, {}, 6)],
  [12, simple('a body', '/free/echo', 200, { method: 'POST', body: text }, text.length)],
  [1, simple('large', '/free/large', 200, {}, largeBytes)],
  [3, simple('a short stream', '/free/short', 200, {}, 9)],
  [5, simple('forged', '/paid/price', 402, { headers: { authorization: 'Payment bm90aGluZw' } })],
  [4, simple('nowhere', '/nowhere', 404)],
  [3, simple('no path', '/free/../paid/price', 400)],
  [3, simple('shadow', '/shadow/x', 200)],
  [3, simple('health', '/readyz', 200)],
  [2, simple('no method', '/shadow/x', 405, { method: 'DELETE' })],
];
