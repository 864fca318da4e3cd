import { CLAIM_STATES } from '@farebox/ledger';
import { z } from '@hono/zod-openapi';
import { REVENUE_STRETCHES } from './revenue.js';

// What goes in and out of the admin API. Amounts are decimal strings of whole base units; times are RFC 3339 in UTC.

const time = z.iso.datetime({ offset: true }).openapi({ example: '2026-01-31T12:00:00Z' });
const timeOrNull = time.nullable();
const amount = z.string().regex(/^-?[0-9]+$/);

/** A problem (RFC 9457). */
export const problemSchema = z
  .object({ type: z.string(), title: z.string(), status: z.int(), detail: z.string() })
  .openapi('Problem');

/** A key, without what opens anything. */
export const keySchema = z
  .object({
    id: z.string(),
    name: z.string(),
    shown: z.string(),
    state: z.enum(['active', 'expired', 'revoked']),
    plan: z.string(),
    scopes: z.array(z.string()),
    created: time,
    expires: timeOrNull,
    revoked: timeOrNull,
    rotated: timeOrNull,
    oldUntil: timeOrNull,
    lastUsed: timeOrNull,
  })
  .openapi('Key');

/** A key with its secret, which is shown this once. */
export const issuedKeySchema = keySchema.extend({ key: z.string() }).openapi('IssuedKey');

/** What is wished of a key. */
export const keyWishSchema = z
  .strictObject({
    name: z.string().max(100).optional(),
    plan: z.string().max(63).optional(),
    scopes: z.array(z.string().max(500)).max(64).optional(),
    expires: timeOrNull.optional().openapi({ description: 'null: never.' }),
  })
  .openapi('KeyWish');

/** How a key is rotated. */
export const rotationSchema = z
  .strictObject({
    keepOldSeconds: z
      .int()
      .min(0)
      .max(31_536_000)
      .optional()
      .openapi({ description: 'How long the old secret works on. Default 0.' }),
  })
  .openapi('Rotation');

/** A page of keys. */
export const keysSchema = z.object({ keys: z.array(keySchema), next: z.string().nullable() }).openapi('Keys');

/** A claim of the ledger. */
export const claimSchema = z
  .object({
    claim: z.int(),
    challengeId: z.string(),
    reference: z.string(),
    state: z.enum(CLAIM_STATES),
    method: z.string(),
    intent: z.string(),
    amount,
    currency: z.string(),
    route: z.string(),
    resource: z.string(),
    attempts: z.int(),
    redeliveries: z.int(),
    answerKept: z.boolean(),
    expires: time,
    created: time,
    updated: time,
  })
  .openapi('Claim');

/** A claim with the movements of its amount. */
export const claimWithEntriesSchema = claimSchema
  .extend({
    entries: z.array(z.object({ time, debit: z.string(), credit: z.string(), amount, currency: z.string() })),
  })
  .openapi('ClaimWithEntries');

/** A page of claims. */
export const claimsSchema = z
  .object({ claims: z.array(claimSchema), next: z.int().nullable() })
  .openapi('Claims');

/** What was received and what became of it. */
export const revenueSchema = z
  .object({
    by: z.enum(REVENUE_STRETCHES),
    rows: z.array(
      z.object({
        start: timeOrNull,
        route: z.string(),
        method: z.string(),
        currency: z.string(),
        payments: z.int(),
        received: amount,
        revenue: amount,
        owed: amount,
        breakage: amount,
        refunds: amount,
      }),
    ),
  })
  .openapi('Revenue');

/** The routes that are in force. */
export const routesSchema = z
  .object({
    routes: z.array(
      z.object({
        match: z.string(),
        upstream: z.string(),
        mode: z.enum(['charge', 'shadow', 'free']),
        prices: z.array(z.object({ method: z.string(), intent: z.string(), amount, currency: z.string() })),
        labels: z.array(z.string()),
        free: z.object({ requests: z.int(), per: z.string(), by: z.string() }).nullable(),
        counts: z.object({
          challenges: z.int(),
          deliveries: z.int(),
          redeliveries: z.int(),
          credits: z.int(),
          refusals: z.record(z.string(), z.int()),
        }),
      }),
    ),
  })
  .openapi('Routes');

/** The plans that are in force. */
export const plansSchema = z
  .object({
    plans: z.array(
      z.object({
        name: z.string(),
        windows: z.array(z.object({ name: z.string(), requests: z.number(), per: z.string() })),
        concurrency: z.int().nullable(),
        keyLifeSeconds: z.int().nullable(),
      }),
    ),
  })
  .openapi('Plans');

/** How the gateway stands. */
export const stateSchema = z
  .object({
    status: z.enum(['ok', 'degraded', 'unavailable', 'draining']),
    ledger: z.string(),
    node: z.string(),
    upstreams: z.record(z.string(), z.string()),
    realm: z.string(),
    ledgerKind: z.string(),
    keys: z.boolean(),
    routes: z.int(),
    requestsGoingOn: z.int(),
    uptimeSeconds: z.int(),
    residentBytes: z.int(),
  })
  .openapi('State');

/** Which claims are meant. */
export const claimsQuery = z.object({
  state: z
    .string()
    .max(200)
    .optional()
    .openapi({ description: `With commas between: ${CLAIM_STATES.join(', ')}.` }),
  from: time.optional(),
  until: time.optional(),
  route: z.string().max(500).optional(),
  method: z.string().max(100).optional(),
  after: z.coerce.number().int().min(0).optional().openapi({ description: 'The number of a claim.' }),
  limit: z.coerce.number().int().min(1).max(500).optional(),
});

/** Which revenue is meant. */
export const revenueQuery = z.object({
  by: z.enum(REVENUE_STRETCHES).optional(),
  from: time.optional(),
  until: time.optional(),
  route: z.string().max(500).optional(),
  method: z.string().max(100).optional(),
});

/** Which page of keys is meant. */
export const keysQuery = z.object({
  after: z.string().max(100).optional(),
  limit: z.coerce.number().int().min(1).max(500).optional(),
});
