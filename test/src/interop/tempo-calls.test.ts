import { afterAll, beforeAll, expect, it } from 'vitest';
import { type NodeLine, startNodeLine } from './node-line.js';
import { type Contest, type Contestant, openContest } from './tempo-contestants.js';
import { openTempoMarket, type TempoMarket } from './tempo-market.js';

let market: TempoMarket;
let line: NodeLine;
let contest: Contest;
beforeAll(async () => {
  market = await openTempoMarket(4217);
  line = await startNodeLine(market.devnet.url);
  contest = await openContest(market, line.url);
});
afterAll(async () => {
  await contest.close();
  await line.close();
  await market.close();
});

/** What buyer and seller together ask of the node for one purchase, once they know each other. */
async function callsOf(name: Contestant): Promise<readonly string[]> {
  expect(await contest.round[name]()).toBe(200);
  line.asked.length = 0;
  expect(await contest.round[name]()).toBe(200);
  return [...line.asked];
}

it('a purchase takes two calls of the node, with the wallet too: at most a third of what mppx takes', async () => {
  const theirs = await callsOf('mppx client, mppx server');
  const ours = await callsOf('our buyer, our gate');
  expect(ours).toEqual(['eth_call', 'eth_sendRawTransactionSync']);
  expect(await callsOf('our wallet with its journal, our gate')).toEqual(ours);
  expect(ours.length).toBeLessThanOrEqual(theirs.length / 3);
});
