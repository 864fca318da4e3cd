import { z } from '@hono/zod-openapi';
import { recordTypes } from '../directory.js';
import { webhookEvents } from '../store/webhooks.js';
import { agentId, claimState, domainState, fqdn, manifests, success, time, words } from './answer-members.js';

// What is answered about names that somebody owns, for the document. A test holds the answers against it.

/** One's names. */
export const myDomainsSchema = z
  .object({
    status: success,
    data: z.array(
      z.object({
        id: fqdn,
        domain: fqdn,
        name: z.string(),
        tld: z.string(),
        namespace: z.string(),
        owner_id: agentId,
        status: domainState,
        is_listed: z.boolean(),
        directory_listed: z.boolean(),
        registration_date: time,
        expiry_date: time,
        grace_ends_at: time,
      }),
    ),
    next: z.string().nullable(),
  })
  .openapi('MyDomains');

/** A name that was given away. */
export const givenSchema = z.object({ status: success, domain: fqdn, owner_id: agentId }).openapi('Given');

const webhookMembers = {
  id: z.string(),
  target_url: z.url(),
  events: z.array(z.enum(webhookEvents)),
  created_at: time,
};
/** A webhook, without its secret. */
export const webhookSchema = z.object({ status: success, ...webhookMembers }).openapi('SubscribedWebhook');
/** One's webhooks. */
export const webhooksSchema = z
  .object({ status: success, data: z.array(z.object(webhookMembers)) })
  .openapi('Webhooks');

const recordMembers = {
  id: z.string(),
  name: z.string(),
  type: z.enum(recordTypes),
  ttl: z.int(),
  data: z.string(),
};
/** The records of a name. */
export const recordsSchema = z
  .object({ status: success, domain: fqdn, data: z.array(z.object(recordMembers)) })
  .openapi('Records');
/** One record that was written. */
export const recordWrittenSchema = z
  .object({ status: success, domain: fqdn, ...recordMembers, record: z.object(recordMembers) })
  .openapi('RecordWritten');
/** A record that is gone. */
export const recordGoneSchema = z.object({ status: success, domain: fqdn }).openapi('RecordGone');

const profileMembers = {
  name: z.string(),
  bio: z.string(),
  category: z.string(),
  pfp: z.string(),
  link: z.string(),
  x: z.string(),
  capabilities: words,
  workflows: words,
};
const profile = z.object(profileMembers).partial();
/** What an owner tells now. */
export const profileAnswerSchema = z
  .object({ status: success, domain: fqdn, profile })
  .openapi('ProfileWritten');

const domainFacts = z.object({
  fqdn,
  name: z.string(),
  tld: z.string(),
  namespace: z.string(),
  status: domainState,
  registration_date: time,
  expiry_date: time,
  grace_ends_at: time,
});
/** What everybody may know of a name. */
export const lookupSchema = z
  .object({
    status: success,
    domain: domainFacts,
    identity: z.object({
      human_backed: z.boolean(),
      claim_state: claimState,
      owner_id: agentId,
      capabilities_preview: words,
    }),
    manifests,
    profile: z.object({ ...profile.shape, 'agent-manifest': z.url(), 'skill-md': z.url() }),
    records: z.array(
      z.object({ name: z.string(), type: z.enum(recordTypes), ttl: z.int(), data: z.string() }),
    ),
  })
  .openapi('Lookup');

/** DomainResolution 1.0. */
export const resolutionSchema = z
  .object({
    schema_version: z.literal('1.0'),
    status: success,
    domain: domainFacts,
    identity: z.object({ owner_id: agentId, human_backed: z.boolean(), profile }),
    capabilities: words,
    actions: words,
    trust: z.object({ attestations: z.array(z.unknown()) }),
    verification: z.object({ registrar: z.url(), resolved_at: time }),
    health: z.object({ state: z.string() }),
    manifests,
    cache: z.object({ max_age_seconds: z.int() }),
  })
  .openapi('DomainResolution');
/** As {@link resolutionSchema}, where there is none. */
export const resolutionErrorSchema = z
  .object({
    schema_version: z.literal('1.0'),
    status: z.literal('error'),
    error: z.object({ code: z.string(), message: z.string() }),
  })
  .openapi('DomainResolutionError');
