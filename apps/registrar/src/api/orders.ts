import { isPaymentCredential } from '@farebox/protocol';
import { readDomainName } from '../names/domain-name.js';
import { offersOf, presentedId, sellOrder, unsellable } from '../sell/paid-order.js';
import type { OrderPlan } from '../sell/plan.js';
import { orderUnchallenged } from '../sell/unpaid-order.js';
import { findPurchase, type PurchaseKind } from '../store/purchases.js';
import { takeReceipt } from './body-receipt.js';
import type { ApiApp, ApiContext, ApiParts } from './context.js';
import { clientSubject } from './holder.js';
import { jsonOnly } from './json-only.js';
import { costsNothing, type OrderBody, orderSchema, readPayment, readPricedName } from './order-request.js';
import { registrarProblem } from './problems.js';
import {
  authorizationsOf,
  badRequest,
  bodyOf,
  clientOf,
  gateRequest,
  identified,
  limited,
  readJson,
} from './request.js';
import { isSent, refuse, send } from './respond.js';
import { jsonResponse, problemResponse, serveRoute } from './route.js';

/** Serves registration and renewal. */
export function mountOrders(app: ApiApp, parts: ApiParts): void {
  const paths = { register: '/api/v1/domains/register', renew: '/api/v1/renew' } as const;
  const renewAlias = '/api/v1/domains/renew';
  for (const path of [paths.register, paths.renew, renewAlias]) app.use(path, jsonOnly);
  const route = (kind: PurchaseKind, summary: string) =>
    ({
      method: 'post',
      path: paths[kind],
      summary,
      request: { body: { required: true, content: { 'application/json': { schema: orderSchema } } } },
      responses: {
        200: jsonResponse('Paid and done, with a Payment-Receipt'),
        201: jsonResponse('Done, paid from the balance'),
        400: problemResponse('The order contradicts itself'),
        401: problemResponse('Nobody who is known'),
        402: problemResponse(
          'Pay one of the challenges, then send the very same request with the credential',
        ),
        409: problemResponse('Taken'),
        415: problemResponse('The JSON was lost on the way'),
        423: problemResponse('Locked: somebody is paying for it'),
        429: problemResponse('Too many'),
      },
      'x-payment-info': paymentInfo(parts),
    }) as const;
  serveRoute(app, route('register', 'Register a name'), (c) => order(c, parts, 'register'));
  serveRoute(app, route('renew', 'Renew a name'), (c) => order(c, parts, 'renew'), [renewAlias]);
}

/** What draft-payment-discovery-00 wants to know of a route whose price depends on the order. */
function paymentInfo({ desk }: ApiParts) {
  const { tempo, lightning } = desk.paying;
  const tokens = tempo?.tokens ?? [];
  const offers = tokens.map(({ address }) => ({
    method: 'tempo',
    intent: 'charge',
    amount: null,
    currency: address,
  }));
  const sats = { method: 'lightning', intent: 'charge', amount: null, currency: 'sat' };
  return { offers: lightning ? [...offers, sats] : offers };
}

async function order(c: ApiContext, parts: ApiParts, kind: PurchaseKind): Promise<Response> {
  const { desk } = parts;
  const client = clientOf(c, parts);
  const { bytes, credentials } = takeReceipt(await bodyOf(c), authorizationsOf(c));
  const pays = credentials.some(isPaymentCredential);
  // Whoever has paid is never limited.
  const over = pays ? undefined : limited(c, parts.limits.order, client, desk.now());
  if (over !== undefined) return over;
  const read = readJson(bytes, orderSchema);
  if (!read.ok) return badRequest(c, read.detail, read.code);
  const body = read.value;
  const agent = await identified(c, parts);
  if (isSent(agent)) return agent;
  const offered = await wasOffered(credentials, parts, body);
  if (kind === 'register' && body.agreed_to_terms !== true && !offered) {
    if (parts.termsRequired || body.agreed_to_terms === false) {
      const detail = 'Agree to the terms with agreed_to_terms: true; nothing was asked for.';
      return refuse(c, registrarProblem('terms-not-agreed', detail));
    }
  }
  const choice = readPayment(c, body);
  if (!choice.ok) return refuse(c, registrarProblem('payment-method-conflict', choice.detail));
  const priced = await readPricedName(c, desk, kind, body, offered);
  if (isSent(priced)) return priced;
  const { name, price } = priced;
  const holder = agent?.id ?? clientSubject(client);
  const plan: OrderPlan = { kind, name, years: body.years, agent: agent?.id, holder, client, price };
  const free = costsNothing(priced);
  // A challenge that was issued when there was a price is honoured, whatever it costs now.
  if ((free || choice.value.method === 'gems') && !pays) {
    if (agent === undefined) {
      const detail = 'What is not paid for now needs an agent: send X-API-Key; POST /agent/auth gives one.';
      return refuse(c, registrarProblem('identity-required', detail));
    }
    const method = free ? 'coupon' : 'gems';
    const key = c.req.header('idempotency-key');
    if (key !== undefined && key.length > 255)
      return badRequest(c, 'An Idempotency-Key has at most 255 characters.');
    return send(c, { answer: await orderUnchallenged(desk, { ...plan, agent: agent.id }, method, key) });
  }
  const { rail } = choice.value;
  if (!offersOf(desk, plan, rail).some(() => true)) return send(c, { answer: unsellable() });
  return send(c, await sellOrder(desk, gateRequest(c, bytes, credentials, client, agent), plan, rail));
}

/** True where the request comes with a payment for an order of this name that was offered here. The gate judges it. */
async function wasOffered(
  credentials: readonly string[],
  { desk }: ApiParts,
  body: OrderBody,
): Promise<boolean> {
  const id = presentedId({ credentials });
  if (id === undefined) return false;
  const order = await desk.db.read((sql) => findPurchase(sql, id));
  const name = readDomainName(body, desk.namespaces);
  return name.ok && order?.fqdn === name.value.fqdn;
}
