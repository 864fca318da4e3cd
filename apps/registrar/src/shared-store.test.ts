import { openPostgresLedger } from '@farebox/ledger';
import { lightningSeller } from '@farebox/lightning';
import { PaperNode } from '@farebox/lightning/paper';
import { expect, it } from 'vitest';
// The server for tests is the ledger's; it is not published with it, so it is taken from where it is built.
import {
  privatePostgresMissing,
  testPostgres,
} from '../../../packages/ledger/dist/testing/postgres-server.js';
import { createRegistrar } from './registrar.js';
import { accountSums } from './store/entries.js';
import { openPostgresStore } from './store/postgres.js';
import { ask, newAgent, payLightning, registerPath } from './testing/client.js';
import { namespaceOf, noLimits, realm, secret } from './testing/rig.js';

const skipped = privatePostgresMissing !== undefined;
const title = skipped ? ` (skipped: ${privatePostgresMissing})` : '';

it.skipIf(skipped)(`two registrars on one PostgreSQL sell a name once, for one payment${title}`, async () => {
  const server = await testPostgres('private');
  const node = new PaperNode();
  const start = async () => {
    const db = await openPostgresStore({ url: server.url });
    const ledger = await openPostgresLedger({ url: server.url });
    const registrar = createRegistrar({
      ...{ realm, secrets: [secret], db, ledger, limits: noLimits, termsRequired: false },
      methods: [lightningSeller({ node, network: 'regtest' })],
      namespaces: [namespaceOf('agent')],
      paying: { tempo: undefined, lightning: true, usdMicrosPerGem: 520_000n },
    });
    const { url } = await registrar.listen('127.0.0.1', 0);
    const close = async () => {
      await registrar.close();
      await ledger.close();
      await db.close();
    };
    return { url, db, close };
  };
  const both = [await start(), await start()];
  const json = { domain: 'wanted.agent' };
  const agents = await Promise.all([0, 1, 2, 3, 4, 5].map((n) => newAgent(both[n % 2] ?? { url: '' })));
  const asked = await Promise.all(
    agents.map(({ key }, n) => ask(both[n % 2] ?? { url: '' }, registerPath, { json, key })),
  );
  expect(asked.map(({ status }) => status).sort()).toEqual([402, 423, 423, 423, 423, 423]);
  const winner = asked.findIndex(({ status }) => status === 402);
  const key = agents[winner]?.key;
  const answer = asked[winner];
  if (answer === undefined) throw new Error('Nobody was asked to pay.');
  const headers = { Authorization: await payLightning({ node }, answer) };
  // The very same credential at both of them, at the same moment.
  const answers = await Promise.all(
    [...both, ...both].map((each) => ask(each, registerPath, { json, key, headers })),
  );
  const statuses = answers.map(({ status }) => status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(1);
  for (const status of statuses) expect([200, 402, 409]).toContain(status);
  const [one] = both;
  expect(await one?.db.read(accountSums)).toEqual([
    { account: 'payment:lightning', currency: 'sat', amount: -1_000n },
    { account: 'sales:register', currency: 'sat', amount: 1_000n },
  ]);
  for (const { close } of both) await close();
  await server.dispose();
});
