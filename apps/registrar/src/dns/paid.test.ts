import { afterAll, beforeAll, expect, it } from 'vitest';
import { settings as documents } from '../documents/testing/settings.js';
import { ask, newAgent, payLightning, type Read, registerPath } from '../testing/client.js';
import { openRig, type Rig } from '../testing/rig.js';
import { isThere, run } from '../zone/testing/programs.js';
import { type DnsServer, startDnsServer } from './server.js';
import { askUdp, decoded, queryOf, shown } from './testing/ask.js';

// From the payment to the answer of the name servers: a real registrar on its sockets, and its DNS beside it.
let rig: Rig;
let dns: DnsServer;

beforeAll(async () => {
  rig = await openRig({ documents });
  const { directory } = rig.registrar;
  dns = await startDnsServer({ directory, settings: documents, host: '127.0.0.1', port: 0 });
});
afterAll(async () => {
  await dns.close();
  expect(rig.faults).toEqual([]);
  await rig.close();
});

async function resolved(name: string, type: string) {
  const answer = decoded(await askUdp(dns.port, queryOf(name, type, 1_232)));
  return { rcode: answer.rcode, answers: shown(answer.answers), soa: answer.authorities?.[0] };
}

async function paid(path: string, json: object, key: string): Promise<Read> {
  const asked = await ask(rig, path, { json, key });
  const done = await ask(rig, path, {
    json,
    key,
    headers: { Authorization: await payLightning(rig, asked) },
  });
  expect([asked.status, done.status]).toEqual([402, 200]);
  return done;
}

it('a paid registration is in the DNS at once, with its documents; a renewal moves the end by the years bought', async () => {
  const pointers = [
    'agent-manifest=https://registrar.example/manifests/myname.agent.json',
    'skill-md=https://registrar.example/skills/myname.agent.md',
  ];
  const { key } = await newAgent(rig);
  const order = { domain: 'myname', namespace: 'agent', years: 1 };
  expect(await resolved('myname.agent', 'TXT')).toMatchObject({ rcode: 'NXDOMAIN', answers: [] });

  // An unpaid order locks the name and is no registration.
  expect((await ask(rig, registerPath, { json: order, key })).status).toBe(402);
  expect(await resolved('myname.agent', 'TXT')).toMatchObject({ rcode: 'NXDOMAIN', answers: [] });
  expect((await ask(rig, '/manifests/myname.agent.json')).status).toBe(404);

  await paid(registerPath, order, key);
  expect((await resolved('myname.agent', 'TXT')).answers).toEqual(
    pointers.map((text) => `myname.agent TXT ${text}`),
  );
  const manifest = await ask(rig, '/manifests/myname.agent.json');
  expect(manifest).toMatchObject({ status: 200, body: { domain: 'myname.agent', status: 'registered' } });
  const skill = await ask(rig, '/skills/myname.agent.md');
  expect(skill.status).toBe(200);
  expect(String(skill.body.text)).toContain(pointers[0]);

  await paid('/api/v1/renew', { domain: 'myname.agent', years: 2 }, key);
  const expiry = new Date(String(manifest.body.expiry_date));
  expiry.setUTCFullYear(expiry.getUTCFullYear() + 2);
  const renewed = await ask(rig, '/manifests/myname.agent.json');
  expect(renewed.body.expiry_date).toBe(expiry.toISOString().replace('.000Z', 'Z'));
});

it('a record that its owner adds is answered at once, and the serial grows', async () => {
  const { key } = await newAgent(rig);
  await paid(registerPath, { domain: 'other', namespace: 'agent', years: 1 }, key);
  const before = await resolved('www.other.agent', 'A');
  expect(before.rcode).toBe('NXDOMAIN');
  const path = '/api/v1/domains/other.agent/records';
  const added = await ask(rig, path, { json: { name: 'www', type: 'A', data: '192.0.2.7' }, key });
  expect(added.status).toBe(201);
  const after = await resolved('www.other.agent', 'A');
  expect(after.answers).toEqual(['www.other.agent A 192.0.2.7']);
  const serial = async () => (await resolved('agent', 'SOA')).answers[0]?.split(' ')[4];
  const old = before.soa?.type === 'SOA' ? (before.soa.data.serial ?? 0) : 0;
  expect(Number(await serial())).toBeGreaterThan(old);
});

it.skipIf(!isThere('dig'))('dig, if it is installed, sees the pointers of a paid registration', async () => {
  const { key } = await newAgent(rig);
  await paid(registerPath, { domain: 'third', namespace: 'agent', years: 1 }, key);
  const dig = ['@127.0.0.1', '-p', String(dns.port), '+time=20', '+tries=3', '+short', 'TXT', 'third.agent'];
  expect(await run('dig', dig)).toBe(
    '"agent-manifest=https://registrar.example/manifests/third.agent.json"\n' +
      '"skill-md=https://registrar.example/skills/third.agent.md"\n',
  );
});
