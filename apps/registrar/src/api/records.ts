import { type Result, refuse as refusal } from '@farebox/protocol';
import { z } from '@hono/zod-openapi';
import { type DnsRecord, recordTypes } from '../directory.js';
import { newId } from '../identity/secrets.js';
import type { Sql } from '../store/database.js';
import { bumpSerial, findDomain, insertRecord, recordsOf, removeRecord } from '../store/domains.js';
import { emitEvent } from '../store/webhooks.js';
import { parseRecordData } from '../zone/record-data.js';
import type { ApiApp, ApiContext, ApiParts } from './context.js';
import { recordGoneSchema, recordsSchema, recordWrittenSchema } from './name-answers.js';
import { notYours, ownerAsking } from './named.js';
import { registrarProblem } from './problems.js';
import { badRequest, bodyOf, readJson } from './request.js';
import { isSent, refuse, reply } from './respond.js';
import { jsonResponse, needsKey, problemResponse, serveRoute } from './route.js';

/** Most records of one name. */
export const recordsPerDomainMax = 100;
const ttlSecondsMin = 30;
const ttlSecondsMax = 604_800;
const ttlSecondsDefault = 300;

const recordSchema = z
  .object({
    name: z.string().max(253).default('@'),
    type: z.enum(recordTypes),
    ttl: z.int().min(ttlSecondsMin).max(ttlSecondsMax).default(ttlSecondsDefault),
    data: z.string().min(1).max(8_192),
  })
  .openapi('Record');

/** Serves the DNS records of a name to its owner: list, add, change, delete. */
export function mountRecords(app: ApiApp, parts: ApiParts): void {
  const path = '/api/v1/domains/{fqdn}/records';
  const body = { required: true, content: { 'application/json': { schema: recordSchema } } } as const;
  const refusals = {
    400: problemResponse('No such record can be'),
    403: problemResponse('Not yours'),
  } as const;
  const list = {
    method: 'get',
    path,
    operationId: 'listRecords',
    summary: 'The records of a name of yours',
    security: needsKey,
    responses: {
      200: jsonResponse('The records', recordsSchema),
      404: problemResponse('Nobody owns it'),
      ...refusals,
    },
  } as const;
  serveRoute(app, list, async (c) => {
    const asking = await ownerAsking(c, parts);
    if (isSent(asking)) return asking;
    const { fqdn } = asking.owned;
    const records = await parts.desk.db.read((sql) => recordsOf(sql, fqdn));
    return reply(c, { status: 'success', domain: fqdn, data: records.map(recordData) });
  });
  const add = {
    method: 'post',
    path,
    operationId: 'addRecord',
    summary: 'Add a record',
    security: needsKey,
    request: { body },
    responses: {
      201: jsonResponse('The record', recordWrittenSchema),
      409: problemResponse('It does not go with the others'),
      ...refusals,
    },
  } as const;
  serveRoute(app, add, (c) => change(c, parts, undefined));
  const one = `${path}/{id}` as const;
  const put = {
    method: 'put',
    path: one,
    operationId: 'setRecord',
    summary: 'Put another record in place of one',
    security: needsKey,
    request: { body },
    responses: {
      200: jsonResponse('The record', recordWrittenSchema),
      404: problemResponse('There is none of that id'),
      409: problemResponse('It does not go with the others'),
      ...refusals,
    },
  } as const;
  serveRoute(app, put, (c) => change(c, parts, c.req.param('id')));
  const remove = {
    method: 'delete',
    path: one,
    operationId: 'deleteRecord',
    summary: 'Delete a record',
    security: needsKey,
    responses: {
      200: jsonResponse('Deleted', recordGoneSchema),
      404: problemResponse('There is none of that id'),
      ...refusals,
    },
  } as const;
  serveRoute(app, remove, (c) => removeOne(c, parts));
}

function recordData({ id, name, type, ttlSeconds, data }: DnsRecord): Readonly<Record<string, unknown>> {
  return { id, name, type, ttl: ttlSeconds, data };
}

