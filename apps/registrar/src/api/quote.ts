import { z } from '@hono/zod-openapi';
import { type NamedDomain, readDomainName } from '../names/domain-name.js';
import { decimalUsd } from '../names/price.js';
import { findHindrance } from '../sell/offer.js';
import { offersOf, unsellable } from '../sell/paid-order.js';
import { findDomain } from '../store/domains.js';
import type { PurchaseKind } from '../store/purchases.js';
import { gemsOf } from './agents.js';
import { quoteSchema } from './answers.js';
import type { ApiApp, ApiContext, ApiParts } from './context.js';
import { clientSubject } from './holder.js';
import {
  costsNothing,
  foreignOrder,
  orderSchema,
  type PaymentChoice,
  type PricedName,
  readPayment,
  readPricedName,
} from './order-request.js';
import { hindranceRefusal, registrarProblem } from './problems.js';
import { badRequest, bodyOf, clientOf, limited, mustIdentify, readJson } from './request.js';
import { isSent, refuse, reply, send } from './respond.js';
import { jsonResponse, needsKey, problemResponse, serveRoute } from './route.js';

const quoteRequestSchema = orderSchema
  .extend({
    order_kind: z
      .enum(['register', 'renew'])
      .optional()
      .openapi({ description: 'Left out: renew for a name of yours, register for any other' }),
  })
  .openapi('QuoteRequest');

/** Serves quotes: what an order would cost. Nothing is kept of them, and no name is locked. */
export function mountQuote(app: ApiApp, parts: ApiParts): void {
  const route = {
    method: 'post',
    path: '/api/v1/domains/quote',
    operationId: 'quote',
    summary: 'What would it cost? Nothing is kept, and no name is locked',
    security: needsKey,
    request: { body: { required: true, content: { 'application/json': { schema: quoteRequestSchema } } } },
    responses: {
      200: jsonResponse('The price', quoteSchema),
      403: problemResponse('Reserved, closed, or not yours to renew'),
      404: problemResponse('Nobody owns what is to be renewed'),
      409: problemResponse('Taken'),
      423: problemResponse('Locked: somebody is paying for it'),
      429: problemResponse('Too many'),
    },
  } as const;
  serveRoute(app, route, (c) => quote(c, parts));
}

async function quote(c: ApiContext, parts: ApiParts): Promise<Response> {
  const { desk } = parts;
  const client = clientOf(c, parts);
  const over = limited(c, parts.limits.search, client, desk.now());
  if (over !== undefined) return over;
  const agent = await mustIdentify(c, parts);
  if (isSent(agent)) return agent;
  const read = readJson(await bodyOf(c), quoteRequestSchema);
  if (!read.ok) return badRequest(c, read.detail, read.code);
  const body = read.value;
  const foreign = foreignOrder(body, agent.id);
  if (foreign !== undefined) return badRequest(c, foreign, 'target_owner');
  const choice = readPayment(c, body);
  if (!choice.ok) return refuse(c, registrarProblem('payment-method-conflict', choice.detail));
  const kind = body.order_kind ?? ((await isOwner(parts, body, agent.id)) ? 'renew' : 'register');
  const priced = await readPricedName(c, desk, kind, body, agent.id);
  if (isSent(priced)) return priced;
  const { name, price } = priced;
  const asking = { agent: agent.id, holder: agent.id, client: clientSubject(client) };
  const plan = { kind, name, years: body.years, ...asking, price };
  const nowMs = desk.now();
  // What would be in the way of the order is in the way of its quote.
  const hindrance = await desk.db.read((sql) => findHindrance(sql, plan, nowMs));
  if (hindrance !== undefined) {
    const { problem, fields } = hindranceRefusal(hindrance, name.fqdn, nowMs);
    return refuse(c, problem, fields);
  }
  const unpaid = costsNothing(priced) || choice.value.method === 'gems';
  if (!unpaid && offersOf(desk, plan, choice.value.rail).length === 0)
    return send(c, { answer: unsellable() });
  return reply(c, quoteOf(parts, priced, kind, body.years, choice.value));
}

/** True of one's own name: that can only be renewed. What is no name is told when it is priced. */
async function isOwner({ desk }: ApiParts, body: NamedDomain, agent: string): Promise<boolean> {
  const read = readDomainName(body, desk.namespaces);
  if (!read.ok) return false;
  const owned = await desk.db.read((sql) => findDomain(sql, read.value.fqdn, desk.now()));
  return owned?.owner === agent;
}

function quoteOf(
  parts: ApiParts,
  { name, price }: PricedName,
  kind: PurchaseKind,
  years: number,
  { rail }: PaymentChoice,
): Readonly<Record<string, unknown>> {
  const { desk } = parts;
  const { gross, net, coupon, premium } = price;
  const gems = (amount: bigint) => gemsOf(amount, parts);
  const { tempo, lightning } = desk.paying;
  const onTempo = rail === 'lightning' ? undefined : tempo;
  const [token] = onTempo?.tokens ?? [];
  return {
    ...{ status: 'quoted', binding: false, mutation: 'none', available: true },
    ...{
      domain: name.fqdn,
      display: name.display,
      years,
      order_kind: kind,
      premium,
      coupon: coupon ?? null,
    },
    price: {
      gross_gems: gems(gross.usdMicros),
      discount_gems: gems(gross.usdMicros - net.usdMicros),
      net_gems: gems(net.usdMicros),
      configured_currency: 'Gems',
      amount: decimalUsd(net.usdMicros),
      currency: token?.name ?? 'USD',
      sats: lightning && rail !== 'tempo' ? (net.sats?.toString() ?? null) : null,
    },
    ...(onTempo === undefined
      ? { mpp_network: 'lightning' }
      : {
          mpp_network: 'tempo',
          chain_id: onTempo.chainId,
          currency_address: token?.address,
          recipient: token?.recipient,
        }),
    next: {
      method: 'POST',
      url: `${desk.realm}${kind === 'register' ? '/api/v1/domains/register' : '/api/v1/renew'}`,
      creates_pending_order: true,
    },
  };
}
