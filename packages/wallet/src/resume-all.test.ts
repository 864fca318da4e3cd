import { afterEach, beforeEach, expect, it } from 'vitest';
import { readAll } from './answer.js';
import type { Header } from './request.js';
import type { ResumeAllOptions } from './resume-all.js';
import { failureOf } from './testing/failure.js';
import { openTestPurse, type TestPurse } from './testing/purse.js';
import { ask, deliver, Seller, type Turn } from './testing/seller.js';

let mine: Seller;
let other: Seller;
let purse: TestPurse;
let down = true;
const key: Header = ['X-API-Key', 'k1'];

beforeEach(async () => {
  down = true;
  // Two sellers, who are paid at the same node.
  const behave = async ({ seen, response, seller }: Turn) => {
    if (seen.credential === undefined) return ask(response, await seller.challenge({ node: mine.node }));
    if (down) return void response.writeHead(503).end();
    deliver(response, seen.credential);
  };
  mine = await new Seller(behave).listen();
  other = await new Seller(behave).listen();
  purse = openTestPurse(mine.node);
});
afterEach(async () => {
  purse.close();
  await mine.close();
  await other.close();
});

async function payIntoCredit(seller: Seller, ...headers: readonly Header[]): Promise<string> {
  const failure = await failureOf(purse.wallet.pay({ url: seller.url, headers }));
  expect(failure.code).toBe('seller_failed');
  return failure.paymentId ?? '';
}

async function resumeAll(options: ResumeAllOptions): Promise<string[]> {
  const delivered: string[] = [];
  for await (const report of purse.wallet.resumeAll(options)) {
    if (!report.ok || report.result.kind !== 'delivered') continue;
    await readAll(report.result.answer, 1_000);
    delivered.push(report.id);
  }
  return delivered;
}

it('a secret goes only to the seller whose request had it', async () => {
  const ids = [await payIntoCredit(mine, key), await payIntoCredit(other)];
  down = false;
  expect((await resumeAll({ headers: [key] })).sort()).toEqual(ids.sort());
  expect(mine.seen.at(-1)?.headers['x-api-key']).toBe('k1');
  expect(other.seen.at(-1)?.credential).toBeDefined();
  expect(other.seen.at(-1)?.headers).not.toHaveProperty('x-api-key');
});

it('a header that the request did not have is not sent with one payment either', async () => {
  const id = await payIntoCredit(other);
  down = false;
  expect((await purse.wallet.resume(id, { headers: [key] })).kind).toBe('delivered');
  expect(other.seen.at(-1)?.headers).not.toHaveProperty('x-api-key');
});

it('a secret that two sellers were sent is refused, and nothing is presented', async () => {
  await payIntoCredit(mine, key);
  const theirs = await payIntoCredit(other, ['X-API-Key', 'theirs']);
  down = false;
  const before = mine.seen.length + other.seen.length;
  expect(await failureOf(resumeAll({ headers: [key] }))).toMatchObject({
    code: 'invalid_request',
    exitClass: 'usage',
    message: expect.stringContaining('more than one seller'),
  });
  expect(mine.seen.length + other.seen.length).toBe(before);
  // Each by itself has no such doubt.
  const only: ResumeAllOptions['only'] = ({ id }) => id === theirs;
  expect(await resumeAll({ headers: [['X-API-Key', 'theirs']], only })).toEqual([theirs]);
  expect(other.seen.at(-1)?.headers['x-api-key']).toBe('theirs');
});
