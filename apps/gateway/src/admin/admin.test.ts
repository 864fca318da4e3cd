import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openShop, type Shop } from '../keys/testing/shop.js';

let shop: Shop;
let token = '';

beforeAll(async () => {
  shop = await openShop({
    config: {
      plans: {
        trial: {
          rate: [{ requests: 2, per: '1h' }],
          quota: [{ requests: 9, per: 'month' }],
          key_life: '10d',
        },
      },
      routes: [
        { match: 'GET /paid/*', upstream: 'api', price: '2 sat', labels: ['paid'] },
        { match: 'GET /open', upstream: 'api', price: 'free' },
      ],
    },
    admin: true,
  });
  token = (await readFile(join(shop.folder, 'admin.token'), 'utf8')).trim();
});
afterAll(() => shop.close());

interface Asked {
  readonly method?: string;
  readonly body?: unknown;
  readonly authorization?: string | undefined;
  /** Of the body; undefined: JSON where there is one. */
  readonly type?: string;
}

async function ask(path: string, asked: Asked = {}) {
  const { method = 'GET', body, authorization = `Bearer ${token}` } = asked;
  const type = asked.type ?? (body === undefined ? undefined : 'application/json');
  const response = await fetch(`${shop.gateway.adminUrl}${path}`, {
    method,
    headers: { authorization, ...(type === undefined ? {} : { 'content-type': type }) },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: response.status, headers: response.headers, json: JSON.parse(await response.text()) };
}

describe('the token', () => {
  it('is made where there is none, for its owner alone', async () => {
    expect(token.length).toBeGreaterThanOrEqual(32);
    expect((await stat(join(shop.folder, 'admin.token'))).mode & 0o077).toBe(0);
  });

  it.each([
    '',
    'Bearer',
    'Bearer wrong',
    `Basic ${Buffer.from('a:b').toString('base64')}`,
    `Bearer ${'x'.repeat(5_000)}`,
  ])('%j opens nothing', async (authorization) => {
    const refused = await ask('/v1/keys', { authorization });
    expect(refused).toMatchObject({ status: 401, json: { status: 401, title: 'Unauthorized' } });
    expect(refused.headers.get('www-authenticate')).toMatch(/^Bearer /);
    expect((await ask('/v1/keys', { method: 'POST', body: {}, authorization })).status).toBe(401);
  });
});

describe('keys', () => {
  it('are made, used at once, changed, rotated and revoked', async () => {
    const made = await ask('/v1/keys', {
      method: 'POST',
      body: { name: 'Acme', plan: 'trial', scopes: ['paid'] },
    });
    expect(made).toMatchObject({ status: 201, json: { name: 'Acme', plan: 'trial', state: 'active' } });
    const { key: secret, id, created, expires } = made.json;
    expect(Date.parse(expires) - Date.parse(created)).toBe(10 * 86_400_000);
    const status = async (key: string) => (await shop.ask('/paid/x', { headers: ['X-API-Key', key] })).status;
    expect(await status(secret)).toBe(200);

    const changed = await ask(`/v1/keys/${id}`, {
      method: 'PATCH',
      body: { plan: 'default', expires: null },
    });
    expect(changed.json).toMatchObject({ id, plan: 'default', expires: null, name: 'Acme' });
    const rotated = await ask(`/v1/keys/${id}/rotate`, { method: 'POST', body: { keepOldSeconds: 0 } });
    expect(rotated.json.key).not.toBe(secret);
    expect((await ask(`/v1/keys/${id}`, { method: 'DELETE' })).json).toMatchObject({ id, state: 'revoked' });
    expect((await ask(`/v1/keys/${id}/rotate`, { method: 'POST', body: {} })).status).toBe(404);
    expect((await ask(`/v1/keys/${id}`)).json.state).toBe('revoked');
    const shown = JSON.stringify([await ask('/v1/keys'), await ask(`/v1/keys/${id}`)]);
    expect(shown).not.toContain(secret);
    expect(shown).not.toContain(rotated.json.key);
  });

  it.each([
    [{ plan: 'none' }, /There is no plan "none"/],
    [{ scopes: ['everything!'] }, /is no scope/],
    [{ scopes: ['unpaid'] }, /No route has the label "unpaid"; there are: paid/],
    [{ expires: '2020-01-01T00:00:00Z' }, /past/],
    [{ expires: 'soon' }, /expires/],
    [{ name: 'x'.repeat(101) }, /name/],
    [{ colour: 'red' }, /Unrecognized|colour/],
    ['{', /JSON/],
    [[], /expected object/i],
  ])('%j is refused, with what is wrong', async (body, detail) => {
    const { status, json } = await ask('/v1/keys', { method: 'POST', body });
    expect([status, json.status]).toEqual([400, 400]);
    expect(json.detail).toMatch(detail);
  });

  it.each<[string, Asked, number, number]>([
    ['no body and no type', {}, 415, 200],
    ['a type and no body', { type: 'application/json' }, 415, 200],
    ['another type and no body', { type: 'text/plain' }, 415, 200],
    ['another type', { body: '{}', type: 'text/plain' }, 415, 415],
    ['bytes of no type', { body: '{}', type: '' }, 415, 415],
    ['half of a body', { body: '{"a":' }, 400, 400],
    ['nothing, in JSON', { body: 'null' }, 400, 400],
  ])('%s is the mistake of who asks, or no mistake', async (_what, asked, needed, optional) => {
    const { id } = (await ask('/v1/keys', { method: 'POST', body: {} })).json;
    for (const [method, path, status] of [
      ['POST', '/v1/keys', needed],
      ['PATCH', `/v1/keys/${id}`, needed],
      ['POST', `/v1/keys/${id}/rotate`, optional],
    ] as const) {
      const answer = await ask(path, { ...asked, method });
      expect([path, answer.status]).toEqual([path, status]);
      if (status === 415) expect(answer.json.detail).toMatch(/application\/json/);
    }
  });

  it('are listed a page at a time', async () => {
    for (let i = 0; i < 3; i++) await ask('/v1/keys', { method: 'POST', body: { name: `page ${i}` } });
    const names: string[] = [];
    for (let after = ''; ; ) {
      const { json } = await ask(`/v1/keys?limit=2${after}`);
      names.push(...json.keys.map(({ name }: { name: string }) => name));
      if (json.next === null) break;
      after = `&after=${json.next}`;
    }
    expect(names.filter((name) => name.startsWith('page'))).toEqual(['page 0', 'page 1', 'page 2']);
  });

  it('that do not exist are 404', async () => {
    for (const [method, path] of [
      ['GET', '/v1/keys/key_none'],
      ['DELETE', '/v1/keys/key_none'],
      ['GET', '/v1/nothing'],
    ] as const)
      expect((await ask(path, { method })).status).toBe(404);
  });
});

describe('the ledger', () => {
  it('its claims and revenue are told, to the last unit', async () => {
    const before = new Date(Date.now() - 1_000).toISOString();
    const paths = ['/paid/a', '/paid/b', '/paid/c'];
    for (const path of paths) {
      const reply = await shop.ask(path, { headers: ['Authorization', await shop.buy(path)] });
      expect(reply.status).toBe(200);
    }
    const first = await ask('/v1/claims?limit=2');
    expect(first.json.claims).toHaveLength(2);
    const rest = await ask(`/v1/claims?limit=500&after=${first.json.next}`);
    const all = [...first.json.claims, ...rest.json.claims];
    expect(all.map(({ resource }) => resource)).toEqual(paths.map((path) => `GET ${path}`));
    expect(rest.json.next).toBeNull();
    expect(
      (await ask(`/v1/claims?from=${encodeURIComponent(before)}&route=GET%20/paid/*`)).json.claims,
    ).toHaveLength(3);
    expect((await ask('/v1/claims?state=released,unknown')).json.claims).toEqual([]);

    const { claim, challengeId, reference } = all[1];
    for (const name of [String(claim), challengeId, reference]) {
      const one = await ask(`/v1/claims/${encodeURIComponent(name)}`);
      expect(one.json).toMatchObject({ claim, amount: '2', currency: 'sat', method: 'lightning' });
      expect(one.json.entries).toEqual([
        expect.objectContaining({ debit: 'received', credit: 'revenue', amount: '2', currency: 'sat' }),
      ]);
    }
    expect((await ask('/v1/claims/999')).status).toBe(404);

    const row = {
      route: 'GET /paid/*',
      method: 'lightning',
      currency: 'sat',
      payments: 3,
      received: '6',
      revenue: '6',
    };
    expect((await ask('/v1/revenue')).json).toMatchObject({ by: 'total', rows: [{ start: null, ...row }] });
    const days = (await ask('/v1/revenue?by=day')).json.rows;
    const sum = days.reduce((total: number, { revenue }: { revenue: string }) => total + Number(revenue), 0);
    expect(sum).toBe(6);
    expect(days[0].start).toMatch(/T00:00:00.000Z$/);
    expect((await ask('/v1/revenue?until=2020-01-01T00:00:00Z')).json.rows).toEqual([]);
  });

  it.each([
    '/v1/claims?state=paid',
    '/v1/claims?limit=0',
    '/v1/claims?limit=501',
    '/v1/claims?from=yesterday',
    '/v1/revenue?by=week',
  ])('%s is 400', async (path) => {
    expect((await ask(path)).status).toBe(400);
  });
});

describe('the gateway', () => {
  it('tells its routes, plans and state', async () => {
    const { routes } = (await ask('/v1/routes')).json;
    expect(routes).toMatchObject([
      {
        match: 'GET /paid/*',
        mode: 'charge',
        prices: [{ method: 'lightning', amount: '2', currency: 'sat' }],
        labels: ['paid'],
      },
      { match: 'GET /open', mode: 'free', prices: [] },
    ]);
    const { plans } = (await ask('/v1/plans')).json;
    expect(plans.find(({ name }: { name: string }) => name === 'trial')).toEqual({
      name: 'trial',
      windows: [
        { name: '1h', requests: 2, per: '3600s' },
        { name: 'month', requests: 9, per: 'month' },
      ],
      concurrency: null,
      keyLifeSeconds: 864_000,
    });
    expect((await ask('/v1/state')).json).toMatchObject({
      status: 'ok',
      ledger: 'ok',
      node: 'ok',
      realm: 'http://shop.test',
      ledgerKind: 'sqlite',
      keys: true,
      routes: 2,
    });
  });

  it('describes itself in OpenAPI 3.1, every operation with its token', async () => {
    const response = await fetch(`${shop.gateway.adminUrl}/openapi.json`);
    const document = JSON.parse(await response.text());
    expect(document).toMatchObject({ openapi: '3.1.0', security: [{ token: [] }] });
    expect(Object.keys(document.paths).sort()).toEqual([
      '/v1/claims',
      '/v1/claims/{name}',
      '/v1/keys',
      '/v1/keys/{id}',
      '/v1/keys/{id}/rotate',
      '/v1/plans',
      '/v1/revenue',
      '/v1/routes',
      '/v1/state',
    ]);
    expect(JSON.stringify(document)).not.toContain(token);
  });

  it.each(['/v1/keys/key_%00', '/v1/keys?after=%00', '/v1/claims?route=%00', '/v1/claims/%00'])(
    'asks no store for U+0000: %s',
    async (path) => {
      expect(await ask(path)).toMatchObject({
        status: 400,
        json: { detail: expect.stringContaining('U+0000') },
      });
    },
  );

  it('takes no large body', async () => {
    const refused = await ask('/v1/keys', { method: 'POST', body: { name: 'x'.repeat(100_000) } });
    expect(refused.status).toBe(413);
  });

  it('takes a body that comes in pieces, of an unknown length', async () => {
    const piece = (text: string) => new TextEncoder().encode(text);
    const send = (pieces: readonly string[]) =>
      fetch(`${shop.gateway.adminUrl}/v1/keys`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: ReadableStream.from(pieces.map(piece)),
        duplex: 'half',
      });
    expect((await send(['{"name":', '"in pieces"}'])).status).toBe(201);
    expect((await send(['{"name":"', 'x'.repeat(50_000), 'x'.repeat(50_000), '"}'])).status).toBe(413);
  });
});

it('a token file that others can read, or that is too short, does not start a gateway', async () => {
  const { readOrMakeToken } = await import('./token.js');
  const path = join(shop.folder, 'bad.token');
  await writeFile(path, 'short', { mode: 0o600 });
  await expect(readOrMakeToken(path)).rejects.toThrow(/at least 32 characters/);
  await writeFile(join(shop.folder, 'open.token'), 'x'.repeat(40), { mode: 0o644 });
  await expect(readOrMakeToken(join(shop.folder, 'open.token'))).rejects.toThrow(/chmod 600/);
});
