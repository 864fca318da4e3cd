import { once } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { decodeRequest, parseCredential } from '@farebox/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { done, failed, run, start } from './command.js';
import type { WireRequest as Seen } from './wire-proxy.js';
import { type Buyer, type Identity, openWorld, type World, yearPrice } from './world.js';

// The buyer's side of the HeadlessDomains document, by the numbers of its requirements: `farebox domains` in processes of
// its own at a registrar in a process of its own, on a real Tempo chain, through a wire that is watched and can be cut.

let world: World;
let buyer: Buyer;
let agent: Identity;
beforeAll(async () => {
  world = await openWorld();
  buyer = await world.buyer();
  const made = await ok('key', 'create', '--registrar', world.url);
  const { key } = JSON.parse(readFileSync(String(made.file), 'utf8'));
  agent = { agentId: String(made.agentId), key };
  expect(JSON.stringify(made)).not.toContain(key);
});
afterAll(() => world?.close());
beforeEach(() => world.wire.reset());

let named = 0;
/** A name that nobody has. */
const fresh = () => {
  named += 1;
  return `name-${named}.agent`;
};

const ok = (...words: string[]) => done(buyer.home, ['domains', ...words], buyer.environment);
const no = (...words: string[]) => failed(buyer.home, ['domains', ...words], buyer.environment);
const order = (name: string) => ['register', name, '--agree-to-terms', '--yes'];

/** Asks the registrar by hand. */
async function byHand(path: string, key: string, body?: object): Promise<Record<string, unknown>> {
  const headers = { 'x-api-key': key, 'content-type': 'application/json' };
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const response = await fetch(world.url + path, { headers, ...init });
  return Object(await response.json());
}

describe('a preview', () => {
  it('says the price and what the policy thinks of it; nothing is ordered and nothing is locked', async () => {
    const name = fresh();
    expect(await ok('register', name, '--years', '2')).toMatchObject({
      ...{ paid: false, dryRun: true, domain: name, years: 2, unfinished: [] },
      prices: [
        { method: 'tempo', price: { amount: String(2n * yearPrice) }, payee: world.recipient, allowed: true },
      ],
    });
    expect(world.wire.seen.map(({ url }) => url)).toEqual(['/api/v1/domains/quote']);
    expect(await byHand(`/api/v1/domains/${name}/lock-status`, agent.key)).toMatchObject({ locked: false });
  });

  it('does not buy what costs nothing either', async () => {
    const name = fresh();
    expect(await ok('register', name, '--coupon', 'GIFT')).toMatchObject({ prices: [], dryRun: true });
    expect(await world.lookup(name)).toBe(404);
    expect(await ok(...order(name), '--coupon', 'GIFT')).toMatchObject({ paid: false, dryRun: false });
    expect(await world.lookup(name)).toBe(200);
  });
});

