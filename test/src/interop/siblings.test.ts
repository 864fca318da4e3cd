import { request as httpRequest } from 'node:http';
import { readAll } from '@farebox/wallet';
import { fetchWithMpp } from '@getalby/lightning-tools/402';
import { Mppx } from 'mppx/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Market, openMarket, payWith } from './market.js';
import { mppxLightningClient } from './mppx-lightning.js';
import { type Listening, listen } from './upstream.js';

let market: Market;

beforeAll(async () => {
  market = await openMarket();
});
afterAll(() => market.close());

/** Stands before the gateway, as any proxy may, and puts challenges of its own beside ours. */
function startProxy(before: string | undefined, after: string | undefined): Promise<Listening> {
  return listen((request, response) => {
    const { method = 'GET', url = '/', headers } = request;
    const forward = httpRequest(`${market.url}${url}`, { method, headers }, (answer) => {
      const sent = Object.entries(answer.headersDistinct).flatMap(([name, values = []]) => {
        const all =
          name === 'www-authenticate'
            ? [before, ...values, after].filter((value) => value !== undefined)
            : values;
        return all.flatMap((value) => [name, value]);
      });
      response.writeHead(answer.statusCode ?? 0, sent);
      answer.pipe(response);
    });
    request.pipe(forward);
  });
}

async function buyWithWallet(url: string): Promise<number> {
  const { answer } = await market.wallet.pay({ url });
  await readAll(answer, 100_000);
  return answer.status;
}

async function buyWithMppx(url: string): Promise<number> {
  const methods = [mppxLightningClient(market.devnet.wallet)];
  return (await Mppx.create({ polyfill: false, methods }).fetch(url)).status;
}

async function buyWithTools(url: string): Promise<number> {
  const payInvoice = ({ invoice }: { invoice: string }) => payWith(market.devnet.wallet, invoice);
  return (await fetchWithMpp(url, {}, { wallet: { payInvoice } })).status;
}

const other = 'Payment id="other", realm="other", method="tempo", intent="charge", request="e30"';
const malformed = 'Payment id="bad", realm="bad", method="lightning", intent="charge"';
const basic = 'Basic realm="other"';

/** What becomes of a GET for 1 sat: its status, 0 where the client throws, and whether it was paid for. */
const outcomes = {
  bought: [200, true],
  'left unpaid': [402, false],
  'thrown, unpaid': [0, false],
  'paid for nothing': [402, true],
} as const;
type Outcome = keyof typeof outcomes;

interface Case {
  readonly name: string;
  readonly before?: string;
  readonly after?: string;
  readonly mppx: Outcome;
  readonly tools: Outcome;
}

// What our wallet does is a promise. What the peers do is what these releases do: to be read by everyone, a gate must
// send nothing malformed, no other scheme, and nothing after the lightning challenge. Ours sends none of that.
const cases: readonly Case[] = [
  { name: 'no sibling', mppx: 'bought', tools: 'bought' },
  { name: 'another method before', before: other, mppx: 'bought', tools: 'bought' },
  { name: 'another method after', after: other, mppx: 'bought', tools: 'thrown, unpaid' },
  { name: 'another scheme before', before: basic, mppx: 'bought', tools: 'left unpaid' },
  { name: 'another scheme after', after: basic, mppx: 'bought', tools: 'paid for nothing' },
  { name: 'a malformed one before', before: malformed, mppx: 'thrown, unpaid', tools: 'bought' },
  { name: 'a malformed one after', after: malformed, mppx: 'thrown, unpaid', tools: 'paid for nothing' },
];

describe.each(cases)('an answer with $name', ({ before, after, mppx, tools }) => {
  let proxy: Listening;
  beforeAll(async () => {
    proxy = await startProxy(before, after);
  });
  afterAll(() => proxy.close());

  it.each([
    ['our wallet', 'bought', buyWithWallet],
    ['mppx', mppx, buyWithMppx],
    ['lightning-tools', tools, buyWithTools],
  ] as const)('%s: %s', async (_, outcome, buy) => {
    let status: number | undefined;
    const cost = await market.cost(async () => {
      status = await buy(`${proxy.url}/v1/price`).catch(() => 0);
    });
    const [wantedStatus, paid] = outcomes[outcome];
    expect([status, cost]).toEqual([wantedStatus, paid ? 1_000n : 0n]);
  });
});