/** A label of a record's owner name: letters, digits, hyphens and underscores. */
const ownerLabel = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** Reads a record, and says what is wrong with it. */
export function readRecord(given: z.infer<typeof recordSchema>, fqdn: string, id: string): Result<DnsRecord> {
  const name = given.name.toLowerCase();
  const labels = name === '@' ? [] : name.split('.');
  const sound = labels.every((label, at) => ownerLabel.test(label) || (at === 0 && label === '*'));
  if (!sound) return refusal('name', 'The name is relative to the domain: @, www, _443._tcp, or * in front.');
  if (`${name}.${fqdn}`.length > 253) return refusal('name', 'The full name is longer than 253 characters.');
  if (given.type === 'CNAME' && name === '@')
    return refusal('cname', 'The domain itself cannot be a CNAME; it has other records.');
  if (given.type === 'NS' && name.startsWith('*')) return refusal('ns', 'A wildcard cannot be delegated.');
  const parsed = parseRecordData(given.type, given.data);
  if (!parsed.ok) return refusal('data', parsed.problem);
  return { ok: true, value: { id, name, type: given.type, ttlSeconds: given.ttl, data: given.data } };
}

/** What keeps a record from standing beside the others (RFC 1034 §3.6.2); undefined: nothing. */
function clash(record: DnsRecord, others: readonly DnsRecord[]): string | undefined {
  const here = others.filter(({ name }) => name === record.name);
  if (here.some(({ type }) => type === 'CNAME') || (record.type === 'CNAME' && here.length > 0))
    return 'A CNAME stands alone at its name; delete the others, or use another name.';
  if (here.some(({ type, data }) => type === record.type && data === record.data))
    return 'The very same record is there.';
  const odd = here.find(({ type, ttlSeconds }) => type === record.type && ttlSeconds !== record.ttlSeconds);
  return odd === undefined
    ? undefined
    : `Records of one name and type have one ttl; here it is ${odd.ttlSeconds}.`;
}

async function change(c: ApiContext, parts: ApiParts, id: string | undefined): Promise<Response> {
  const asking = await ownerAsking(c, parts);
  if (isSent(asking)) return asking;
  const { fqdn } = asking.owned;
  const body = readJson(await bodyOf(c), recordSchema);
  if (!body.ok) return badRequest(c, body.detail, body.code);
  const read = readRecord(body.value, fqdn, id ?? newId('rec'));
  if (!read.ok) return badRequest(c, read.detail, read.code);
  const record = read.value;
  const problem = await changing(parts, fqdn, asking.agent.id, async (sql, nowMs) => {
    const records = await recordsOf(sql, fqdn);
    const others = records.filter((each) => each.id !== id);
    if (id !== undefined && others.length === records.length) return 'missing';
    if (others.length >= recordsPerDomainMax) return `A name has at most ${recordsPerDomainMax} records.`;
    const wrong = clash(record, others);
    if (wrong !== undefined) return wrong;
    if (id !== undefined) await removeRecord(sql, fqdn, id);
    await insertRecord(sql, fqdn, record, nowMs);
    return undefined;
  });
  if (problem !== undefined) return problemFor(c, problem);
  return reply(
    c,
    { status: 'success', domain: fqdn, ...recordData(record), record: recordData(record) },
    id === undefined ? 201 : 200,
  );
}

async function removeOne(c: ApiContext, parts: ApiParts): Promise<Response> {
  const asking = await ownerAsking(c, parts);
  if (isSent(asking)) return asking;
  const { fqdn } = asking.owned;
  const problem = await changing(parts, fqdn, asking.agent.id, async (sql) =>
    (await removeRecord(sql, fqdn, c.req.param('id') ?? '')) ? undefined : 'missing',
  );
  return problem === undefined ? reply(c, { status: 'success', domain: fqdn }) : problemFor(c, problem);
}

/** Changes records in one transaction, if the name is still the agent's, and counts it for the zone. */
async function changing(
  { desk }: ApiParts,
  fqdn: string,
  agent: string,
  act: (sql: Sql, nowMs: number) => Promise<string | undefined>,
): Promise<string | undefined> {
  const problem = await desk.db.write(async (sql) => {
    const nowMs = desk.now();
    const owned = await findDomain(sql, fqdn, nowMs);
    if (owned?.owner !== agent) return 'not-yours';
    const wrong = await act(sql, nowMs);
    if (wrong !== undefined) return wrong;
    await bumpSerial(sql, owned.namespace);
    await emitEvent(sql, agent, { type: 'records.updated', id: newId('evt'), data: { domain: fqdn } }, nowMs);
    return undefined;
  });
  if (problem === undefined) desk.eventsWaiting();
  return problem;
}

function problemFor(c: ApiContext, problem: string): Response {
  if (problem === 'not-yours') return notYours(c);
  if (problem === 'missing')
    return refuse(c, registrarProblem('not-found', 'This name has no record of that id.'));
  return refuse(c, registrarProblem('conflict', problem));
}
