import type { z } from '@hono/zod-openapi';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ask, newAgent, payLightning, type Read, registerPath } from '../testing/client.js';
import { openRig, type Rig } from '../testing/rig.js';
import * as answers from './answers.js';
import * as names from './name-answers.js';

let rig: Rig;
beforeAll(async () => {
  rig = await openRig();
});
afterAll(async () => {
  await rig.close();
  expect(rig.faults).toEqual([]);
});

/** What was answered is what the document says: nothing is missing, and nothing is there that it does not tell. */
function expectAs(schema: z.ZodType, { body }: Read): void {
  expect(schema.parse(body)).toEqual(body);
}

async function bought(json: object, key?: string, path = registerPath): Promise<Read> {
  const asked = await ask(rig, path, { json, key });
  expectAs(answers.challengeSchema, asked);
  const headers = { Authorization: await payLightning(rig, asked) };
  return ask(rig, path, { json, key, headers });
}

it('every answer is as /openapi.json says', async () => {
  const made = await ask(rig, '/agent/auth', { json: { name: 'one' } });
  expectAs(answers.provisionedSchema, made);
  const key = String(made.body.api_key);
  const of = (path: string, json?: object) => ask(rig, path, { key, ...(json && { json }) });
  expectAs(answers.agentSchema, await of('/api/v1/agents/me'));
  const claim = { claim_code: made.body.claim_code, human: 'Ann' };
  expectAs(answers.claimedSchema, await of('/api/v1/agents/claim', claim));
  expectAs(answers.capabilitiesSchema, await of('/api/v1/domains/capabilities'));
  expectAs(answers.quoteSchema, await of('/api/v1/domains/quote', { domain: 'mine.agent' }));
  expectAs(answers.lockSchema, await of('/api/v1/domains/mine.agent/lock-status'));
  await of(registerPath, { domain: 'mine.agent' });
  expectAs(answers.lockSchema, await of('/api/v1/domains/mine.agent/lock-status'));
  expectAs(
    answers.clearedSchema,
    await ask(rig, '/api/v1/domains/mine.agent/reset-lock', { method: 'POST', key }),
  );
  expectAs(answers.orderedSchema, await bought({ domain: 'mine.agent' }, key));
  expectAs(answers.orderedSchema, await bought({ domain: 'mine.agent', years: 2 }, key, '/api/v1/renew'));
  expectAs(answers.orderedSchema, await bought({ domain: 'theirs.agent' }));
  expectAs(answers.searchSchema, await of('/api/v1/domains/search?q=mine'));
  expectAs(answers.problemSchema, await of('/api/v1/domains/quote', { domain: 'theirs.agent' }));
  expectAs(names.myDomainsSchema, await of('/api/v1/my-domains'));
  expectAs(
    names.profileAnswerSchema,
    await of('/api/v1/domains/mine.agent/bio', { bio: 'B', capabilities: ['c'] }),
  );
  const records = '/api/v1/domains/mine.agent/records';
  const record = await of(records, { type: 'TXT', data: 'hello' });
  expectAs(names.recordWrittenSchema, record);
  expectAs(names.recordsSchema, await of(records));
  expectAs(names.lookupSchema, await of('/api/v1/lookup/mine.agent'));
  expectAs(names.resolutionSchema, await of('/api/v1/resolve/mine.agent'));
  expectAs(names.resolutionErrorSchema, await of('/api/v1/resolve/nobodys.agent'));
  const gone = await ask(rig, `${records}/${String(record.body.id)}`, { method: 'DELETE', key });
  expectAs(names.recordGoneSchema, gone);
  const hook = { target_url: 'https://a.example/', events: ['domain.renewed'], secret: 's'.repeat(16) };
  const webhook = await of('/api/v1/webhooks/subscribe', hook);
  expectAs(names.webhookSchema, webhook);
  expectAs(names.webhooksSchema, await of('/api/v1/webhooks'));
  const removed = await ask(rig, `/api/v1/webhooks/${String(webhook.body.id)}`, { method: 'DELETE', key });
  expectAs(answers.doneSchema, removed);
  const other = await newAgent(rig);
  expectAs(names.givenSchema, await of('/api/v1/domains/mine.agent/transfer', { to_agent_id: other.id }));
});

it('every path says its methods to whoever uses another, and every path of the document is served', async () => {
  const { paths } = (await ask(rig, '/openapi.json')).body as {
    // What an OpenAPI document has.
    readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  };
  for (const path of ['/api/v1/domains/renew', '/api/v1/agents/provision'])
    expect(paths).toHaveProperty([path]);
  for (const [path, item] of Object.entries(paths)) {
    const methods = Object.keys(item).map((method) => method.toUpperCase());
    const allow = methods.includes('GET') ? [...methods, 'HEAD'] : methods;
    const refused = await ask(rig, path.replace('{fqdn}', 'x.agent').replace('{id}', 'x'), {
      method: 'PATCH',
    });
    expect([path, refused.status, refused.headers.get('allow')]).toEqual([path, 405, allow.join(', ')]);
    expectAs(answers.problemSchema, refused);
  }
});

it('a name is one that can be shown, and a key is one that says how it is meant', async () => {
  const statusOf = async (path: string, json: object) => (await ask(rig, path, { json })).status;
  for (const name of ['a\u0000b', 'a\nb', '\u001b[2J', ''])
    expect([
      await statusOf('/agent/auth', { name }),
      await statusOf('/api/v1/agents/claim', { claim_code: 'x', human: name }),
    ]).toEqual([400, 400]);
  const { key } = await newAgent(rig);
  const headers = { Authorization: key };
  expect((await ask(rig, registerPath, { json: { domain: 'bare.agent' }, headers })).status).toBe(401);
  expect((await ask(rig, '/api/v1/agents/me', { headers })).status).toBe(401);
});

it('the pages say both prices, and what each is for', async () => {
  const search = String((await ask(rig, '/search?q=shown')).body.text);
  expect(search).toContain('0.52 USD or 1000 sat a year; for people 26.00 USD');
  const page = String((await ask(rig, '/domains/shown.agent')).body.text);
  expect(page).toContain('It can be registered for 0.52 USD or 1000 sat a year.');
  expect(page).toContain('That is what an agent pays. For people the price is 26.00 USD a year');
  const premium = String((await ask(rig, '/domains/gold.agent')).body.text);
  expect(premium).not.toContain('For people');
});
