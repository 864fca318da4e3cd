import { z } from 'zod';
import { MATCH_PATTERN, parseMatch } from './match.js';
import { routeCatalogSchema } from './schema-catalog.js';
import { count } from './schema-parts.js';
import { routeAccessKeys } from './schema-plans.js';
import { priceSchema, priceTableSchema } from './schema-price.js';
import { headerKeys } from './schema-upstream.js';

/** One of `routes`. */
export const routeSchema = z.strictObject({
  match: z
    .string()
    .regex(MATCH_PATTERN)
    .refine((text) => parseMatch(text) !== undefined)
    .meta({
      description:
        'Method and path. A path has literal segments, :name segments, and at most one * at its end. ' +
        'GET also answers HEAD. The most specific path wins; the order of the list does not matter.',
      allowed:
        'a method (GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS or ANY), one space, and a path such as /v1/*',
      examples: ['GET /v1/bitcoin/*', 'ANY /v1/things/:id'],
    }),
  upstream: z
    .string()
    .min(1)
    .meta({ description: 'A name under upstreams.', allowed: 'a name under upstreams' }),
  price: priceSchema,
  prices: priceTableSchema.optional(),
  description: z
    .string()
    .max(200)
    .meta({ description: 'For the invoice and the challenge.', allowed: 'a text of at most 200 characters' })
    .optional(),
  catalog: routeCatalogSchema.optional(),
  effect: z
    .enum(['safe', 'idempotent', 'once'])
    .meta({
      description:
        'What repeating the upstream call does. Default by method: GET, HEAD and OPTIONS safe, PUT and DELETE ' +
        'idempotent, others once.',
      allowed: 'safe, idempotent or once',
    })
    .optional(),
  charge_on: z
    .enum(['success', 'any_response'])
    .meta({
      description:
        'Which answers of the upstream are charged for: success, 2xx only (default), or any whole answer but 402, 502, 503, 504.',
      allowed: 'success or any_response',
    })
    .optional(),
  on_unknown: z
    .enum(['hold', 'ask_again'])
    .meta({
      description:
        'What becomes of a once request whose outcome is unknown: hold (default) it for a person, or ask_again, with the ' +
        'same Idempotency-Key, which the upstream must honour.',
      allowed: 'hold or ask_again',
    })
    .optional(),
  mode: z
    .enum(['charge', 'shadow'])
    .meta({
      description: 'shadow: count what would be charged, and let everybody pass. Default charge.',
      allowed: 'charge or shadow',
    })
    .optional(),
  ...headerKeys,
  ...routeAccessKeys,
  body: z
    .strictObject({ max_bytes: count(0, 64 * 1024 * 1024, 'Largest request body.') })
    .meta({ allowed: 'a mapping with max_bytes' })
    .optional(),
  strip_prefix: z
    .string()
    .regex(/^(?:\/[A-Za-z0-9._~!$&'+,=@-]+)+$/)
    .meta({
      description: 'Taken off the front of the path before it goes to the upstream.',
      allowed: 'a literal path such as /v1, with which the path of match begins',
    })
    .optional(),
});