describe('the replay', () => {
  let sent: { readonly first: Seen; readonly second: Seen };
  it('R22: pays by an own key, once, for the name that was ordered', async () => {
    const name = fresh();
    const before = await world.earned();
    expect(await ok(...order(name))).toMatchObject({
      ...{ paid: true, domain: name, status: 200, receiptStatus: 'valid', warnings: [], identity: null },
      answer: { domain: name, owner_id: agent.agentId },
    });
    expect(await world.earned()).toBe(before + yearPrice);
    const [first, second, ...more] = world.wire.seen;
    if (first === undefined || second === undefined) throw new Error('There was no replay.');
    expect(more).toEqual([]);
    sent = { first, second };
  });

  it.each<[string, (seen: Seen) => unknown, unknown]>([
    ['R11: the method', ({ method }) => method, 'POST'],
    ['R12: the URL', ({ url }) => url, '/api/v1/domains/register'],
    ['R13: X-API-Key', ({ headers }) => headers['x-api-key'], expect.stringMatching(/^hd_agent_/)],
    ['R14: X-Payment-Method', ({ headers }) => headers['x-payment-method'], 'mpp'],
    ['R15: Content-Type', ({ headers }) => headers['content-type'], 'application/json'],
    [
      'R16: every byte of the JSON',
      ({ body }) => body.toString('latin1'),
      expect.stringContaining('"years":1'),
    ],
  ])('%s is what it was', (_title, part, expected) => {
    expect(part(sent.first)).toEqual(expected);
    expect(part(sent.second)).toEqual(part(sent.first));
  });

  it('R9, R10, R17: adds only Authorization: Payment, with a charge on chain 4217', () => {
    const { authorization, ...rest } = sent.second.headers;
    expect(rest).toEqual(sent.first.headers);
    const credential = parseCredential(String(authorization));
    if (!credential.ok) throw new Error(credential.detail);
    const { challenge, payload } = credential.value;
    expect(payload).toMatchObject({ type: 'transaction' });
    expect(decodeRequest(challenge.request)).toMatchObject({ methodDetails: { chainId: 4217 } });
  });

  it('R13: the key is on no disk but in its own file, for its owner alone', () => {
    const holding = readdirSync(buyer.home, { recursive: true, encoding: 'utf8' })
      .map((file) => join(buyer.home, file))
      .filter((file) => statSync(file).isFile() && readFileSync(file).includes(agent.key));
    expect(holding).toEqual([expect.stringContaining('registrars')]);
    expect(statSync(String(holding[0])).mode & 0o077).toBe(0);
  });

  it('R19, R20: a redirect to /search is not followed and no success; the same credential then finishes it, once', async () => {
    const name = fresh();
    const before = await world.earned();
    world.wire.trouble = 'redirect';
    const report = await no(...order(name));
    expect(report).toMatchObject({
      error: { code: 'malformed_replay', retry: 'resume', message: expect.stringContaining('/search') },
      ...{ status: 302, exitCode: 6, paid: null },
    });
    world.wire.trouble = 'none';
    expect(world.wire.seen.map(({ url }) => url)).not.toContain('/search');
    expect(await world.lookup(name)).toBe(404);
    const { id } = report;
    expect(await ok('resume', String(id))).toMatchObject({ paid: true, id, domain: name });
    const [one, other] = world.wire.paid.map(({ headers }) => headers.authorization);
    expect(other).toBe(one);
    expect(await world.lookup(name)).toBe(200);
    expect(await world.earned()).toBe(before + yearPrice);
  });

  it('R21: a page is no success, whether it came in place of the order or of its answer', async () => {
    const before = await world.earned();
    for (const trouble of ['page', 'answer-page'] as const) {
      world.wire.trouble = trouble;
      const name = fresh();
      const report = await no(...order(name));
      expect(report).toMatchObject({ error: { code: 'malformed_replay' }, status: 200 });
      expect([6, 7]).toContain(report.exitCode);
      expect(await world.lookup(name)).toBe(trouble === 'page' ? 404 : 200);
      world.wire.trouble = 'none';
      expect(await ok('resume', String(report.id))).toMatchObject({ paid: true, answer: { domain: name } });
    }
    expect(await world.earned()).toBe(before + 2n * yearPrice);
  });

  it('R18: an order whose answer was lost is told again, and charged once', async () => {
    const before = await world.earned();
    world.wire.trouble = 'lose-answer';
    const name = fresh();
    expect(await no(...order(name))).toMatchObject({ error: { code: 'answer_unknown' }, exitCode: 6 });
    expect(await world.lookup(name)).toBe(200);
    world.wire.trouble = 'none';
    expect(await ok('resume', '--all')).toMatchObject({ ok: true, orders: [{ paid: true, domain: name }] });
    expect(await world.earned()).toBe(before + yearPrice);
  });

  it('R25: a buyer that is killed between payment and answer finishes the order, and is charged once', async () => {
    const before = await world.earned();
    world.wire.trouble = 'hold';
    const name = fresh();
    const child = start(buyer.home, ['domains', ...order(name)], buyer.environment);
    const ended = once(child, 'exit');
    await vi.waitFor(async () => expect(await world.lookup(name)).toBe(200), {
      timeout: 60_000,
      interval: 50,
    });
    child.kill('SIGKILL');
    await ended;
    world.wire.trouble = 'none';
    // Not ordered anew, and the lock stays, as long as that is open.
    const [again, reset] = await Promise.all([no(...order(name)), no('locks', 'reset', name)]);
    expect(again).toMatchObject({ error: { code: 'unfinished_order' }, exitCode: 1 });
    expect(reset).toMatchObject({ error: { code: 'payment_unresolved' }, exitCode: 1 });
    expect(await ok('resume', '--all')).toMatchObject({ ok: true, orders: [{ paid: true, domain: name }] });
    expect(await world.earned()).toBe(before + yearPrice);
  });

  it('two of one buyer at the same moment: one name, one charge, and the other is told', async () => {
    const before = await world.earned();
    const name = fresh();
    const words = ['domains', ...order(name), '--json'];
    const runs = await Promise.all([1, 2].map(() => run(buyer.home, words, buyer.environment)));
    expect(runs.filter(({ code }) => code === 0)).toHaveLength(1);
    expect(await world.lookup(name)).toBe(200);
    expect(await world.earned()).toBe(before + yearPrice);
  });

  it('R15, R19, R28: without its type, or with another key, it is told what is wrong and uses nothing up', async () => {
    const name = fresh();
    const before = await world.earned();
    const other = await world.identity();
    world.wire.trouble = 'lose-type';
    const report = await no(...order(name));
    expect(report).toMatchObject({ error: { code: 'malformed_replay' }, status: 415, exitCode: 6 });
    world.wire.trouble = 'none';
    const [replay] = world.wire.paid;
    if (replay === undefined) throw new Error('There was no replay.');
    const { authorization = '' } = replay.headers;
    const stolen = { 'x-api-key': other.key, 'content-type': 'application/json', authorization };
    const url = world.url + replay.url;
    const refused = await fetch(url, { method: 'POST', headers: stolen, body: replay.body.toString() });
    expect(refused.status).toBe(403);
    expect(await world.lookup(name)).toBe(404);
    expect(await ok('resume', String(report.id))).toMatchObject({ answer: { owner_id: agent.agentId } });
    expect(await world.earned()).toBe(before + yearPrice);
  });
});

