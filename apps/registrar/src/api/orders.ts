import { isPaymentCredential } from '@farebox/protocol';
import { z } from '@hono/zod-openapi';
import type { Desk } from '../sell/desk.js';
import { type Fresh, offersOf, presentedId, sellOrder, unpriced } from '../sell/paid-order.js';
import type { OrderPlan } from '../sell/plan.js';
import { orderUnchallenged } from '../sell/unpaid-order.js';
import type { PurchaseKind } from '../store/purchases.js';
import { challengeSchema, orderedSchema } from './answers.js';
import { takeReceipt } from './body-receipt.js';
import type { ApiApp, ApiContext, ApiParts } from './context.js';
import { clientSubject } from './holder.js';
import { jsonOnly } from './json-only.js';
import {
  costsNothing,
  foreignOrder,
  type Orderable,
  type OrderBody,
  orderSchema,
  type PaymentChoice,
  type PricedName,
  priceName,
  priceOffered,
  readPayment,
} from './order-request.js';
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
import { jsonResponse, mayHaveKey, problemResponse, serveRoute } from './route.js';

/** Serves registration and renewal. */
export function mountOrders(app: ApiApp, parts: ApiParts): void {
  const paths = { register: '/api/v1/domains/register', renew: '/api/v1/renew' } as const;
  const renewAlias = '/api/v1/domains/renew';
  for (const path of [paths.register, paths.renew, renewAlias]) app.on('POST', path, jsonOnly);
  const route = (kind: PurchaseKind, summary: string) =>
    ({
      method: 'post',
      path: paths[kind],
      operationId: `${kind}Name`,
      summary,
      security: mayHaveKey,
      request: {
        headers: orderHeaders,
        body: { required: true, content: { 'application/json': { schema: orderSchema } } },
      },
      responses: {
        200: {
          ...jsonResponse('Paid and done', orderedSchema),
          headers: { 'Payment-Receipt': fieldOf('What was paid (draft-httpauth-payment-00)') },
        },
        201: jsonResponse('Done, paid from the balance', orderedSchema),
        401: problemResponse('Nobody who is known'),
        402: {
          ...problemResponse(
            'Pay one of the challenges, then send the very same request with the credential',
            challengeSchema,
          ),
          headers: { 'WWW-Authenticate': fieldOf('One Payment challenge for each way of paying') },
        },
        403: problemResponse('Reserved, closed, somebody else’s name or challenge'),
        ...(kind === 'renew' ? { 404: problemResponse('Nobody owns it') } : {}),
        409: problemResponse('Taken, or lost after it was paid: what was paid is on the balance'),
        415: problemResponse('The JSON was lost on the way'),
        423: problemResponse('Locked: somebody is paying for it'),
        429: problemResponse('Too many'),
        504: problemResponse('Not known yet: send the same credential again, never pay again'),
      },
      'x-payment-info': paymentInfo(parts),
    }) as const;
  serveRoute(app, route('register', 'Register a name'), (c) => order(c, parts, 'register'));
  serveRoute(app, route('renew', 'Renew a name'), (c) => order(c, parts, 'renew'), [renewAlias]);
}

/** The fields of an order beside its body; the key and the credential are told elsewhere. */
const orderHeaders = z.object({
  'X-Payment-Method': z.enum(['mpp', 'gems']).optional(),
  'X-MPP-Network': z.string().max(40).optional().openapi({ example: 'lightning' }),
  'Idempotency-Key': z.string().max(255).optional(),
});

function fieldOf(description: string) {
  return { description, schema: { type: 'string' } } as const;
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
  // Whoever has paid is never limited. An order whose last credential has just proved nothing has not been paid yet.
  const unproved = !pays || desk.refusedOrders.has(presentedId(credentials) ?? '', desk.now());
  const over = unproved ? limited(c, parts.limits.order, client, desk.now()) : undefined;
  if (over !== undefined) return over;
  const read = readJson(bytes, orderSchema);
  if (!read.ok) return badRequest(c, read.detail, read.code);
  const body = read.value;
  const agent = await identified(c, parts);
  if (isSent(agent)) return agent;
  const foreign = foreignOrder(body, agent?.id);
  if (foreign !== undefined) return badRequest(c, foreign, 'target_owner');
  const choice = readPayment(c, body);
  if (!choice.ok) return refuse(c, registrarProblem('payment-method-conflict', choice.detail));
  const holder = agent?.id ?? clientSubject(client);
  const buyer = { kind, years: body.years, agent: agent?.id, holder, client };
  const orderable = unagreed(parts, kind, body) ?? (await priceName(desk, kind, body, holder));
  const request = gateRequest(c, bytes, credentials, client, agent);
  const fresh = freshOf(desk, buyer, orderable, choice.value);
  if (pays) {
    // Judged as what it was offered for. What is offered anew, should it fail, is not decided by it.
    const offered = priceOffered(desk, kind, body);
    if (!offered.ok) return refuse(c, offered.problem);
    return send(c, await sellOrder(desk, request, { ...buyer, ...offered }, fresh));
  }
  if (!orderable.ok) return refuse(c, orderable.problem);
  const plan = { ...buyer, ...orderable };
  const unchallenged = unchallengedMethod(orderable, choice.value);
  if (unchallenged === undefined) {
    return fresh.ok ? send(c, await sellOrder(desk, request, plan, fresh)) : refuse(c, fresh.problem);
  }
  if (agent === undefined) {
    const detail = 'What is not paid for now needs an agent: send X-API-Key; POST /agent/auth gives one.';
    return refuse(c, registrarProblem('identity-required', detail));
  }
  const key = c.req.header('idempotency-key');
  if (key !== undefined && key.length > 255)
    return badRequest(c, 'An Idempotency-Key has at most 255 characters.');
  return send(c, { answer: await orderUnchallenged(desk, { ...plan, agent: agent.id }, unchallenged, key) });
}

/** The refusal of an order whose terms were not agreed to. Renewals have none. */
function unagreed(
  { termsRequired }: ApiParts,
  kind: PurchaseKind,
  { agreed_to_terms: agreed }: OrderBody,
): Extract<Orderable, { readonly ok: false }> | undefined {
  if (kind === 'renew' || agreed === true || (agreed === undefined && !termsRequired)) return undefined;
  const detail = 'Agree to the terms with agreed_to_terms: true; nothing was asked for.';
  return { ok: false, problem: registrarProblem('terms-not-agreed', detail) };
}

/** How an order is paid where nobody is challenged for it; undefined: with a challenge. */
function unchallengedMethod(priced: PricedName, { method }: PaymentChoice): 'coupon' | 'gems' | undefined {
  if (costsNothing(priced)) return 'coupon';
  return method === 'gems' ? 'gems' : undefined;
}

/** What the buyer of an order may be challenged for. */
function freshOf(
  desk: Desk,
  buyer: Omit<OrderPlan, 'name' | 'price'>,
  orderable: Orderable,
  choice: PaymentChoice,
): Fresh {
  if (!orderable.ok) return orderable;
  if (unchallengedMethod(orderable, choice) !== undefined) {
    const detail =
      'The payment did not verify, and this order is not challenged; send it without Authorization.';
    return { ok: false, problem: registrarProblem('conflict', detail) };
  }
  const plan = { ...buyer, ...orderable };
  if (offersOf(desk, plan, choice.rail).length > 0) return { ok: true, plan, rail: choice.rail };
  return { ok: false, problem: unpriced() };
}
