import { decodeInvoice } from '@farebox/lightning';
import { parseChallenges, serializeCredential } from '@farebox/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bought, invoiceOf } from '../chaos/by-hand.js';
import { killAll } from '../chaos/processes.js';
import { countOf, type Random, randomFrom, seedOf } from '../chaos/random.js';
import { hostileRequest } from './attempts.js';
import type { Bases } from './credentials.js';
import { type GatewayProcess, startGatewayProcess } from './gateway-process.js';
import { exchangeBytes, Lane, statusesOf } from './lane.js';
import { hostileBytes } from './smuggling.js';
import { forSale, Upstream } from './upstream.js';

/** How many requests are tried. The long run: `FUZZ_RUNS=100000 npx vitest run test/dist/fuzz/gateway-fuzz`. */
const runs = countOf('FUZZ_RUNS', 8_000);
/** One in so many goes as raw bytes over a connection of its own. */
const rawEvery = 8;
/** Clients that keep their connection, and clients that send raw bytes. */
const clients = { kept: 12, raw: 12 };
/** What the heap after a collection may grow by between the middle and the end, bytes. */
const heapGrowthBytesMax = 2 * 1024 * 1024;
/** What the process may grow by in that time: the allocator keeps some of what it had, bytes. */
const rssGrowthBytesMax = 32 * 1024 * 1024;
/** Largest header section that the gateway takes by default, bytes. */
const headerBytesMax = 16_384;
/** A generous bound for one try on a busy machine, milliseconds. */
const runMsMax = 10;

let upstream: Upstream;
let gateway: GatewayProcess;
let bases: Bases;

beforeAll(async () => {
  upstream = await new Upstream().listen();
  gateway = await startGatewayProcess(upstream.url);
  const used = await buy('/paid/price');
  const answer = await ask('/paid/price', used);
  expect([answer.status, await answer.text()]).toEqual([200, forSale]);
  bases = { used, fresh: await buy('/paid/price'), other: await buy('/paid/other') };
  upstream.reset();
});

afterAll(async () => {
  await killAll();
  await upstream.close();
});

function ask(path: string, bought?: Bought): Promise<Response> {
  const headers = bought === undefined ? {} : { Authorization: bought.credential };
  return fetch(`http://127.0.0.1:${gateway.port}${path}`, { headers });
}

async function buy(path: string): Promise<Bought> {
  const answer = await ask(path);
  const [challenge] = parseChallenges(answer.headers.get('www-authenticate') ?? '').challenges;
  if (challenge === undefined) throw new Error(`No challenge: ${answer.status} ${await answer.text()}`);
  const invoice = decodeInvoice(invoiceOf(challenge));
  if (!invoice.ok) throw new Error(invoice.detail);
  const preimage = await gateway.preimage(invoice.value.paymentHash);
  return { challenge, preimage, credential: serializeCredential({ challenge, payload: { preimage } }) };
}

class Run {
  readonly faults: string[] = [];
  readonly statuses: Record<number, number> = {};
  readonly #random: Random;
  #left = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Tries so many requests, all clients at once. */
  async try(count: number): Promise<void> {
    this.#left = count;
    const kept = Array.from({ length: clients.kept }, () => this.#keptClient());
    const raw = Array.from({ length: clients.raw }, () => this.#rawClient());
    await Promise.all([...kept, ...raw]);
  }

  async #keptClient(): Promise<void> {
    const lane = new Lane(gateway.port);
    while (this.#left > 0 && this.faults.length < 20) {
      this.#left -= 1;
      const attempt = hostileRequest(this.#random, bases);
      const answer = await lane.ask(attempt);
      const tooLong = attempt.bytes.length > headerBytesMax;
      if (answer === undefined) this.#fault('hangs', attempt.kind, attempt.bytes);
      // What is too long may be cut off before its answer has been read.
      else if (answer.status === 0 && !tooLong) this.#fault('got no answer', attempt.kind, attempt.bytes);
      else this.#judge(attempt.kind, attempt.bytes, answer.text, [answer.status]);
    }
    lane.close();
  }

  async #rawClient(): Promise<void> {
    // Each of these waits for the others' share, so that the mix is the same however fast either kind is.
    let share = Math.ceil(this.#left / (rawEvery * clients.raw));
    for (; share > 0 && this.faults.length < 20; share--) {
      this.#left -= 1;
      const attempt = hostileBytes(this.#random, bases);
      const text = await exchangeBytes(gateway.port, attempt.bytes);
      if (text === undefined) this.#fault('hangs', attempt.kind, attempt.bytes);
      else this.#judge(attempt.kind, attempt.bytes, text, statusesOf(text));
    }
  }

  #judge(kind: string, bytes: Buffer, text: string, statuses: readonly number[]): void {
    for (const status of statuses) {
      this.statuses[status] = (this.statuses[status] ?? 0) + 1;
      if (status >= 500) this.#fault(`answered ${status}`, kind, bytes);
    }
    if (text.includes(forSale)) this.#fault('was served', kind, bytes);
    const { fresh, used, other } = bases;
    if ([fresh, used, other].some(({ preimage }) => text.includes(preimage)))
      this.#fault('was told a preimage', kind, bytes);
  }

  #fault(what: string, kind: string, bytes: Buffer): void {
    // Without the credentials, which are long and say little to people.
    const shown = bytes.toString('latin1').replace(/payment [A-Za-z0-9_-]{40,}/gi, 'Payment …');
    this.faults.push(`${kind} ${what}: ${JSON.stringify(shown.slice(0, 600))}`);
  }
}

describe('the gateway, fuzzed', () => {
  it(`in ${runs} hostile requests: never a 5xx, never a crash, never access, and memory stays flat`, {
    timeout: 60_000 + runs * runMsMax,
  }, async () => {
    const seed = seedOf('FUZZ_SEED');
    const run = new Run(randomFrom(seed));
    await run.try(Math.floor(runs / 2));
    const middle = await gateway.memory();
    await run.try(Math.ceil(runs / 2));
    const end = await gateway.memory();
    process.stderr.write(`${JSON.stringify({ runs, seed, statuses: run.statuses, middle, end })}\n`);

    expect(run.faults).toEqual([]);
    expect(gateway.child.running).toBe(true);
    expect(gateway.child.stderr).toBe('');
    expect(upstream.sold).toEqual([]);
    expect(upstream.leaks).toEqual([]);
    // The bases' one claim; what is unpaid leaves nothing behind.
    expect(await gateway.claims()).toBe(1);
    expect(end.heapBytes - middle.heapBytes).toBeLessThan(heapGrowthBytesMax);
    expect(end.rssBytes - middle.rssBytes).toBeLessThan(rssGrowthBytesMax);
  });

  it('and afterwards the credential that all of it was made from is as good as on the first day, once', async () => {
    const first = await ask('/paid/price', bases.fresh);
    expect([first.status, await first.text()]).toEqual([200, forSale]);
    const second = await ask('/paid/price', bases.fresh);
    expect([second.status, (await second.text()).includes(forSale)]).toEqual([402, false]);
    expect(upstream.sold).toEqual(['GET /paid/price']);
    await gateway.close();
    expect((await gateway.child.exited).code).toBe(0);
  });
});