describe('identity', () => {
  it('is made from the payment where there is none: kept for the next time, and never shown', async () => {
    const { home, environment } = await world.buyer();
    const name = fresh();
    const bought = await done(home, ['domains', ...order(name)], environment);
    const { agentId, file } = Object(bought.identity);
    const { key } = JSON.parse(readFileSync(file, 'utf8'));
    expect(JSON.stringify(bought)).not.toContain(key);
    expect(await byHand('/api/v1/my-domains', key)).toMatchObject({
      data: [{ id: name, owner_id: agentId }],
    });
  });

  it('goes to the registrar that gave it, and to no other', async () => {
    const words = ['list', '--registrar', world.url.replace('127.0.0.1', 'localhost')];
    expect(await no(...words)).toMatchObject({ error: { code: 'identity_missing' } });
    expect(world.wire.seen).toEqual([]);
  });
});

describe('an access key', () => {
  it('R23, R24: is told that it is not registered, and pays from its root account once it is', async () => {
    const delegate = await world.buyer(buyer.address);
    const { key } = await world.identity();
    const environment = { ...delegate.environment, FAREBOX_REGISTRAR_KEY: key };
    const name = fresh();
    const words = ['domains', ...order(name)];
    const before = await world.earned();
    const refused = await failed(delegate.home, words, environment);
    expect(refused).toMatchObject({ paid: false });
    expect(JSON.stringify(refused)).toMatch(/access key/i);
    expect(await world.earned()).toBe(before);
    const allow = ['wallet', 'tempo', 'authorize', delegate.signer, '--limit', '2pathUSD', '--yes'];
    await done(buyer.home, allow, buyer.environment);
    expect(await done(delegate.home, words, environment)).toMatchObject({ paid: true, domain: name });
    expect(await world.earned()).toBe(before + yearPrice);
  });
});

describe('what is owned', () => {
  it('R8: is renewed by exactly the years that were bought, has records, and is given away only with --yes', async () => {
    const name = fresh();
    const first = await ok(...order(name), '--coupon', 'GIFT');
    const renewed = await ok('renew', name, '--years', '3', '--yes');
    const year = ({ answer }: Record<string, unknown>) =>
      new Date(Object(answer).expiry_date).getUTCFullYear();
    expect(year(renewed) - year(first)).toBe(3);
    const { answer } = await ok('records', 'add', name, 'www', 'a', '192.0.2.1');
    const id = String(Object(answer).id);
    await ok('records', 'set', name, id, 'www', 'A', '192.0.2.2', '--ttl', '60');
    expect(await byHand(`/api/v1/domains/${name}/records`, agent.key)).toMatchObject({
      data: [{ id, name: 'www', type: 'A', data: '192.0.2.2', ttl: 60 }],
    });
    await ok('records', 'delete', name, id);
    expect(await ok('records', 'list', name)).toMatchObject({ answer: { data: [] } });
    const other = await world.identity();
    expect(await ok('transfer', name, other.agentId)).toMatchObject({ done: false, dryRun: true });
    await ok('transfer', name, other.agentId, '--yes');
    expect(await no('records', 'list', name)).toMatchObject({ error: { code: 'not_allowed' }, status: 403 });
    expect(await no(...order(name))).toMatchObject({ error: { code: 'taken' }, paid: false, exitCode: 1 });
  });
});

describe('R25, R26: a lock', () => {
  it('of somebody else is explained and stays; an own one that nobody paid for is cleared', async () => {
    const name = fresh();
    const other = await world.identity();
    const [domain, namespace] = name.split('.');
    const asked = await byHand('/api/v1/domains/register', other.key, { domain, namespace, years: 1 });
    expect(asked).toMatchObject({ status: 402 });
    const [refused, kept] = await Promise.all([no(...order(name)), no('locks', 'reset', name)]);
    expect(refused).toMatchObject({ error: { code: 'locked', retry: 'safe' }, status: 423, paid: false });
    expect(JSON.stringify(refused)).toContain(`farebox domains locks reset ${name}`);
    expect(kept).toMatchObject({ error: { code: 'not_allowed' }, status: 403 });
    const owner = { ...buyer.environment, FAREBOX_REGISTRAR_KEY: other.key };
    await done(buyer.home, ['domains', 'locks', 'reset', name], owner);
    expect(await ok('locks', 'status', name)).toMatchObject({ answer: { locked: false } });
  });
});
