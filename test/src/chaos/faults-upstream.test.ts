import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changeConfigs, openMsMax, openScene, type Scene } from './faults-scene.js';
import { FaultyWire, type WireFault } from './faulty-wire.js';
import { killAll, until } from './processes.js';

/** How long the gateway waits for its upstream: much longer than a busy machine holds it up, and as long as a test likes. */
const [patient, impatient] = ['60s', '400ms'];
/** How many presentations must have failed before a fault is over, and how many purchases be served after it. */
const felt = 12;
/** Within the header section of the upstream's answer, and within its body. */
const [inHead, inBody] = [20, 250];

let scene: Scene;
let wire: FaultyWire;

beforeAll(async () => {
  scene = await openScene({
    async prepare(world) {
      wire = await new FaultyWire(world.goods.url).listen();
      const upstream = `{ url: '${wire.url}', headers_timeout: ${patient}, idle_timeout: ${patient} }`;
      changeConfigs(world, (text) => text.replace(`'${world.goods.url}'`, upstream));
      return world;
    },
  });
  await scene.served(felt);
}, openMsMax);
afterAll(async () => {
  await killAll();
  await scene.close();
  await wire.close();
});

/** Has the gateway wait so long, without a restart. */
async function wait(from: string, to: string): Promise<void> {
  changeConfigs(scene.world, (text) => text.replaceAll(from, to));
  const [gateway] = scene.gateways;
  const reloads = () => gateway?.stderr.split('the configuration was reloaded').length ?? 0;
  const before = reloads();
  gateway?.process.kill('SIGHUP');
  await until('the gateway has read its configuration again', () => reloads() > before);
}

describe('an upstream', () => {
  type Faults = readonly (readonly [string, WireFault])[];
  const breaks: Faults = [
    ['that says goodbye instead of an answer (FIN)', { kind: 'finish', afterBytes: 0 }],
    ['that says goodbye in the middle of its body (FIN)', { kind: 'finish', afterBytes: inBody }],
    ['that breaks off instead of an answer (RST)', { kind: 'reset', afterBytes: 0 }],
    ['that breaks off in the middle of its body (RST)', { kind: 'reset', afterBytes: inBody }],
  ];
  const stalls: Faults = [
    ['that never answers', { kind: 'stall', afterBytes: 0 }],
    ['that stops in its header section', { kind: 'stall', afterBytes: inHead }],
    ['that stops in the middle of its body', { kind: 'stall', afterBytes: inBody }],
  ];

  async function expectHonest(fault: WireFault, failure: string): Promise<void> {
    const honest = ['409 in-progress', '409 outcome-unknown', failure];
    scene.told();
    wire.fault = fault;
    await scene.refused(felt);
    wire.mend();
    const told = scene.told();
    expect(told.filter((refusal) => !honest.includes(refusal))).toEqual([]);
    await scene.served(felt);
  }

  it.each(breaks)('%s', (_, fault) => expectHonest(fault, '502 upstream-failed'));

  describe('of an impatient gateway', () => {
    beforeAll(async () => {
      await wait(patient, impatient);
      await scene.served(felt);
    });
    // What a busy machine does not answer in so short a time is nobody's loss.
    afterAll(() => wait(impatient, patient));

    it.each(stalls)('%s', (_, fault) => expectHonest(fault, '504 upstream-timeout'));
  });

  it('has cost nobody anything', async () => {
    const report = await scene.audit();
    expect(report.violations).toEqual([]);
    expect(report.lost).toBe(0);
  });
});
