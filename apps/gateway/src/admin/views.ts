import type { Claim, Entry } from '@farebox/ledger';
import type { GatewayConfig, RouteConfig } from '../config/config.js';
import { type ApiKey, keyStateAt } from '../keys/key.js';
import type { Plan } from '../limits/window.js';
import type { Meter } from '../metrics/meter.js';
import type { RevenueRow } from './revenue.js';

// What the admin API shows, in the shapes of `schemas.ts`. None of it opens anything.

const iso = (ms: number): string => new Date(ms).toISOString();
const isoOrNull = (ms: number | undefined): string | null => (ms === undefined ? null : iso(ms));

/** A key. */
export function viewKey(key: ApiKey, nowMs: number) {
  return {
    id: key.id,
    name: key.name,
    shown: key.shown,
    state: keyStateAt(key, nowMs),
    plan: key.plan,
    scopes: [...key.scopes],
    created: iso(key.createdMs),
    expires: isoOrNull(key.expiresMs),
    revoked: isoOrNull(key.revokedMs),
    rotated: isoOrNull(key.rotatedMs),
    oldUntil: isoOrNull(key.oldUntilMs),
    lastUsed: isoOrNull(key.lastUsedMs),
  };
}

/** A claim. */
export function viewClaim(claim: Claim) {
  return {
    claim: claim.seq,
    challengeId: claim.challengeId,
    reference: claim.reference,
    state: claim.state,
    method: claim.method,
    intent: claim.intent,
    amount: String(claim.paid.amount),
    currency: claim.paid.currency,
    route: claim.route,
    resource: claim.resource,
    attempts: claim.attempts,
    redeliveries: claim.redeliveries,
    answerKept: claim.answerKept,
    expires: iso(claim.expiresMs),
    created: iso(claim.createdMs),
    updated: iso(claim.updatedMs),
  };
}

/** A movement of a claim's amount. */
export function viewEntry({ atMs, debit, credit, amount }: Entry) {
  return { time: iso(atMs), debit, credit, amount: String(amount.amount), currency: amount.currency };
}

/** One row of revenue. */
export function viewRevenue(row: RevenueRow) {
  const { startMs, route, method, currency, payments, received, revenue, owed, breakage, refunds } = row;
  return {
    ...{ start: isoOrNull(startMs), route, method, currency, payments },
    received: String(received),
    revenue: String(revenue),
    owed: String(owed),
    breakage: String(breakage),
    refunds: String(refunds),
  };
}

/** A route, with what was counted of it since the start. */
export function viewRoute(route: RouteConfig, meter: Meter) {
  const { match, upstream, offers, access, shadow } = route;
  const counts = meter.routes.get(match.text);
  return {
    match: match.text,
    upstream,
    mode: offers.length === 0 ? ('free' as const) : shadow ? ('shadow' as const) : ('charge' as const),
    prices: offers.map(({ method, intent, price }) => ({
      ...{ method, intent, currency: price.currency },
      amount: String(price.amount),
    })),
    labels: [...access.labels],
    free: access.free ?? null,
    counts: {
      challenges: counts?.challenges ?? 0,
      deliveries: counts?.deliveries ?? 0,
      redeliveries: counts?.redeliveries ?? 0,
      credits: counts?.credits ?? 0,
      refusals: Object.fromEntries(counts?.refusals ?? []),
    },
  };
}

/** A plan. */
export function viewPlan({ name, windows, concurrency, keyLifeMs }: Plan) {
  return {
    name,
    windows: windows.map((window) => ({
      name: window.name,
      requests: window.requests,
      per: window.length.kind === 'calendar' ? window.length.unit : `${window.length.ms / 1_000}s`,
    })),
    concurrency: concurrency ?? null,
    keyLifeSeconds: keyLifeMs === undefined ? null : Math.round(keyLifeMs / 1_000),
  };
}

/** Every plan that keys may have; none where nothing is sold by key. */
export function plansOf(config: GatewayConfig): readonly Plan[] {
  return [...(config.keys?.plans.values() ?? [])];
}
