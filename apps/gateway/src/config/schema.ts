import { z } from 'zod';
import { LISTEN_PATTERN, parseListen } from './listen.js';
import { adminSchema } from './schema-admin.js';
import { catalogSchema } from './schema-catalog.js';
import { corsSchema } from './schema-cors.js';
import { keysSchema } from './schema-keys.js';
import { ledgerKeys } from './schema-ledger.js';
import { lightningSchema } from './schema-lightning.js';
import { limitKeys } from './schema-limits.js';
import { count, duration } from './schema-parts.js';
import { plansSchema } from './schema-plans.js';
import { ratesSchema } from './schema-rates.js';
import { routeSchema } from './schema-route.js';
import { tempoSchema } from './schema-tempo.js';
import { frontKeys } from './schema-tls.js';
import { upstreamSchema } from './schema-upstream.js';

/** Shortest secret, in bytes of UTF-8: the strength of the HMAC that makes a challenge ours. */
export const secretBytesMin = 32;

/** What `farebox.yaml` may say. The JSON Schema for editors is made from this and from nothing else. */
export const configSchema = z
  .strictObject({
    realm: z
      .string()
      .min(1)
      .max(200)
      .regex(/^[\x20-\x7e]+$/)
      .meta({
        description:
          'Your protection space, fixed for ever: it is in the HMAC of every challenge. Best the public origin.',
        allowed: 'an origin such as https://api.example.com, or any text of 1 to 200 ASCII characters',
        examples: ['https://api.example.com'],
      }),
    listen: z
      .string()
      .regex(LISTEN_PATTERN)
      .refine((text) => parseListen(text) !== undefined)
      .meta({
        description: 'Host and port. Default 127.0.0.1:8402.',
        allowed: 'host:port',
        examples: ['0.0.0.0:8402'],
      })
      .optional(),
    ...frontKeys,
    secrets: z
      .array(
        z
          .string()
          .refine((text) => Buffer.byteLength(text) >= secretBytesMin)
          .meta({ allowed: `a text of at least ${secretBytesMin} bytes` }),
      )
      .min(1)
      .max(16)
      .meta({
        description:
          'Secrets that sign challenges, newest first. Better kept in secret_file or FAREBOX_SECRET.',
        allowed: 'a list of 1 to 16 secrets, newest first',
      })
      .optional(),
    secret_file: z
      .string()
      .min(1)
      .meta({ description: 'A file with one secret a line, newest first, mode 0600.', allowed: 'a path' })
      .optional(),
    ...ledgerKeys,
    lightning: lightningSchema.optional(),
    tempo: tempoSchema.optional(),
    rates: ratesSchema.optional(),
    ...limitKeys,
    upstreams: z
      .record(
        z
          .string()
          .regex(/^[A-Za-z][A-Za-z0-9_-]{0,62}$/)
          .meta({ allowed: 'a name of letters, digits, - and _ that begins with a letter' }),
        upstreamSchema,
      )
      .meta({
        description: 'Names for the servers behind the gateway.',
        allowed: 'a mapping of names to URLs',
      }),
    routes: z.array(routeSchema).min(1).max(10_000).meta({
      description: 'What is served. Anything else is 404.',
      allowed: 'a list of at least one route',
    }),
    catalog: catalogSchema.optional(),
    cors: corsSchema.optional(),
    keys: keysSchema.optional(),
    plans: plansSchema.optional(),
    admin: adminSchema.optional(),
    strict_402: z
      .boolean()
      .meta({
        description: 'Answer 402 instead of 403 to a credential that was issued for another resource.',
        allowed: 'true or false',
      })
      .optional(),
    unavailable_status: z
      .literal([500, 503])
      .meta({
        description: 'The answer while the payment node is unreachable. Default 500.',
        allowed: '500 or 503',
      })
      .optional(),
    challenge_life: duration(
      'How long a challenge may be paid and presented: 10s to 24h. Default 5m.',
    ).optional(),
    healthz: z
      .boolean()
      .meta({ description: 'Answer GET /healthz and GET /readyz. Default true.', allowed: 'true or false' })
      .optional(),
    limits: z
      .strictObject({
        header_bytes: count(
          1_024,
          1_048_576,
          'Largest header section of a request. Default 16384.',
        ).optional(),
        body_bytes: count(0, 64 * 1024 * 1024, 'Largest body of a paid request. Default 1048576.').optional(),
      })
      .meta({ allowed: 'a mapping with header_bytes, body_bytes' })
      .optional(),
  })
  .meta({ title: 'farebox.yaml', description: 'What the Farebox gateway sells, and for whom.' });

/** `farebox.yaml` as written. */
export type ConfigInput = z.input<typeof configSchema>;
