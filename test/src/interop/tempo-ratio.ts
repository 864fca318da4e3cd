import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { parseChallenges, serializeCredential } from '@farebox/protocol';
import { httpRpc, tempoBuyer, tempoChain } from '@farebox/tempo';
import { readAll } from '@farebox/wallet';
import { openTempoMarket, type TempoMarket } from './tempo-market.js';

/**
 * Ratios of a paid request over Tempo in one run, on one chain with instant mining: our buyer at our gate against
 * mppx's client at mppx's server. Run: `node test/dist/interop/tempo-ratio.js [rounds]`.
 */
const rounds = Number(process.argv[2] ?? 60);
const warmUps = 15;

/** Passes everything on to the node and counts it. */
async function startCounter(nodeUrl: string) {
  const counter = { calls: 0, url: '', close: () => {} };
  const server = createServer(async (request, response) => {
    counter.calls += 1;
    const answer = await fetch(nodeUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: await text(request),
    });
    response.writeHead(200, { 'content-type': 'application/json' }).end(await answer.text());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // An address of a TCP server is never a path.
  counter.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  counter.close = () => {
    server.close();
    server.closeAllConnections();
  };
  return counter;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Everybody's round trip, all asking one node. */
async function contestants(host: TempoMarket, nodeUrl: string) {
  const market = await openTempoMarket(4217, { market: host, nodeUrl });
  const merchant = await market.person(1n);
  const [ours, theirs, wallets] = [
    await market.person(1_000_000_000n),
    await market.person(1_000_000_000n),
    await market.person(1_000_000_000n),
  ];
  const ourSeller = await market.ourSeller(10_000n, { recipient: merchant.address });
  const mppxSeller = await market.mppxSeller({ amount: '0.01', recipient: merchant.address });
  const rpc = httpRpc({ url: nodeUrl });
  const buyer = tempoBuyer({
    account: ours.account,
    chain: tempoChain(rpc),
    chainId: 4217,
    currencies: [market.token],
  });
  const amount = (units: bigint) => ({ amount: units, currency: market.token });
  const client = market.mppxClient(theirs);
  const wallet = market.wallet(wallets.account);
  let notes = 0;
  // Each buys another thing, as different buyers would.
  const at = ({ url }: { readonly url: string }) => {
    notes += 1;
    return `${url}/note?number=${notes}`;
  };
  async function payByMethod(url: string): Promise<number> {
    const asked = await fetch(url);
    await asked.arrayBuffer();
    const [challenge] = parseChallenges(asked.headers.get('www-authenticate') ?? '').challenges;
    if (challenge === undefined) throw new Error(`No challenge: ${asked.status}`);
    const deadlineMs = Date.now() + 20_000;
    const limits = { maxAmount: amount(10_000n), maxFee: amount(100_000n), deadlineMs };
    const outcome = await buyer.pay(challenge, limits);
    if (outcome.kind !== 'paid') throw new Error(outcome.detail);
    const { payload, source = '' } = outcome;
    const authorization = serializeCredential({ challenge, payload, source });
    const answer = await fetch(url, { headers: { authorization } });
    await answer.arrayBuffer();
    return answer.status;
  }
  return {
    market,
    rpc,
    round: {
      'mppx client, mppx server': async () => {
        const answer = await client.fetch(at(mppxSeller));
        await answer.arrayBuffer();
        return answer.status;
      },
      'our buyer, our gate': () => payByMethod(at(ourSeller)),
      'our wallet with its journal, our gate': async () => {
        const bought = await wallet.pay(
          { url: at(ourSeller) },
          { max: amount(10_000n), maxFee: amount(100_000n) },
        );
        await readAll(bought.answer, 10_000);
        return bought.answer.status;
      },
      'mppx client, our gate': async () => {
        const answer = await client.fetch(at(ourSeller));
        await answer.arrayBuffer();
        return answer.status;
      },
      'our buyer, mppx server': () => payByMethod(at(mppxSeller)),
    },
  };
}

const host = await openTempoMarket(4217);
const counter = await startCounter(host.devnet.url);
const timed = await contestants(host, host.devnet.url);
const counted = await contestants(host, counter.url);
const names = Object.keys(timed.round) as (keyof typeof timed.round)[]; // the keys of that very object

const times = new Map(names.map((name) => [name, [] as number[]]));
for (let round = 0; round < warmUps + rounds; round += 1) {
  // In turns, so that whatever else the machine does meets everybody alike.
  for (const name of names) {
    const startedMs = performance.now();
    const status = await timed.round[name]();
    if (status !== 200) throw new Error(`${name}: ${status}`);
    if (round >= warmUps) times.get(name)?.push(performance.now() - startedMs);
  }
}
const callRounds = 20;
const report: Record<string, unknown>[] = [];
const [reference] = names;
for (const name of names) {
  await counted.round[name]();
  counter.calls = 0;
  for (let round = 0; round < callRounds; round += 1) await counted.round[name]();
  const mine = median(times.get(name) ?? []);
  const base = median(times.get(reference ?? name) ?? []);
  report.push({
    who: name,
    'median ms': mine.toFixed(1),
    'of mppx': (mine / base).toFixed(2),
    'RPC calls': (counter.calls / callRounds).toFixed(2),
  });
}
console.table(report);
for (const { market, rpc } of [timed, counted]) {
  rpc.close();
  await market.close();
}
counter.close();
await host.close();
