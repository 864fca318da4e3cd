import { z } from '@hono/zod-openapi';
import type { Profile } from '../directory.js';
import { newId } from '../identity/secrets.js';
import { domainStateAt, graceMs } from '../life/domain-life.js';
import { isoTime } from '../sell/order-answer.js';
import { findAgent } from '../store/agents.js';
import {
  bumpSerial,
  domainsOf,
  findDomain,
  type OwnedDomain,
  writeOwner,
  writeProfile,
} from '../store/domains.js';
import { emitEvent } from '../store/webhooks.js';
import type { ApiApp, ApiContext, ApiParts } from './context.js';
import { givenSchema, myDomainsSchema, profileAnswerSchema } from './name-answers.js';
import { notYours, ownerAsking } from './named.js';
import { registrarProblem } from './problems.js';
import { badRequest, bodyOf, mustIdentify, readJson } from './request.js';
import { isSent, refuse, reply } from './respond.js';
import { jsonResponse, needsKey, problemResponse, serveRoute } from './route.js';

const pageRowsMax = 200;
const bioCharsMax = 251;
const wordsMax = 32;
const line = (charsMax: number) =>
  z
    .string()
    .max(charsMax)
    .regex(/^[^\p{Cc}]*$/u, 'it has control characters');
const link = line(500).regex(/^(https?:\/\/[^\s<>"]+)?$/, 'it is no http or https link');

/** What an owner may tell of a name. `null` takes a member away; what is left out stays. */
export const profileSchema = z
  .object({
    name: line(100).nullable(),
    bio: line(bioCharsMax).nullable(),
    category: line(50).nullable(),
    pfp: link.nullable(),
    link: link.nullable(),
    x: line(50).nullable(),
    capabilities: z.array(line(100)).max(wordsMax).nullable(),
    workflows: z.array(line(200)).max(wordsMax).nullable(),
  })
  .partial()
  .openapi('Profile');

const transferSchema = z.object({ to_agent_id: z.string().regex(/^agt_[0-9a-f]{20}$/) }).openapi('Transfer');

/** Serves what an owner does with names: list them, tell of them, give them away. */
export function mountMyDomains(app: ApiApp, parts: ApiParts): void {
  const mine = {
    method: 'get',
    path: '/api/v1/my-domains',
    operationId: 'myDomains',
    summary: 'Your names, 200 at a time; after= goes on from a name',
    security: needsKey,
    request: { query: z.object({ after: z.string().optional() }) },
    responses: { 200: jsonResponse('Your names', myDomainsSchema) },
  } as const;
  serveRoute(app, mine, (c) => myDomains(c, parts));
  const bio = {
    method: 'post',
    path: '/api/v1/domains/{fqdn}/bio',
    operationId: 'tellOfName',
    summary: 'Tell of a name of yours',
    security: needsKey,
    request: { body: { required: true, content: { 'application/json': { schema: profileSchema } } } },
    responses: {
      200: jsonResponse('The profile', profileAnswerSchema),
      403: problemResponse('Not yours'),
      404: problemResponse('Nobody owns it'),
    },
  } as const;
  serveRoute(app, bio, (c) => writeBio(c, parts), ['/api/v1/domains/{fqdn}/profile']);
  const transfer = {
    method: 'post',
    path: '/api/v1/domains/{fqdn}/transfer',
    operationId: 'transferName',
    summary: 'Give a name of yours to another agent',
    security: needsKey,
    request: { body: { required: true, content: { 'application/json': { schema: transferSchema } } } },
    responses: {
      200: jsonResponse('Given', givenSchema),
      403: problemResponse('Not yours'),
      404: problemResponse('No such agent'),
    },
  } as const;
  serveRoute(app, transfer, (c) => giveAway(c, parts));
}

async function myDomains(c: ApiContext, parts: ApiParts): Promise<Response> {
  const agent = await mustIdentify(c, parts);
  if (isSent(agent)) return agent;
  const nowMs = parts.desk.now();
  const after = c.req.query('after') ?? '';
  const domains = await parts.desk.db.read((sql) => domainsOf(sql, agent.id, after, pageRowsMax, nowMs));
  const next = domains.length < pageRowsMax ? null : domains.at(-1)?.fqdn;
  return reply(c, { status: 'success', data: domains.map((each) => domainData(each, nowMs)), next });
}

/** A name as its owner's list shows it. */
export function domainData(owned: OwnedDomain, nowMs: number): Readonly<Record<string, unknown>> {
  const { fqdn, name, namespace, owner, registeredMs, expiresMs } = owned;
  return {
    ...{ id: fqdn, domain: fqdn, name, tld: namespace, namespace, owner_id: owner },
    status: domainStateAt(expiresMs, nowMs),
    ...{ is_listed: false, directory_listed: true },
    registration_date: isoTime(registeredMs),
    expiry_date: isoTime(expiresMs),
    grace_ends_at: isoTime(expiresMs + graceMs),
  };
}

async function writeBio(c: ApiContext, parts: ApiParts): Promise<Response> {
  const asking = await ownerAsking(c, parts);
  if (isSent(asking)) return asking;
  const read = readJson(await bodyOf(c), profileSchema);
  if (!read.ok) return badRequest(c, read.detail, read.code);
  const { desk } = parts;
  const { fqdn } = asking.owned;
  const profile = await desk.db.write(async (sql) => {
    const nowMs = desk.now();
    const owned = await findDomain(sql, fqdn, nowMs);
    if (owned?.owner !== asking.agent.id) return undefined;
    const merged = Object.entries({ ...owned.profile, ...read.value }).filter(([, value]) => value !== null);
    // The schema has exactly the members of a Profile; without null nothing else is left.
    const next = Object.fromEntries(merged) as Profile;
    await writeProfile(sql, fqdn, next);
    await bumpSerial(sql, owned.namespace);
    const data = { domain: fqdn, profile: next };
    await emitEvent(sql, owned.owner, { type: 'profile.updated', id: newId('evt'), data }, nowMs);
    return next;
  });
  if (profile === undefined) return notYours(c);
  desk.eventsWaiting();
  return reply(c, { status: 'success', domain: fqdn, profile });
}

async function giveAway(c: ApiContext, parts: ApiParts): Promise<Response> {
  const asking = await ownerAsking(c, parts);
  if (isSent(asking)) return asking;
  const read = readJson(await bodyOf(c), transferSchema);
  if (!read.ok) return badRequest(c, read.detail, read.code);
  const { desk } = parts;
  const { fqdn } = asking.owned;
  const to = read.value.to_agent_id;
  const outcome = await desk.db.write(async (sql) => {
    const nowMs = desk.now();
    const receiver = await findAgent(sql, to);
    if (receiver === undefined || receiver.revokedMs !== undefined) return 'nobody';
    const owned = await findDomain(sql, fqdn, nowMs);
    if (owned?.owner !== asking.agent.id) return 'not-yours';
    await writeOwner(sql, fqdn, to);
    await bumpSerial(sql, owned.namespace);
    const data = { domain: fqdn, from: owned.owner, to };
    // One event, told to both.
    const id = newId('evt');
    for (const side of new Set([owned.owner, to]))
      await emitEvent(sql, side, { type: 'domain.transferred', id, data }, nowMs);
    return 'given';
  });
  if (outcome === 'not-yours') return notYours(c);
  if (outcome === 'nobody')
    return refuse(c, registrarProblem('not-found', 'There is no such agent, or its key was taken back.'));
  desk.eventsWaiting();
  return reply(c, { status: 'success', domain: fqdn, owner_id: to });
}
