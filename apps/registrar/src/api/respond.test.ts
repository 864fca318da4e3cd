import { afterEach, beforeEach, expect, it } from 'vitest';
import { ask, newAgent } from '../testing/client.js';
import { openRig, type Rig } from '../testing/rig.js';

const ownResponse = globalThis.Response;
let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(async () => {
  Object.defineProperty(globalThis, 'Response', { value: ownResponse, writable: true, configurable: true });
  await rig.close();
});

it('refuses what is not yours also where the process has another Response than when it began', async () => {
  const { key } = await newAgent(rig);
  Object.defineProperty(globalThis, 'Response', {
    value: class Response extends ownResponse {},
    writable: true,
    configurable: true,
  });
  const nobody = await ask(rig, '/api/v1/domains/mine.agent/records', { json: { data: 'x' } });
  expect([nobody.status, nobody.body.type]).toEqual([401, expect.stringContaining('identity-required')]);
  const unknown = await ask(rig, '/api/v1/domains/mine.agent/records', { json: { data: 'x' }, key });
  expect([unknown.status, unknown.body.type]).toEqual([404, expect.stringContaining('not-registered')]);
  expect(rig.faults).toEqual([]);
});
