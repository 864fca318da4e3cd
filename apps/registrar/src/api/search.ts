import type { Result } from '@farebox/protocol';
import { z } from '@hono/zod-openapi';
import { type DomainName, readDomainName } from '../names/domain-name.js';
import { type Namespace, phaseAt } from '../names/namespace.js';
import { decimalUsd, type OrderPrice, priceOrder } from '../names/price.js';
import { isoTime } from '../sell/order-answer.js';
import { findDomain } from '../store/domains.js';
import { lockStanding } from '../store/locks.js';
import { capabilitiesSchema, searchSchema } from './answers.js';
import type { ApiApp, ApiContext, ApiParts } from './context.js';
import { badRequest, clientOf, limited } from './request.js';
import { reply } from './respond.js';
import { anybody, jsonResponse, problemResponse, serveRoute } from './route.js';

/** Serves what may be known before one buys: search, capabilities, prices. Nobody has to say who they are. */
export function mountSearch(app: ApiApp, parts: ApiParts): void {
  const search = {
    method: 'get',
    path: '/api/v1/domains/search',
    operationId: 'search',
    summary: 'Is a name to be had, and what does it cost?',
    security: anybody,
    request: { query: z.object({ q: z.string() }) },
    responses: {
      200: jsonResponse('One result a namespace', searchSchema),
      429: problemResponse('Too many'),
    },
  } as const;
  serveRoute(app, search, (c) => searchNames(c, parts));
  const capabilities = {
    method: 'get',
    path: '/api/v1/domains/capabilities',
    operationId: 'capabilities',
    summary: 'What is sold here, in which phase, and how it is paid',
    security: anybody,
    responses: { 200: jsonResponse('The namespaces', capabilitiesSchema) },
  } as const;
  serveRoute(app, capabilities, (c) => reply(c, capabilitiesOf(parts)));
}

async function searchNames(c: ApiContext, parts: ApiParts): Promise<Response> {
  const over = limited(c, parts.limits.search, clientOf(c, parts), parts.desk.now());
  if (over !== undefined) return over;
  const query = c.req.query('q') ?? '';
  if (query === '') return badRequest(c, 'Say what to search for with ?q=, a name or a full name.');
  const found = await findNames(parts, query);
  if (!found.ok) return badRequest(c, found.detail, found.code);
  return reply(c, { status: 'success', query, results: found.value.map((each) => resultOf(parts, each)) });
}

/** One name of a search. */
export interface SearchedName {
  readonly name: DomainName;
  readonly space: Namespace;
  /** Why it is not to be had; undefined: it is. */
  readonly reason: string | undefined;
  /** What an agent pays for a year now. */
  readonly price: OrderPrice;
  /** What a year is said to cost people, millionths of a dollar. */
  readonly humanUsdMicros: bigint;
}

/** Looks for a label in every namespace, or for a full name in its own. */
export async function findNames({ desk }: ApiParts, query: string): Promise<Result<readonly SearchedName[]>> {
  const isFull = query.replace(/\.$/, '').includes('.');
  const found: SearchedName[] = [];
  for (const namespace of isFull ? [undefined] : desk.namespaces.keys()) {
    const read = readDomainName({ domain: query, namespace }, desk.namespaces);
    if (!read.ok) return read;
    const name = read.value;
    const space = desk.namespaces.get(name.namespace);
    if (space === undefined) continue;
    const nowMs = desk.now();
    const { open, multiplier } = phaseAt(space, nowMs);
    const reason = await unavailableFor(desk, name.fqdn, space.reserved.get(name.name), open, nowMs);
    const order = { kind: 'register', name: name.name, years: 1, coupon: undefined } as const;
    const price = priceOrder(space, order, nowMs);
    // A premium name has one price, for everybody.
    const humanUsdMicros = price.premium ? price.net.usdMicros : space.humanPrice.usdMicros * multiplier;
    found.push({ name, space, reason, price, humanUsdMicros });
  }
  return { ok: true, value: found };
}

function resultOf({ desk }: ApiParts, searched: SearchedName): unknown {
  const { name: found, space, reason, price, humanUsdMicros } = searched;
  const { fqdn, name, display } = found;
  const phase = phaseAt(space, desk.now());
  const usd = Number(decimalUsd(price.net.usdMicros));
  const assets = desk.paying.tempo?.tokens.map((token) => token.name) ?? [];
  return {
    ...{ domain: fqdn, display, name, tld: space.name, namespace: space.name, tld_id: space.name },
    ...{ available: reason === undefined, reason: reason ?? null, premium: price.premium },
    ...{ price: usd, agent_price: usd, agent_price_currency: 'USD' },
    human_price: Number(decimalUsd(humanUsdMicros)),
    human_price_currency: 'USD',
    agent_mpp_price: {
      amount: decimalUsd(price.net.usdMicros),
      currency: 'USD-equivalent',
      settlement_assets: assets,
      ...(desk.paying.lightning && price.net.sats !== undefined ? { sats: price.net.sats.toString() } : {}),
    },
    launch_phase: phase.name,
    landgrab_multiplier: Number(phase.multiplier),
    max_registration_years: 10,
  };
}

async function unavailableFor(
  desk: ApiParts['desk'],
  fqdn: string,
  reserved: string | undefined,
  open: boolean,
  nowMs: number,
): Promise<string | undefined> {
  if (reserved !== undefined) return `Reserved Name (${reserved})`;
  const [owned, lock] = await desk.db.read(
    async (sql) => [await findDomain(sql, fqdn, nowMs), await lockStanding(sql, fqdn, nowMs)] as const,
  );
  if (owned !== undefined) return `Registered on ${isoTime(owned.registeredMs).slice(0, 10)}`;
  // Who it is locked for is nobody's business, and a lock is no ownership.
  if (lock.state !== 'free') return 'Locked while somebody pays for it';
  return open ? undefined : 'Registration is not open';
}

function capabilitiesOf({ desk, termsRequired }: ApiParts): unknown {
  const { tempo, lightning, usdMicrosPerGem } = desk.paying;
  const nowMs = desk.now();
  const data = [...desk.namespaces.values()].map((space) => {
    const phase = phaseAt(space, nowMs);
    return {
      ...{ namespace: space.name, tld: space.name, extension: `.${space.name}` },
      ...{ launch_phase: phase.name, registration_available: phase.open },
      phase_ends_at: phase.untilMs === undefined ? null : isoTime(phase.untilMs),
      registration_price_agent_usd: decimalUsd(space.agentPrice.usdMicros * phase.multiplier),
      registration_price_human_usd: decimalUsd(space.humanPrice.usdMicros * phase.multiplier),
      renewal_price_agent_usd: decimalUsd(space.renewalPrice.usdMicros),
      registration_price_sats: space.agentPrice.sats?.toString() ?? null,
      ...{ min_years: 1, max_years: 10, checkout_enabled: true },
    };
  });
  return {
    status: 'success',
    generated_at: isoTime(nowMs),
    ...{ currency: 'USD', billing_period: 'year', usd_per_gem: Number(decimalUsd(usdMicrosPerGem)) },
    payment: {
      methods: ['mpp', 'gems'],
      tempo: tempo && {
        chain_id: tempo.chainId,
        tokens: tempo.tokens.map(({ name, address }) => ({ name, address })),
      },
      lightning,
    },
    terms_required: termsRequired,
    count: data.length,
    data,
  };
}
