import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask, newAgent, payLightning, registerPath } from '../testing/client.js';
import { openRig, type Rig } from '../testing/rig.js';
import { webhookSignature } from '../webhooks/send.js';

let rig: Rig;
let owner: { readonly id: string; readonly key: string };
beforeEach(async () => {
  rig = await openRig();
  owner = await newAgent(rig);
});
afterEach(async () => {
  await rig.close();
  expect(rig.faults).toEqual([]);
});

async function buy(domain = 'myname.agent') {
  const json = { domain };
  const asked = await ask(rig, registerPath, { json, key: owner.key });
  const headers = { Authorization: await payLightning(rig, asked) };
  const done = await ask(rig, registerPath, { json, key: owner.key, headers });
  expect(done.status).toBe(200);
}

const records = '/api/v1/domains/myname.agent/records';

describe('records', () => {
  it('are added, changed, listed and deleted by the owner, and counted for the zone', async () => {
    await buy();
    const serial = () => rig.registrar.directory.serial('agent');
    const before = await serial();
    const added = await ask(rig, records, {
      json: { name: 'WWW', type: 'A', data: '192.0.2.1', ttl: 60 },
      key: owner.key,
    });
    expect(added.status).toBe(201);
    const { id } = added.body;
    const changed = await ask(rig, `${records}/${String(id)}`, {
      method: 'PUT',
      json: { name: 'www', type: 'A', data: '192.0.2.2' },
      key: owner.key,
    });
    expect(changed.body).toMatchObject({ id, data: '192.0.2.2' });
    const view = await rig.registrar.directory.find('myname.agent');
    expect(view?.records).toEqual([{ id, name: 'www', type: 'A', ttlSeconds: 300, data: '192.0.2.2' }]);
    expect((await ask(rig, `${records}/${String(id)}`, { method: 'DELETE', key: owner.key })).status).toBe(
      200,
    );
    expect((await ask(rig, records, { key: owner.key })).body.data).toEqual([]);
    expect(await serial()).toBe(before + 3);
  });

  it('say what can be said in DNS, and nothing else', async () => {
    await buy();
    for (const [json, status] of [
      [{ type: 'A', data: 'not an address' }, 400],
      [{ type: 'SOA', data: 'x' }, 400],
      [{ type: 'A', data: '192.0.2.1', name: 'a b' }, 400],
      [{ type: 'A', data: '192.0.2.1', name: 'www.*' }, 400],
      [{ type: 'A', data: '192.0.2.1', ttl: 1 }, 400],
      [{ type: 'CNAME', data: 'a.example.', name: '@' }, 400],
      [{ type: 'MX', data: '10 mail.example' }, 400],
      [{ type: 'MX', data: '10 mail.example.' }, 201],
      [{ type: 'TLSA', data: `3 1 1 ${'ab'.repeat(32)}`, name: '_443._tcp' }, 201],
      [{ type: 'CAA', data: '0 issue "ca.example"' }, 201],
      [{ type: 'TXT', data: 'hello', name: '*' }, 201],
    ] as const) {
      const answer = await ask(rig, records, { json, key: owner.key });
      expect([json, answer.status]).toEqual([json, status]);
    }
  });

  it('of one name go together, and are nobody else’s to change', async () => {
    await buy();
    const add = (json: object, key = owner.key) => ask(rig, records, { json, key });
    await add({ name: 'www', type: 'CNAME', data: 'host.example.' });
    expect((await add({ name: 'www', type: 'A', data: '192.0.2.1' })).status).toBe(409);
    expect((await add({ name: 'www', type: 'CNAME', data: 'other.example.' })).status).toBe(409);
    const stranger = await newAgent(rig);
    expect((await add({ type: 'A', data: '192.0.2.1' }, stranger.key)).status).toBe(403);
    expect((await ask(rig, records, { key: stranger.key })).status).toBe(403);
    expect((await ask(rig, records)).status).toBe(401);
  });
});

describe('what an owner tells and gives', () => {
  it('is a profile that everybody reads, of bounded texts without control characters', async () => {
    await buy();
    const bio = (json: object) => ask(rig, '/api/v1/domains/myname.agent/bio', { json, key: owner.key });
    expect((await bio({ bio: 'I buy names.', link: 'https://a.example/' })).status).toBe(200);
    expect((await bio({ bio: null, capabilities: ['buying'] })).body.profile).toEqual({
      link: 'https://a.example/',
      capabilities: ['buying'],
    });
    for (const wrong of [
      { bio: 'x'.repeat(252) },
      { bio: 'a\u0000b' },
      { link: 'javascript:alert(1)' },
      { name: 'a\nb' },
    ])
      expect((await bio(wrong)).status).toBe(400);
    expect((await ask(rig, '/api/v1/lookup/MyName.Agent')).body).toMatchObject({
      domain: { fqdn: 'myname.agent', status: 'registered' },
      manifests: { agent_json: 'https://names.test/manifests/myname.agent.json' },
      profile: { link: 'https://a.example/' },
    });
    expect((await ask(rig, '/api/v1/resolve/a..b')).body).toMatchObject({
      error: { code: 'invalid_domain' },
    });
    expect((await ask(rig, '/api/v1/resolve/free.agent')).status).toBe(404);
  });

  it('is a name, to another agent, once', async () => {
    await buy();
    const other = await newAgent(rig);
    const give = (key: string, to: string) =>
      ask(rig, '/api/v1/domains/myname.agent/transfer', { json: { to_agent_id: to }, key });
    expect((await give(owner.key, `agt_${'0'.repeat(20)}`)).status).toBe(404);
    expect((await give(other.key, other.id)).status).toBe(403);
    expect((await give(owner.key, other.id)).body).toMatchObject({ owner_id: other.id });
    expect((await give(owner.key, owner.id)).status).toBe(403);
    expect((await ask(rig, '/api/v1/my-domains', { key: other.key })).body.data).toMatchObject([
      { id: 'myname.agent' },
    ]);
  });
});

