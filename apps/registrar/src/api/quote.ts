import { decimalUsd } from '../names/price.js';
import { findHindrance } from '../sell/offer.js';
import type { PurchaseKind } from '../store/purchases.js';
import { gemsOf } from './agents.js';
import type { ApiApp, ApiContext, ApiParts } from './context.js';
import { clientSubject } from './holder.js';
import { orderSchema, type PricedName, readPayment, readPricedName } from './order-request.js';
import { hindranceRefusal, registrarProblem } from './problems.js';
import { badRequest, bodyOf, clientOf, limited, mustIdentify, readJson } from './request.js';
import { isSent, refuse, reply } from './respond.js';
import { jsonResponse, problemResponse, serveRoute } from './route.js';

/** Serves quotes: what an order would cost. Nothing is kept of them, and no name is locked. */
export function mountQuote(app: ApiApp, parts: ApiParts): void {
  const route = {
    method: 'post',
    path: '/api/v1/domains/quote',
    summary: 'What would it cost? Nothing is kept, and no name is locked',
    request: { body: { required: true, content: { 'application/json': { schema: orderSchema } } } },
    responses: {
      200: jsonResponse('The price'),
      401: problemResponse('Nobody who is known'),
      409: problemResponse('Taken'),
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
  const read = readJson(await bodyOf(c), orderSchema);
  if (!read.ok) return badRequest(c, read.detail, read.code);
  const choice = readPayment(c, read.value);
  if (!choice.ok) return refuse(c, registrarProblem('payment-method-conflict', choice.detail));
  const nowMs = desk.now();
  const named = await readPricedName(c, desk, 'register', read.value);
  if (isSent(named)) return named;
  const { fqdn } = named.name;
  const plan = {
    name: named.name,
    years: read.value.years,
    agent: agent.id,
    holder: agent.id,
    client: clientSubject(client),
  };
  // One's own name is quoted for another term.
  const first = await desk.db.read((sql) =>
    findHindrance(sql, { ...plan, kind: 'register', price: named.price }, nowMs),
  );
  const kind: PurchaseKind = first?.kind === 'taken' && first.byAsker ? 'renew' : 'register';
  const hindrance = kind === 'register' ? first : undefined;
  if (hindrance !== undefined) {
    const { problem, fields } = hindranceRefusal(hindrance, fqdn, nowMs);
    return refuse(c, problem, fields);
  }
  const priced = kind === 'register' ? named : await readPricedName(c, desk, kind, read.value);
  if (isSent(priced)) return priced;
  return reply(c, quoteOf(parts, priced, kind, plan.years));
}

function quoteOf(
  parts: ApiParts,
  { name, price }: PricedName,
  kind: PurchaseKind,
  years: number,
): Readonly<Record<string, unknown>> {
  const { desk } = parts;
  const { gross, net, coupon, premium } = price;
  const gems = (amount: bigint) => gemsOf(amount, parts);
  const [token] = desk.paying.tempo?.tokens ?? [];
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
      sats: desk.paying.lightning ? (net.sats?.toString() ?? null) : null,
    },
    ...(desk.paying.tempo === undefined
      ? {}
      : {
          mpp_network: 'tempo',
          chain_id: desk.paying.tempo.chainId,
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
