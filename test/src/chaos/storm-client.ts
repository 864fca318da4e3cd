import type { Challenge } from '@farebox/protocol';
import { parseChallenges, parseReceipt, serializeCredential } from '@farebox/protocol';
import { invoiceOf } from './by-hand.js';
import { goodsFor } from './goods.js';
import type { Random } from './random.js';
import { bodyOf, type RouteName, routes, type World } from './world.js';

/** One thing that a client bought, and what came of it. */
export interface Purchase {
  readonly route: RouteName;
  readonly path: string;
  /** Sent with every presentation, where there is one. */
  readonly key: string | undefined;
  readonly challenge: Challenge;
  readonly preimage: string;
  presentations: number;
  /** Whole answers with the goods and a genuine receipt. */
  served: number;
  /** Presentations that ended without a whole answer. */
  broken: number;
  /** What the client was told last instead of an answer: status and problem. */
  told: string;
  /** All that it was told instead of an answer, in order, as {@link told}. */
  readonly refusals: string[];
}

/** How often a client presents one credential before it leaves the rest to the audit. */
const presentationsMax = 12;
/** How long a client waits before it asks again, milliseconds. */
const againMs = 40;
/** Longest that a client waits for an answer, milliseconds. */
const answerMsMax = 15_000;

/** A buyer that goes on buying, whatever happens to the gateways, and never pays twice for one thing. */
export class StormClient {
  readonly purchases: Purchase[] = [];
  /** Everything that must not be. */
  readonly violations: string[] = [];
  readonly #world: World;
  readonly #name: string;
  readonly #random: Random;
  #bought = 0;

  constructor(world: World, name: string, random: Random) {
    this.#world = world;
    this.#name = name;
    this.#random = random;
  }

  /** Buys until it is told to stop, and ends what it has begun. */
  async run(going: () => boolean): Promise<void> {
    while (going()) {
      const route = this.#random.pick<RouteName>(['safe', 'stream', 'idempotent', 'once']);
      const keyed = this.#random.below(2) === 0;
      await this.#buy(route, keyed, going);
    }
  }

  async #buy(route: RouteName, keyed: boolean, going: () => boolean): Promise<void> {
    const path = `/${route}/${this.#name}-${++this.#bought}`;
    const challenge = await this.#challenge(route, path, going);
    if (challenge === undefined) return;
    const invoice = invoiceOf(challenge);
    const paid = await this.#world.wallet.payInvoice({ invoice, maxFeeMsat: 0n, timeoutMs: 60_000 });
    if (paid.status !== 'succeeded') return;
    const key = keyed ? `${this.#name} ${this.#bought}` : undefined;
    const proof = { challenge, preimage: paid.preimage };
    const purchase: Purchase = {
      route,
      path,
      key,
      ...proof,
      presentations: 0,
      served: 0,
      broken: 0,
      told: '',
      refusals: [],
    };
    this.purchases.push(purchase);
    while (going() && purchase.presentations < presentationsMax && purchase.served === 0) {
      const over = await this.present(purchase);
      this.#judge(purchase);
      if (over) return;
      await pause(againMs);
    }
  }

  /** 402 for what was paid is a lie, unless an answer may have got lost behind the wire. */
  #judge({ path, served, broken, told }: Purchase): void {
    if (served === 0 && broken === 0 && told.startsWith('402'))
      this.violations.push(`${path}: paid, never served, and told ${told}`);
  }

  async #challenge(route: RouteName, path: string, going: () => boolean): Promise<Challenge | undefined> {
    while (going()) {
      const answer = await this.#send(route, path, {}, answerMsMax).catch(() => undefined);
      if (answer?.status === 402) {
        return parseChallenges(answer.headers.get('www-authenticate') ?? '').challenges[0];
      }
      await pause(againMs);
    }
    return undefined;
  }

  /** Presents once, at a random gateway or at `url`. True: it makes no sense to ask again. */
  async present(purchase: Purchase, url?: string, withinMs = answerMsMax): Promise<boolean> {
    const { challenge, preimage, path, route, key } = purchase;
    const credential = serializeCredential({ challenge, payload: { preimage } });
    const headers = { Authorization: credential, ...(key === undefined ? {} : { 'Idempotency-Key': key }) };
    purchase.presentations++;
    try {
      const answer = await this.#send(route, path, headers, withinMs, url);
      const body = await answer.text();
      if (body.includes(preimage)) this.violations.push(`${path}: the answer holds the preimage`);
      if (answer.status !== 200) {
        purchase.told = `${answer.status} ${/problems\/([a-z/-]+)/.exec(body)?.[1] ?? ''}`;
        purchase.refusals.push(purchase.told);
        return answer.status !== 409 ? answer.status < 500 : !body.includes('in-progress');
      }
      const receipt = parseReceipt(answer.headers.get('payment-receipt') ?? '');
      const genuine = receipt.ok && receipt.value.challengeId === challenge.id && body === goodsFor(path);
      if (!genuine) this.violations.push(`${path}: served without its goods or its receipt`);
      purchase.served++;
      return true;
    } catch (error) {
      // A gateway that is not there has not been presented anything.
      if (isRefusedConnection(error)) purchase.presentations--;
      else purchase.broken++;
      return false;
    }
  }

  #send(
    route: RouteName,
    path: string,
    headers: Record<string, string>,
    withinMs: number,
    url?: string,
  ): Promise<Response> {
    const { method } = routes[route];
    const body = method === 'GET' ? {} : { body: bodyOf(path.slice(path.lastIndexOf('/') + 1)) };
    const signal = AbortSignal.timeout(withinMs);
    const { urls } = this.#world;
    const at = url ?? urls[this.#random.below(urls.length)] ?? '';
    return fetch(at + path, { method, headers, signal, ...body });
  }
}

function isRefusedConnection(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED';
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
