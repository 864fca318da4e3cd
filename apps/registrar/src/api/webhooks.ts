import { z } from '@hono/zod-openapi';
import { newId } from '../identity/secrets.js';
import { isoTime } from '../sell/order-answer.js';
import { insertWebhook, removeWebhook, type Webhook, webhookEvents, webhooksOf } from '../store/webhooks.js';
import { readWebhookTarget } from '../webhooks/target.js';
import { doneSchema } from './answers.js';
import type { ApiApp, ApiContext, ApiParts } from './context.js';
import { webhookSchema, webhooksSchema } from './name-answers.js';
import { registrarProblem } from './problems.js';
import { badRequest, bodyOf, mustIdentify, readJson } from './request.js';
import { isSent, refuse, reply } from './respond.js';
import { jsonResponse, needsKey, problemResponse, serveRoute } from './route.js';

/** Most webhooks of one agent. */
export const webhooksPerAgentMax = 5;

const subscribeSchema = z
  .object({
    target_url: z.string().min(1).max(2_000),
    events: z.array(z.enum(webhookEvents)).min(1).max(webhookEvents.length),
    secret: z.string().min(16).max(200),
  })
  .openapi('Webhook');

/** Serves webhooks: subscribe, list, unsubscribe. */
export function mountWebhooks(app: ApiApp, parts: ApiParts): void {
  const subscribe = {
    method: 'post',
    path: '/api/v1/webhooks/subscribe',
    operationId: 'subscribeWebhook',
    summary: 'Be told what happens to your names, signed with your secret',
    security: needsKey,
    request: { body: { required: true, content: { 'application/json': { schema: subscribeSchema } } } },
    responses: { 201: jsonResponse('The webhook', webhookSchema), 409: problemResponse('Too many') },
  } as const;
  serveRoute(app, subscribe, (c) => subscribeOne(c, parts));
  const list = {
    method: 'get',
    path: '/api/v1/webhooks',
    operationId: 'listWebhooks',
    summary: 'Your webhooks',
    security: needsKey,
    responses: { 200: jsonResponse('The webhooks', webhooksSchema) },
  } as const;
  serveRoute(app, list, async (c) => {
    const agent = await mustIdentify(c, parts);
    if (isSent(agent)) return agent;
    const webhooks = await parts.desk.db.read((sql) => webhooksOf(sql, agent.id));
    return reply(c, { status: 'success', data: webhooks.map(webhookData) });
  });
  const remove = {
    method: 'delete',
    path: '/api/v1/webhooks/{id}',
    operationId: 'removeWebhook',
    summary: 'Be told no more',
    security: needsKey,
    responses: { 200: jsonResponse('Removed', doneSchema), 404: problemResponse('No such webhook') },
  } as const;
  serveRoute(app, remove, async (c) => {
    const agent = await mustIdentify(c, parts);
    if (isSent(agent)) return agent;
    const gone = await parts.desk.db.write((sql) => removeWebhook(sql, agent.id, c.req.param('id') ?? ''));
    if (!gone) return refuse(c, registrarProblem('not-found', 'You have no webhook of that id.'));
    return reply(c, { status: 'success' });
  });
}

/** A webhook without its secret. */
function webhookData({ id, target, events, createdMs }: Webhook): Readonly<Record<string, unknown>> {
  return { id, target_url: target, events, created_at: isoTime(createdMs) };
}

async function subscribeOne(c: ApiContext, parts: ApiParts): Promise<Response> {
  const agent = await mustIdentify(c, parts);
  if (isSent(agent)) return agent;
  const body = readJson(await bodyOf(c), subscribeSchema);
  if (!body.ok) return badRequest(c, body.detail, body.code);
  const { target_url: target, events, secret } = body.value;
  const read = readWebhookTarget(target, parts.webhooksLocal);
  if (!read.ok) return badRequest(c, read.detail, read.code);
  const nowMs = parts.desk.now();
  const webhook: Webhook = {
    id: newId('whk'),
    agent: agent.id,
    target: read.value,
    events,
    secret,
    createdMs: nowMs,
  };
  const full = await parts.desk.db.write(async (sql) => {
    if ((await webhooksOf(sql, agent.id)).length >= webhooksPerAgentMax) return true;
    await insertWebhook(sql, webhook);
    return false;
  });
  if (full) {
    const detail = `You have ${webhooksPerAgentMax} webhooks, which is all there can be; remove one first.`;
    return refuse(c, registrarProblem('conflict', detail));
  }
  return reply(c, { status: 'success', ...webhookData(webhook) }, 201);
}
