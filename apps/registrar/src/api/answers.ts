import { z } from '@hono/zod-openapi';
import { agentId, claimState, domainState, fqdn, manifests, success, time, words } from './answer-members.js';

// What is answered, for the document. A test holds the answers against it.

const decimal = z.string().regex(/^[0-9]+\.[0-9]{2,6}$/);
const whole = z.string().regex(/^[0-9]+$/);

/** Every refusal (RFC 9457); `code` is for programs, `retry` says what helps. */
export const problemSchema = z
  .looseObject({
    type: z.url(),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string().optional(),
    code: z.string().optional(),
    retry: z.enum(['safe', 'same-credential', 'resume', 'never']).optional(),
  })
  .openapi('Problem');

/** A 402: the problem, and the members of the public API's `MPPChallenge`. */
export const challengeSchema = problemSchema
  .extend({
    result: z.literal('payment_required').optional(),
    protocol: z.literal('mpp').optional(),
    network: z.string().optional(),
    mpp_network: z.string().optional(),
    amount: z.number().optional().openapi({ description: 'In display units; amount_units says so' }),
    amount_units: z.literal('display').optional(),
    currency: z.string().optional(),
    session_id: z.string().optional(),
    order_id: z.string().optional(),
    challenge_id: z.string().optional(),
    payment_methods: words.optional(),
    www_authenticate: z.string().optional().openapi({ description: 'The field’s value, of all challenges' }),
    expires: time.optional(),
  })
  .openapi('PaymentRequired');

/** Nothing but that it was done. */
export const doneSchema = z.object({ status: success }).openapi('Done');

/** A new agent. `data` has the same members, as older clients read them. */
export const provisionedSchema = z
  .object({
    status: success,
    agent_id: agentId,
    name: z.string().nullable(),
    api_key: z.string(),
    claim_code: z.string(),
    data: z.object({
      agent_id: agentId,
      name: z.string().nullable(),
      api_key: z.string(),
      claim_code: z.string(),
      instructions: z.string(),
    }),
  })
  .openapi('Provisioned');

/** Who asks. */
export const agentSchema = z
  .object({
    status: success,
    agent_id: agentId,
    name: z.string().nullable(),
    created_at: time,
    claim_state: claimState,
    identity_from: z.enum(['provisioning', 'payment']),
    balance: z.object({ usd: decimal, gems: z.number() }),
  })
  .openapi('Agent');

/** A claim that was made. */
export const claimedSchema = z
  .object({ status: success, agent_id: agentId, claim_state: claimState })
  .openapi('Claimed');

/** What a search finds. */
export const searchSchema = z
  .object({
    status: success,
    query: z.string(),
    results: z.array(
      z.object({
        domain: fqdn,
        display: z.string(),
        name: z.string(),
        tld: z.string(),
        namespace: z.string(),
        tld_id: z.string(),
        available: z.boolean(),
        reason: z.string().nullable(),
        premium: z.boolean(),
        price: z.number(),
        agent_price: z.number(),
        agent_price_currency: z.literal('USD'),
        human_price: z.number().openapi({ description: 'For display: nothing here is sold at it' }),
        human_price_currency: z.literal('USD'),
        agent_mpp_price: z.object({
          amount: decimal,
          currency: z.literal('USD-equivalent'),
          settlement_assets: words,
          sats: whole.optional(),
        }),
        launch_phase: z.string(),
        landgrab_multiplier: z.number(),
        max_registration_years: z.int(),
      }),
    ),
  })
  .openapi('SearchResults');

/** What is sold. */
export const capabilitiesSchema = z
  .object({
    status: success,
    generated_at: time,
    currency: z.literal('USD'),
    billing_period: z.literal('year'),
    usd_per_gem: z.number(),
    payment: z.object({
      methods: words,
      tempo: z
        .object({
          chain_id: z.int(),
          tokens: z.array(z.object({ name: z.string(), address: z.string() })),
        })
        .optional(),
      lightning: z.boolean(),
    }),
    terms_required: z.boolean(),
    count: z.int(),
    data: z.array(
      z.object({
        namespace: z.string(),
        tld: z.string(),
        extension: z.string(),
        launch_phase: z.string(),
        registration_available: z.boolean(),
        phase_ends_at: time.nullable(),
        registration_price_agent_usd: decimal,
        registration_price_human_usd: decimal,
        renewal_price_agent_usd: decimal,
        registration_price_sats: whole.nullable(),
        min_years: z.int(),
        max_years: z.int(),
        checkout_enabled: z.boolean(),
      }),
    ),
  })
  .openapi('Capabilities');

/** What an order would cost. */
export const quoteSchema = z
  .object({
    status: z.literal('quoted'),
    binding: z.literal(false),
    mutation: z.literal('none'),
    available: z.literal(true),
    domain: fqdn,
    display: z.string(),
    years: z.int(),
    order_kind: z.enum(['register', 'renew']),
    premium: z.boolean(),
    coupon: z.string().nullable(),
    price: z.object({
      gross_gems: z.number(),
      discount_gems: z.number(),
      net_gems: z.number(),
      configured_currency: z.string(),
      amount: decimal,
      currency: z.string(),
      sats: whole.nullable(),
    }),
    mpp_network: z.enum(['tempo', 'lightning']),
    chain_id: z.int().optional(),
    currency_address: z.string().optional(),
    recipient: z.string().optional(),
    next: z.object({ method: z.literal('POST'), url: z.url(), creates_pending_order: z.literal(true) }),
  })
  .openapi('Quote');

/** An order that was carried out. */
export const orderedSchema = z
  .object({
    success: z.literal(true),
    result: success,
    status: success,
    order_status: z.literal('completed'),
    domain: fqdn,
    domain_id: fqdn,
    order_id: z.string(),
    years: z.int(),
    domain_status: domainState,
    expiry_date: time,
    grace_ends_at: time,
    payment_method: z.enum(['mpp', 'gems', 'coupon']),
    payment_rail: z.string(),
    payment_reference: z.string().optional(),
    owner_id: agentId,
    agent_id: agentId,
    target_owner_id: agentId,
    reseller_channel: z.null(),
    manifests,
    idempotent_replay: z.boolean(),
    api_key: z
      .string()
      .optional()
      .openapi({ description: 'Of an identity made from this payment; shown once' }),
    claim_code: z.string().optional().openapi({ description: 'Of such an identity, for its person' }),
  })
  .openapi('Ordered');

/** How a lock stands. */
export const lockSchema = z
  .object({
    status: success,
    domain: fqdn,
    locked: z.boolean(),
    lock_state: z.enum(['free', 'held', 'in-flight']),
    held_by_you: z.boolean().optional(),
    expires_at: time.optional(),
    session_id: z.string().optional(),
    order_id: z.string().optional(),
    recommended_action: z.enum(['reconcile_same_session', 'wait']).optional(),
  })
  .openapi('Lock');

/** A lock that was cleared. */
export const clearedSchema = z
  .object({ status: success, message: z.string(), domain: fqdn })
  .openapi('LockCleared');
