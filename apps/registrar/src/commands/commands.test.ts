import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { httpRegistry } from '../registry/http-registry.js';
import { balanceOf } from '../store/entries.js';
import { ask, newAgent, payLightning, registerPath } from '../testing/client.js';
import { type ExternalRegistry, startExternalRegistry } from '../testing/external-registry.js';
import { openRig, type Rig } from '../testing/rig.js';
import { creditCommand } from './credit.js';
import { reconcileCommand } from './reconcile.js';
import { zoneCommand } from './zone.js';

let folder = '';
let path = '';
let registry: ExternalRegistry;
let rig: Rig;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farebox-registrar-commands-'));
  path = join(folder, 'registrar.yaml');
  registry = await startExternalRegistry();
  rig = await openRig({ folder, registry: httpRegistry({ url: registry.url }) });
  await writeFile(
    path,
    `realm: http://127.0.0.1:8403
store: sqlite:registrar.db
lightning: { node: { kind: devnet } }
registry: { kind: http, url: '${registry.url}' }
namespaces: { agent: { price: { usd: '0.52', sat: 1000 } } }
`,
  );
});
afterEach(async () => {
  await rig.close();
  await registry.close();
  await rm(folder, { recursive: true });
});

describe('beside a registrar that runs', () => {
  it('reconcile finishes what the registry did without saying so', async () => {
    const { key } = await newAgent(rig);
    const json = { domain: 'lost.agent' };
    const headers = { Authorization: await payLightning(rig, await ask(rig, registerPath, { json, key })) };
    registry.mode = 'quiet';
    expect((await ask(rig, registerPath, { json, key, headers })).status).toBe(504);
    expect(await reconcileCommand(path)).toBe(1);
    registry.mode = 'well';
    expect(await reconcileCommand(path)).toBe(0);
    expect((await ask(rig, '/api/v1/lookup/lost.agent')).status).toBe(200);
    expect(registry.acted).toBe(1);
    expect(await zoneCommand(path, 'agent')).toBe(0);
    expect((await ask(rig, registerPath, { json, key, headers })).status).toBe(200);
  });

  it('credit puts dollars on a balance, and nothing else', async () => {
    const { id } = await newAgent(rig);
    expect(await creditCommand(path, id, '5.20')).toBe(0);
    expect(await rig.db.read((sql) => balanceOf(sql, id))).toBe(5_200_000n);
    for (const [agent, usd] of [
      [id, '-1'],
      [id, '0'],
      ['agt_nobody', '1'],
    ] as const)
      expect(await creditCommand(path, agent, usd)).toBe(2);
    expect(await zoneCommand(path, 'boss')).toBe(2);
    expect(await reconcileCommand(join(folder, 'none.yaml'))).toBe(2);
  });
});
