import type { DomainView } from '../directory.js';
import { readDomainName } from '../names/domain-name.js';
import { isoTime } from '../sell/order-answer.js';
import { findAgent } from '../store/agents.js';
import type { ApiApp, ApiContext, ApiParts } from './context.js';
import { lookupSchema, resolutionErrorSchema, resolutionSchema } from './name-answers.js';
import { fqdnOf, notRegistered } from './named.js';
import { clientOf, limited } from './request.js';
import { isSent, reply } from './respond.js';
import { anybody, jsonResponse, problemResponse, serveRoute } from './route.js';

/** How long a resolution may be kept, seconds. */
const resolutionLifeSeconds = 60;

/** Serves what everybody may know of a registered name. */
export function mountLookup(app: ApiApp, parts: ApiParts): void {
  const lookup = {
    method: 'get',
    path: '/api/v1/lookup/{fqdn}',
    operationId: 'lookup',
    summary: 'What is known of a name',
    security: anybody,
    responses: {
      200: jsonResponse('The name', lookupSchema),
      404: problemResponse('Nobody owns it'),
      429: problemResponse('Too many'),
    },
  } as const;
  serveRoute(app, lookup, (c) => lookUp(c, parts));
  const resolve = {
    method: 'get',
    path: '/api/v1/resolve/{fqdn}',
    operationId: 'resolve',
    summary: 'A name for machines: DomainResolution 1.0',
    security: anybody,
    responses: {
      200: jsonResponse('The resolution', resolutionSchema),
      400: jsonResponse('No name', resolutionErrorSchema),
      404: jsonResponse('Not found', resolutionErrorSchema),
      410: jsonResponse('Over', resolutionErrorSchema),
      429: problemResponse('Too many'),
    },
  } as const;
  serveRoute(app, resolve, (c) => resolveName(c, parts));
}

function manifestsOf({ desk }: ApiParts, fqdn: string) {
  return { agent_json: `${desk.realm}/manifests/${fqdn}.json`, skill_md: `${desk.realm}/skills/${fqdn}.md` };
}

async function lookUp(c: ApiContext, parts: ApiParts): Promise<Response> {
  const { desk } = parts;
  const over = limited(c, parts.limits.search, clientOf(c, parts), desk.now());
  if (over !== undefined) return over;
  const fqdn = fqdnOf(c, parts);
  if (isSent(fqdn)) return fqdn;
  const view = await parts.directory.find(fqdn);
  if (view === undefined) return notRegistered(c);
  const human = await humanBacked(parts, view);
  const manifests = manifestsOf(parts, fqdn);
  return reply(c, {
    status: 'success',
    domain: domainFacts(view),
    identity: {
      human_backed: human,
      claim_state: human ? 'claimed' : 'unclaimed',
      owner_id: view.owner,
      capabilities_preview: view.profile.capabilities ?? [],
    },
    manifests,
    profile: { ...view.profile, 'agent-manifest': manifests.agent_json, 'skill-md': manifests.skill_md },
    records: view.records.map(({ name, type, ttlSeconds, data }) => ({ name, type, ttl: ttlSeconds, data })),
  });
}

function domainFacts({ fqdn, name, namespace, status, registeredMs, expiresMs, graceEndsMs }: DomainView) {
  return {
    ...{ fqdn, name, tld: namespace, namespace, status },
    registration_date: isoTime(registeredMs),
    expiry_date: isoTime(expiresMs),
    grace_ends_at: isoTime(graceEndsMs),
  };
}

async function humanBacked({ desk }: ApiParts, { owner }: DomainView): Promise<boolean> {
  return (await desk.db.read((sql) => findAgent(sql, owner)))?.human !== undefined;
}

async function resolveName(c: ApiContext, parts: ApiParts): Promise<Response> {
  const { desk } = parts;
  const over = limited(c, parts.limits.search, clientOf(c, parts), desk.now());
  if (over !== undefined) return over;
  const failed = (status: number, code: string, message: string) =>
    reply(c, { schema_version: '1.0', status: 'error', error: { code, message } }, status);
  const read = readDomainName({ domain: c.req.param('fqdn') ?? '' }, desk.namespaces);
  if (!read.ok) return failed(400, 'invalid_domain', read.detail);
  const view = await parts.directory.find(read.value.fqdn);
  if (view === undefined) return failed(404, 'domain_not_found', 'Nobody owns this name.');
  if (view.status === 'grace')
    return failed(410, 'domain_expired', 'The term of this name is over; only its owner may renew it now.');
  const { profile, fqdn } = view;
  const content = {
    ...{ schema_version: '1.0', status: 'success', domain: domainFacts(view) },
    identity: { owner_id: view.owner, human_backed: await humanBacked(parts, view), profile },
    capabilities: profile.capabilities ?? [],
    actions: profile.workflows ?? [],
    trust: { attestations: [] },
    verification: { registrar: desk.realm, resolved_at: isoTime(desk.now()) },
    health: { state: 'registered' },
    manifests: manifestsOf(parts, fqdn),
    cache: { max_age_seconds: resolutionLifeSeconds },
  };
  return reply(c, content, 200, ['Cache-Control', `public, max-age=${resolutionLifeSeconds}`]);
}
