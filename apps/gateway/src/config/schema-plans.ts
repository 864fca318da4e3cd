import { z } from 'zod';
import { LABEL_PATTERN } from '../keys/scope.js';
import { CALENDAR_UNITS } from '../limits/window.js';
import { count, duration } from './schema-parts.js';

/** Largest number of requests in one window: what the shared counter can count. */
const requestsMax = 2_000_000_000;

const unit = z.enum(CALENDAR_UNITS).meta({
  description: 'A piece of the calendar, in UTC.',
  allowed: `one of ${CALENDAR_UNITS.join(', ')}`,
});

const rateWindow = z
  .strictObject({
    requests: count(1, requestsMax, 'How many requests.'),
    per: duration('In how long: from 1s to 24h, counted from the first of them.'),
  })
  .meta({ allowed: 'a mapping with requests and per' });

const quotaWindow = z
  .strictObject({ requests: count(1, requestsMax, 'How many requests.'), per: unit })
  .meta({ allowed: 'a mapping with requests and per' });

const plan = z
  .strictObject({
    rate: z
      .array(rateWindow)
      .max(8)
      .meta({ description: 'Windows that all must have room.', allowed: 'a list of up to 8 windows' })
      .optional(),
    quota: z
      .array(quotaWindow)
      .max(3)
      .meta({ description: 'Requests by the hour, day or month.', allowed: 'a list of up to 3 quotas' })
      .optional(),
    concurrency: count(
      1,
      100_000,
      'Most requests of a key at a time, over all gateways that share a ledger.',
    ).optional(),
    key_life: duration('How long a new key of this plan lives. Default: for ever.').optional(),
  })
  .meta({ allowed: 'a mapping with rate, quota, concurrency, key_life' });

/** `plans`. */
export const plansSchema = z
  .record(
    z
      .string()
      .regex(LABEL_PATTERN)
      .meta({ allowed: 'a name of lower-case letters, digits, - and _ that begins with a letter or digit' }),
    plan,
  )
  .meta({
    description:
      'What keys may do, by the name of their plan. Keys without a plan have the plan "default", which is 10 requests a second and 600 a minute unless it is written here.',
    allowed: 'a mapping of names to plans',
  });

/** What of a route concerns keys and free requests. */
export const routeAccessKeys = {
  labels: z
    .array(z.string().regex(LABEL_PATTERN).meta({ allowed: 'lower-case letters, digits, - and _' }))
    .max(16)
    .meta({ description: 'Names that keys may be limited to.', allowed: 'a list of up to 16 names' })
    .optional(),
  free: z
    .strictObject({
      requests: count(1, requestsMax, 'How many requests are free.'),
      per: unit.optional(),
      by: z
        .enum(['client', 'key'])
        .meta({
          description:
            'For each client address (default; IPv6 by /64), or for each key beside what its plan allows.',
          allowed: 'client or key',
        })
        .optional(),
    })
    .meta({
      description: 'The first requests of each day, or hour, or month are free.',
      allowed: 'a mapping with requests, per, by',
    })
    .optional(),
  forward_key: z
    .boolean()
    .meta({
      description: "Send the client's key on to the upstream. Default false.",
      allowed: 'true or false',
    })
    .optional(),
};
