import { randomUUID } from 'node:crypto';
import type { JsonObject } from '@farebox/protocol';
import type { Header, PayableRequest } from '@farebox/wallet';
import type { NamedDomain } from './domain-name.js';
import { type OrderKind, orderPaths } from './journal-orders.js';
import type { Registrar } from './registrar.js';

/** What is ordered. */
export interface Order {
  readonly kind: OrderKind;
  readonly domain: NamedDomain;
  readonly years: number;
  readonly coupon?: string | undefined;
  /** The registrar's terms were read and agreed to (R6). Left out where they were not: a strict registrar then refuses. */
  readonly agreed: boolean;
  /** From the prepaid balance instead of by a payment. */
  readonly gems: boolean;
}

/** The JSON of an order: it is written once, and sent as these bytes every time (R16). */
export function orderBody({ kind, domain, years, coupon, agreed, gems }: Order): JsonObject {
  const { label, namespace, fqdn } = domain;
  return {
    ...(kind === 'register' ? { domain: label, namespace } : { domain: fqdn }),
    years,
    ...(agreed && { agreed_to_terms: true }),
    ...(coupon !== undefined && { coupon_code: coupon }),
    ...(gems && { payment_method: 'gems' }),
  };
}

/**
 * The request of an order. Who orders is in `X-API-Key`, which the credential leaves alone (R3, R13). The
 * `Idempotency-Key` is there from the first request on, so that the replay differs in nothing but `Authorization` (R17).
 */
export function orderRequest({ origin, key }: Registrar, order: Order): PayableRequest {
  const headers: Header[] = [
    ['Content-Type', 'application/json'],
    ['Accept', 'application/json'],
    ['Idempotency-Key', `dom_${randomUUID()}`],
  ];
  if (!order.gems) headers.unshift(['X-Payment-Method', 'mpp']);
  if (key !== undefined) headers.unshift(['X-API-Key', key]);
  const url = `${origin}${orderPaths[order.kind]}`;
  return { url, method: 'POST', headers, body: JSON.stringify(orderBody(order)) };
}
