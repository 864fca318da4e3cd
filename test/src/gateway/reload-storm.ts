import type { IncomingMessage } from 'node:http';
import { until } from '../chaos/processes.js';
import { Buyer, type Purchase } from './buyer.js';
import { startGatewayProcess } from './gateway-process.js';
import { LoadUpstream } from './load-upstream.js';

/** How long anything may take: beyond it something hangs. */
const hangsAfterMs = 120_000;

/** How large a storm is. */
export interface StormPlan {
  readonly reloads: number;
  readonly streams: number;
  readonly buyers: number;
}

/** What a storm has shown. */
export interface StormReport {
  readonly reloads: number;
  readonly streams: number;
  /** Events that every stream has got, one by one. */
  readonly events: number;
  /** Purchases besides those of the streams. */
  readonly purchases: number;
  /** Requests without payment, each answered 402. */
  readonly unpaid: number;
  /** Requests for a route that only one version has, answered by that version. */
  readonly routes: number;
  /** What went wrong. */
  readonly faults: readonly string[];
  /** Claims by state. */
  readonly claims: Readonly<Record<string, number>>;
  readonly paidSat: string;
  readonly bookedSat: string;
}

/** Event streams whose events are counted one by one. */
class Streams {
  /** The last event of each. */
  readonly last: number[] = [];
  readonly #buyer: Buyer;
  readonly #fault: (text: string) => void;
  readonly #closers: (() => void)[] = [];
  #closing = false;

  constructor(buyer: Buyer, fault: (text: string) => void) {
    this.#buyer = buyer;
    this.#fault = fault;
  }

  /** Opens one; with a payment, on the route that is sold. */
  open(paid: Purchase | undefined): void {
    const at = this.last.push(-1) - 1;
    const path = paid === undefined ? '/free/stream' : '/paid/stream';
    const headers = paid === undefined ? {} : { authorization: paid.credential };
    const asked = this.#buyer.open(path, { headers }, (response) => this.#follow(at, response));
    asked.on('error', (error) => this.#ended(at, error.message));
    this.#closers.push(() => asked.destroy());
  }

  /** True when the last event of each is this one. */
  all(number: number): boolean {
    return this.last.every((last) => last === number);
  }

  close(): void {
    this.#closing = true;
    for (const close of this.#closers) close();
  }

  #follow(at: number, response: IncomingMessage): void {
    if (response.statusCode !== 200) this.#fault(`a stream began with ${response.statusCode}`);
    let rest = '';
    response.setEncoding('utf8').on('data', (part: string) => {
      const parts = (rest + part).split('\n\n');
      rest = parts.pop() ?? '';
      for (const text of parts) {
        const number = text === 'data: begun' ? 0 : Number(text.slice('data: '.length));
        if (number !== (this.last[at] ?? 0) + 1)
          this.#fault(`stream ${at} got ${text} after ${this.last[at]}`);
        this.last[at] = number;
      }
    });
    response.on('error', () => undefined).on('close', () => this.#ended(at, 'closed'));
  }

  #ended(at: number, why: string): void {
    if (!this.#closing) this.#fault(`stream ${at} ended: ${why}`);
  }
}

/** Clients that buy, and clients that try without, until they are told to stop. */
class Crowd {
  purchases = 0;
  unpaid = 0;
  paidSat = 0n;
  over = false;
  readonly #buyer: Buyer;
  readonly #fault: (text: string) => void;

  constructor(buyer: Buyer, fault: (text: string) => void) {
    this.#buyer = buyer;
    this.#fault = fault;
  }

  /** Resolves when it is over. Every fourth client does not pay. */
  run(clients: number): Promise<unknown> {
    const lane = async (work: () => Promise<void>): Promise<void> => {
      while (!this.over) await work().catch((error: unknown) => this.#fault(String(error)));
    };
    return Promise.all(
      Array.from({ length: clients }, (_, at) => lane(at % 4 === 3 ? this.#attempt : this.#purchase)),
    );
  }

  async buy(path: string): Promise<Purchase> {
    const bought = await this.#buyer.buy(path);
    this.paidSat += bought.amountSat;
    return bought;
  }

  readonly #purchase = async (): Promise<void> => {
    const { credential } = await this.buy('/paid/price');
    const reply = await this.#buyer.ask('/paid/price', { headers: { authorization: credential } });
    const good =
      reply.status === 200 && reply.body === 'served' && reply.headers['payment-receipt'] !== undefined;
    if (good) this.purchases += 1;
    else this.#fault(`a purchase ended with ${reply.status} ${reply.body}`);
  };

  readonly #attempt = async (): Promise<void> => {
    const headers = { authorization: 'Payment bm90aGluZw' };
    const { status } = await this.#buyer.ask('/paid/price', { headers });
    if (status === 402) this.unpaid += 1;
    else this.#fault(`an unpaid request got ${status}`);
  };
}

/**
 * Reloads a gateway under open event streams and paid load. At each reload upstream, prices and routes change. After each,
 * every stream, whichever upstream it began at, must get another event; buyers buy and others try without paying all the while.
 */
export async function runReloadStorm({ reloads, streams: count, buyers }: StormPlan): Promise<StormReport> {
  const upstreams = [await new LoadUpstream().listen(), await new LoadUpstream().listen()];
  const gateway = await startGatewayProcess(upstreams.map(({ url }) => url));
  const buyer = new Buyer(gateway.port, gateway.seed, count + 2 * buyers + 16);
  const faults: string[] = [];
  const fault = (text: string): void => void (faults.length < 50 && faults.push(text));
  const streams = new Streams(buyer, fault);
  const crowd = new Crowd(buyer, fault);
  let [events, routes] = [0, 0];
  try {
    for (let at = 0; at < count; at++)
      streams.open(at % 2 === 0 ? await crowd.buy('/paid/stream') : undefined);
    await until('all streams have begun', () => streams.all(0), hangsAfterMs);
    const load = crowd.run(buyers);
    for (let version = 1; version <= reloads; version++) {
      await gateway.reload(version);
      const { status } = await buyer.ask(`/version/${version}`);
      const before = await buyer.ask(`/version/${version - 1}`);
      if (status === 200 && before.status === 404) routes += 1;
      else fault(`after reload ${version}: ${status}, and ${before.status} for the route of before`);
      for (const upstream of upstreams) upstream.say(String(version));
      await until(`every stream goes on after reload ${version}`, () => streams.all(version), hangsAfterMs);
      events += count;
    }
    crowd.over = true;
    await load;
    streams.close();
    const ended = async (): Promise<boolean> =>
      (await gateway.totals()).claims.every(({ state }) => state === 'answered' || state === 'cut');
    await until('every claim has ended', ended, hangsAfterMs);
    const { claims } = await gateway.totals();
    return {
      ...{ reloads, streams: count, events, routes, faults },
      ...{ purchases: crowd.purchases, unpaid: crowd.unpaid, paidSat: String(crowd.paidSat) },
      claims: Object.fromEntries(claims.map(({ state, count: claimed }) => [state, claimed])),
      bookedSat: String(claims.reduce((sum, { paid }) => sum + BigInt(paid), 0n)),
    };
  } finally {
    crowd.over = true;
    streams.close();
    buyer.close();
    await gateway.close();
    for (const upstream of upstreams) await upstream.close();
  }
}