describe('what may be known before', () => {
  it('is search, capabilities and a quote that changes nothing', async () => {
    const found = await ask(rig, '/api/v1/domains/search?q=B%C3%BCcher');
    expect(found.body.results).toMatchObject([
      { domain: 'xn--bcher-kva.agent', display: 'bücher.agent', available: true },
      { tld: 'chatbot' },
    ]);
    expect((await ask(rig, '/api/v1/domains/capabilities')).body).toMatchObject({
      count: 2,
      usd_per_gem: 0.52,
    });
    const quote = await ask(rig, '/api/v1/domains/quote', {
      json: { domain: 'gold.agent', years: 2 },
      key: owner.key,
    });
    expect(quote.body).toMatchObject({
      binding: false,
      mutation: 'none',
      premium: true,
      price: { amount: '200.00', sats: '400000' },
    });
    expect((await ask(rig, '/api/v1/domains/gold.agent/lock-status', { key: owner.key })).body.locked).toBe(
      false,
    );
    const stranger = await newAgent(rig);
    expect((await ask(rig, registerPath, { json: { domain: 'gold.agent' }, key: stranger.key })).status).toBe(
      402,
    );
    expect(
      (await ask(rig, '/api/v1/domains/quote', { json: { domain: 'gold.agent' }, key: owner.key })).status,
    ).toBe(423);
    expect((await ask(rig, '/api/v1/domains/quote', { json: { domain: 'x.agent' } })).status).toBe(401);
  });

  it('is every route in /openapi.json', async () => {
    const { body } = await ask(rig, '/openapi.json');
    expect(Object.keys(body.paths ?? {})).toEqual(
      expect.arrayContaining([
        registerPath,
        '/api/v1/renew',
        '/agent/auth',
        '/api/v1/domains/{fqdn}/records/{id}',
        '/api/v1/domains/{fqdn}/reset-lock',
      ]),
    );
    expect(JSON.stringify(body)).toContain('x-payment-info');
    expect((await ask(rig, '/nothing/here')).status).toBe(404);
  });
});

describe('webhooks', () => {
  it('are told what happens, signed over the raw body, and again until they have answered', async () => {
    const heard: { readonly body: string; readonly signature: string }[] = [];
    const refusals = [503, 302];
    let wake = () => {};
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const refusal = refusals.shift();
        const signature = String(request.headers['x-headless-signature']);
        if (refusal === undefined) heard.push({ body: Buffer.concat(chunks).toString(), signature });
        response.writeHead(refusal ?? 200, { Location: '/elsewhere' }).end();
        wake();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo; // it listens on TCP
    const called = () => new Promise<void>((resolve) => (wake = resolve));
    const secret = 'a secret of the webhook';
    const json = { target_url: `http://127.0.0.1:${port}/hook`, events: ['domain.registered'], secret };
    const made = await ask(rig, '/api/v1/webhooks/subscribe', { json, key: owner.key });
    expect(made.status).toBe(201);
    expect(JSON.stringify(made.body)).not.toContain(secret);
    for (let tries = 0; tries < 3; tries++) {
      const call = called();
      if (tries === 0) await buy();
      else await laterWake();
      await call;
    }
    expect(heard).toHaveLength(1);
    const [{ body, signature } = { body: '', signature: '' }] = heard;
    expect(signature).toBe(webhookSignature(secret, body));
    expect(JSON.parse(body)).toMatchObject({
      event_type: 'domain.registered',
      data: { domain: 'myname.agent' },
    });
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  });

  /** Moves the clock past the next try, once that is written down, and wakes the courier. */
  async function laterWake(): Promise<void> {
    const { nextDue } = await import('../store/webhooks.js');
    const known = rig.clock.nowMs;
    // It is put off twice: while it is told, and when it has failed.
    await expect.poll(async () => (await rig.db.read(attempts)) > 0, { timeout: 60_000 }).toBe(true);
    const due = await rig.db.read((sql) => nextDue(sql, known));
    rig.clock.nowMs = Math.max(known, due ?? known) + 60_000;
    rig.registrar.desk.eventsWaiting();
  }
  let told = 0;
  async function attempts(sql: Parameters<Parameters<Rig['db']['read']>[0]>[0]): Promise<number> {
    const [row] = await sql.all('SELECT attempts FROM webhook_delivery');
    const now = Number(row?.attempts ?? 0);
    if (now <= told) return 0;
    told = now;
    return now;
  }

  it('are at most five, and nobody else’s to remove', async () => {
    const json = {
      target_url: 'https://agent.example/hook',
      events: ['domain.renewed'],
      secret: 's'.repeat(16),
    };
    const statuses: number[] = [];
    for (let n = 0; n < 6; n++)
      statuses.push((await ask(rig, '/api/v1/webhooks/subscribe', { json, key: owner.key })).status);
    expect(statuses).toEqual([201, 201, 201, 201, 201, 409]);
    const list = await ask(rig, '/api/v1/webhooks', { key: owner.key });
    const [first] = list.body.data as { readonly id: string }[]; // the shape that the list has
    const path = `/api/v1/webhooks/${String(first?.id)}`;
    const stranger = await newAgent(rig);
    expect((await ask(rig, path, { method: 'DELETE', key: stranger.key })).status).toBe(404);
    expect((await ask(rig, path, { method: 'DELETE', key: owner.key })).status).toBe(200);
  });
});
