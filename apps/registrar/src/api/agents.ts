import { z } from '@hono/zod-openapi';
import { decimalUsd } from '../names/price.js';
import { isoTime } from '../sell/order-answer.js';
import { balanceOf } from '../store/entries.js';
import { agentSchema, claimedSchema, provisionedSchema } from './answers.js';
import type { ApiApp, ApiParts } from './context.js';
import { registrarProblem } from './problems.js';
import { badRequest, bodyOf, clientOf, limited, mustIdentify, readJson } from './request.js';
import { isSent, refuse, reply } from './respond.js';
import { anybody, jsonResponse, needsKey, problemResponse, serveRoute } from './route.js';

const nameCharsMax = 100;
const shownName = z
  .string()
  .min(1)
  .max(nameCharsMax)
  .regex(/^[^\p{Cc}]*$/u, 'it has control characters');
const provisionSchema = z.object({ name: shownName.optional() }).openapi('Provision');
const claimSchema = z.object({ claim_code: z.string().min(1).max(100), human: shownName }).openapi('Claim');

/** Serves what agents are made of: provisioning, me, revoking, claiming. */
export function mountAgents(app: ApiApp, parts: ApiParts): void {
  mountProvision(app, parts);
  mountMe(app, parts);
  mountRevoke(app, parts);
  mountClaim(app, parts);
}

function mountProvision(app: ApiApp, parts: ApiParts): void {
  const route = {
    method: 'post',
    path: '/agent/auth',
    operationId: 'provisionAgent',
    summary: 'Make an agent; its key and claim code are shown once',
    security: anybody,
    request: { body: { required: false, content: { 'application/json': { schema: provisionSchema } } } },
    responses: {
      201: jsonResponse('The agent', provisionedSchema),
      429: problemResponse('Too many from this address'),
    },
  } as const;
  const aliases = ['/agent-auth', '/api/v1/agents/provision'];
  const handler = async (c: Parameters<Parameters<typeof serveRoute>[2]>[0]) => {
    const over = limited(c, parts.limits.provision, clientOf(c, parts), parts.desk.now());
    if (over !== undefined) return over;
    const bytes = await bodyOf(c);
    const body = bytes.length === 0 ? undefined : readJson(bytes, provisionSchema);
    if (body !== undefined && !body.ok) return badRequest(c, body.detail);
    const { agent, apiKey, claimCode } = await parts.accounts.provision(body?.value.name);
    const instructions =
      'Keep the key: it is shown once. Send it as X-API-Key; give the claim code to your human when the task is done.';
    const data = { agent_id: agent.id, name: agent.name ?? null, api_key: apiKey, claim_code: claimCode };
    return reply(c, { status: 'success', ...data, data: { ...data, instructions } }, 201);
  };
  serveRoute(app, route, handler, aliases);
}

function mountMe(app: ApiApp, parts: ApiParts): void {
  const route = {
    method: 'get',
    path: '/api/v1/agents/me',
    operationId: 'me',
    summary: 'Who you are',
    security: needsKey,
    responses: { 200: jsonResponse('The agent', agentSchema) },
  } as const;
  serveRoute(app, route, async (c) => {
    const agent = await mustIdentify(c, parts);
    if (isSent(agent)) return agent;
    const balance = await parts.desk.db.read((sql) => balanceOf(sql, agent.id));
    return reply(c, {
      status: 'success',
      ...{ agent_id: agent.id, name: agent.name ?? null, created_at: isoTime(agent.createdMs) },
      claim_state: agent.human === undefined ? 'unclaimed' : 'claimed',
      identity_from: agent.payer === undefined ? 'provisioning' : 'payment',
      balance: { usd: decimalUsd(balance), gems: gemsOf(balance, parts) },
    });
  });
}

/** A balance in gems, for display, at most two digits after the point, rounded down. */
export function gemsOf(usdMicros: bigint, { desk }: ApiParts): number {
  return Number((usdMicros * 100n) / desk.paying.usdMicrosPerGem) / 100;
}

function mountRevoke(app: ApiApp, parts: ApiParts): void {
  const route = {
    method: 'post',
    path: '/oauth2/revoke',
    operationId: 'revokeKey',
    summary: 'Take a key back (RFC 7009): always 200',
    security: anybody,
    request: {
      body: {
        required: true,
        content: { 'application/x-www-form-urlencoded': { schema: z.object({ token: z.string() }) } },
      },
    },
    responses: { 200: { description: 'Done, if it was a key' }, 429: problemResponse('Too many') },
  } as const;
  serveRoute(
    app,
    route,
    async (c) => {
      const over = limited(c, parts.limits.order, clientOf(c, parts), parts.desk.now());
      if (over !== undefined) return over;
      const text = new TextDecoder().decode(await bodyOf(c));
      const token = new URLSearchParams(text).get('token') ?? tokenOfJson(text);
      if (token === undefined) return badRequest(c, 'Send the key as token.');
      await parts.accounts.revoke(token);
      return reply(c, {});
    },
    ['/agent/auth/revoke', '/agent-auth/revoke'],
  );
}

function tokenOfJson(text: string): string | undefined {
  const read = readJson(Buffer.from(text), z.object({ token: z.string() }));
  return read.ok ? read.value.token : undefined;
}

function mountClaim(app: ApiApp, parts: ApiParts): void {
  const route = {
    method: 'post',
    path: '/api/v1/agents/claim',
    operationId: 'claimAgent',
    summary: 'A person takes an agent for theirs, with its claim code, once',
    security: anybody,
    request: { body: { required: true, content: { 'application/json': { schema: claimSchema } } } },
    responses: {
      200: jsonResponse('Claimed', claimedSchema),
      404: problemResponse('No such code, or used before'),
      429: problemResponse('Too many'),
    },
  } as const;
  serveRoute(app, route, async (c) => {
    const over = limited(c, parts.limits.provision, clientOf(c, parts), parts.desk.now());
    if (over !== undefined) return over;
    const body = readJson(await bodyOf(c), claimSchema);
    if (!body.ok) return badRequest(c, body.detail);
    const agent = await parts.accounts.claim(body.value.claim_code, body.value.human);
    if (agent === undefined)
      return refuse(c, registrarProblem('not-found', 'This claim code is not known, or was used before.'));
    return reply(c, { status: 'success', agent_id: agent.id, claim_state: 'claimed' });
  });
}
