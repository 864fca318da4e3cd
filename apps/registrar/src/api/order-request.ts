import { type Problem, type Result, refuse } from '@farebox/protocol';
import { z } from '@hono/zod-openapi';
import { yearsMax } from '../life/domain-life.js';
import { type DomainName, readDomainName } from '../names/domain-name.js';
import type { Coupon } from '../names/namespace.js';
import { phaseAt } from '../names/namespace.js';
import { isFree, type OrderPrice, priceOrder } from '../names/price.js';
import type { Desk } from '../sell/desk.js';
import type { PurchaseKind } from '../store/purchases.js';
import { couponUses } from '../store/purchases.js';
import type { ApiContext } from './context.js';
import { type RegistrarProblemKind, registrarProblem } from './problems.js';
import { refuse as refuseWith } from './respond.js';

/** The body of a quote, a registration and a renewal. Members that we do not know are left alone. */
export const orderSchema = z
  .object({
    domain: z.string().min(1).max(253),
    namespace: z.string().min(1).max(253).optional(),
    tld: z.string().min(1).max(253).optional(),
    years: z.int().min(1).max(yearsMax).default(1),
    agreed_to_terms: z.boolean().optional(),
    payment_method: z.string().max(20).optional(),
    mpp_network: z.string().max(40).optional(),
    coupon_code: z.string().min(1).max(64).optional(),
    target_owner_id: z.string().max(100).optional(),
    reseller_channel: z.string().max(100).nullish(),
  })
  .openapi('Order');

/** A body that was read. */
export type OrderBody = z.infer<typeof orderSchema>;

/**
 * What is wrong with an order for somebody else; undefined: it is for whoever orders. A name is bought for oneself and given
 * away afterwards, because only then its receiver has a say, and a reseller is nothing that we know.
 */
export function foreignOrder({ target_owner_id, reseller_channel }: OrderBody, agent: string | undefined) {
  if (target_owner_id !== undefined && target_owner_id !== agent)
    return 'A name is registered for who orders it; leave target_owner_id out, and transfer the name afterwards.';
  return typeof reseller_channel === 'string'
    ? 'There are no resellers here; leave reseller_channel out.'
    : undefined;
}

/** How an order is to be paid. */
export interface PaymentChoice {
  readonly method: 'mpp' | 'gems';
  /** Undefined: whichever the buyer likes. */
  readonly rail: 'tempo' | 'lightning' | undefined;
}

/**
 * How an order is to be paid, by header or by body; both must say the same.
 */
export function readPayment(c: ApiContext, body: OrderBody): Result<PaymentChoice> {
  const method = agreed(c.req.header('x-payment-method'), body.payment_method);
  const network = agreed(c.req.header('x-mpp-network'), body.mpp_network);
  if (method === 'conflict' || network === 'conflict')
    return refuse(
      'conflict',
      'The payment method is said in a header and in the body, differently; say it once.',
    );
  if (method !== undefined && method !== 'mpp' && method !== 'gems')
    return refuse('unknown', 'The payment method is mpp or gems.');
  if (network === undefined) return { ok: true, value: { method: method ?? 'mpp', rail: undefined } };
  const rail = /^tempo(-[a-z0-9]+)?$/.test(network) ? 'tempo' : network === 'lightning' ? network : undefined;
  if (rail === undefined) return refuse('unknown', 'The network is tempo or lightning.');
  return { ok: true, value: { method: method ?? 'mpp', rail } };
}

function agreed(header: string | undefined, member: string | undefined): string | undefined {
  const [one, other] = [header, member].map((text) => text?.trim().toLowerCase());
  if (one !== undefined && other !== undefined && one !== other) return 'conflict';
  return one ?? other;
}

/** A name that may be sold, at its price. */
export interface PricedName {
  readonly name: DomainName;
  readonly price: OrderPrice;
}

/** As {@link priceName}, with the refusal sent. */
export async function readPricedName(
  c: ApiContext,
  desk: Desk,
  kind: PurchaseKind,
  body: OrderBody,
  holder: string,
): Promise<PricedName | Response> {
  const priced = await priceName(desk, kind, body, holder);
  return priced.ok ? priced : refuseWith(c, priced.problem);
}

/** What may be ordered, or why it may not. */
export type Orderable =
  | ({ readonly ok: true } & PricedName)
  | { readonly ok: false; readonly problem: Problem };

const refused = (kind: RegistrarProblemKind, detail: string, reason?: string) => ({
  ok: false as const,
  problem: registrarProblem(kind, detail, reason === undefined ? {} : { reason }),
});

/** Reads the name of an order and prices it, or says why it cannot be sold. Nothing is changed. */
export async function priceName(
  desk: Desk,
  kind: PurchaseKind,
  body: OrderBody,
  holder?: string,
): Promise<Orderable> {
  const named = readSoldName(desk, body);
  if (!named.ok) return named;
  const { name, namespace } = named;
  const nowMs = desk.now();
  const reserved = namespace.reserved.get(name.name);
  if (kind === 'register' && reserved !== undefined)
    return refused('domain-reserved', `This name is reserved (${reserved}); choose another.`);
  const phase = phaseAt(namespace, nowMs);
  if (kind === 'register' && !phase.open)
    return refused(
      'registration-closed',
      `Nothing is registered in the phase ${phase.name}; capabilities says until when.`,
    );
  const coupon =
    body.coupon_code === undefined ? undefined : await usable(desk, body.coupon_code, name, holder);
  if (body.coupon_code !== undefined && coupon === undefined)
    return refused('bad-request', 'This coupon is not known, or not good for this name now.', 'coupon');
  const order = { kind, name: name.name, years: body.years, coupon };
  return { ok: true, name, price: priceOrder(namespace, order, nowMs) };
}

/**
 * As {@link priceName}, of an order whose credential is there to be judged: what it was offered for is honoured, whatever has
 * been reserved, closed or used up since. Never what is offered anew.
 */
export function priceOffered(desk: Desk, kind: PurchaseKind, body: OrderBody): Orderable {
  const named = readSoldName(desk, body);
  if (!named.ok) return named;
  const { name, namespace } = named;
  const coupon = desk.coupons.get(body.coupon_code?.toUpperCase() ?? '');
  const order = { kind, name: name.name, years: body.years, coupon };
  return { ok: true, name, price: priceOrder(namespace, order, desk.now()) };
}

function readSoldName(desk: Desk, body: OrderBody) {
  const read = readDomainName(body, desk.namespaces);
  if (!read.ok) return refused('bad-request', read.detail, read.code);
  const namespace = desk.namespaces.get(read.value.namespace);
  if (namespace === undefined) return refused('bad-request', 'No names are sold in this namespace.');
  return { ok: true as const, name: read.value, namespace };
}

async function usable(
  desk: Desk,
  text: string,
  { fqdn, namespace }: DomainName,
  holder: string | undefined,
): Promise<Coupon | undefined> {
  const coupon = desk.coupons.get(text.toUpperCase());
  if (coupon === undefined) return undefined;
  const { untilMs, namespaces, usesMax, code } = coupon;
  const nowMs = desk.now();
  if (untilMs !== undefined && nowMs >= untilMs) return undefined;
  if (namespaces !== undefined && !namespaces.has(namespace)) return undefined;
  if (usesMax === undefined) return coupon;
  const own = holder === undefined ? undefined : { fqdn, holder };
  const uses = await desk.db.read((sql) => couponUses(sql, code, nowMs, own));
  return uses < usesMax ? coupon : undefined;
}

/** True where an order costs nothing: then nobody is asked to pay. */
export function costsNothing({ price }: PricedName): boolean {
  return isFree(price.net);
}
