import { Resolver } from 'node:dns/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type DnsServer, startDnsServer } from './dns/server.js';
import { ask, newAgent, payLightning, registerPath } from './testing/client.js';
import { documentsOf, openRig, type Rig } from './testing/rig.js';

let rig: Rig;
let dns: DnsServer;
const resolver = new Resolver();
beforeEach(async () => {
  rig = await openRig();
  const { directory } = rig.registrar;
  dns = await startDnsServer({ directory, settings: documentsOf, host: '127.0.0.1', port: 0 });
  resolver.setServers([`127.0.0.1:${dns.port}`]);
});
afterEach(async () => {
  await dns.close();
  await rig.close();
});

it('a name that was just paid for is in DNS, with its manifest, its skill file and its page', async () => {
  await expect(resolver.resolveTxt('myname.agent')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  const { key } = await newAgent(rig);
  const json = { domain: 'myname.agent' };
  const asked = await ask(rig, registerPath, { json, key });
  // A lock is no ownership.
  await expect(resolver.resolveTxt('myname.agent')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  const headers = { Authorization: await payLightning(rig, asked) };
  expect((await ask(rig, registerPath, { json, key, headers })).status).toBe(200);
  expect((await resolver.resolveTxt('myname.agent')).flat().sort()).toEqual([
    'agent-manifest=https://names.test/manifests/myname.agent.json',
    'skill-md=https://names.test/skills/myname.agent.md',
  ]);
  const record = { name: 'www', type: 'A', data: '192.0.2.7' };
  await ask(rig, '/api/v1/domains/myname.agent/records', { json: record, key });
  expect(await resolver.resolve4('www.myname.agent')).toEqual(['192.0.2.7']);
  for (const path of [
    '/manifests/myname.agent.json',
    '/skills/myname.agent.md',
    '/domains/myname.agent',
    '/search?q=myname',
  ])
    expect([path, (await ask(rig, path)).status]).toEqual([path, 200]);
  const skill = await ask(rig, '/skill_mpp.md');
  expect(skill.body.text).toMatch(
    /^---\nname: .*\nversion: .*\ndescription: .*\nhomepage: .*\nmetadata: .*api_base/,
  );
});
