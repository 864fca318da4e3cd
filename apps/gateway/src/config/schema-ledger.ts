import { z } from 'zod';
import { count, duration } from './schema-parts.js';

/** The keys that say where claims and books are kept, and how far a payment goes. */
export const ledgerKeys = {
  ledger: z
    .string()
    .regex(/^(?:sqlite:.+|postgres(?:ql)?:\/\/.+)$/)
    .meta({
      description:
        'Where claims and books are kept. Default sqlite:farebox.db, beside this file. PostgreSQL is for several gateways.',
      allowed: 'sqlite: and a path, such as sqlite:farebox.db, or a postgres:// URL',
      examples: ['sqlite:farebox.db', 'postgres://farebox@db.internal/farebox'],
    })
    .optional(),
  ledger_file: z
    .string()
    .min(1)
    .meta({
      description: 'Instead of ledger: a file whose one line is a postgres:// URL with its password.',
      allowed: 'a path',
    })
    .optional(),
  ledger_schema: z
    .string()
    .regex(/^(?!pg_)[a-z_][a-z0-9_]{0,62}$/)
    .meta({
      description: 'The PostgreSQL schema that holds the ledger. Default farebox.',
      allowed: 'lower-case letters, digits and underscores',
    })
    .optional(),
  redemption: z
    .strictObject({
      redeliveries: count(
        0,
        100,
        'How often an answer that did not leave is given again. Default 3.',
      ).optional(),
      attempts: count(1, 10_000, 'How often an upstream is tried for one payment. Default 20.').optional(),
      credit_window: duration('How long a credit may be redeemed. Default 90d.').optional(),
      replay_window: duration(
        'How long a kept answer is given again to whoever knows its Idempotency-Key. Default 24h.',
      ).optional(),
      keep_claims: duration('How long finished claims are kept: 8d or more. Default 400d.').optional(),
      paid_in_time: z
        .enum(['refuse', 'accept'])
        .meta({
          description:
            'A credential that comes after its challenge has expired, and whose payment the node saw in time. Default refuse, as the lightning draft asks.',
          allowed: 'refuse or accept',
        })
        .optional(),
    })
    .meta({
      description: 'How far a payment goes that was not delivered at once.',
      allowed:
        'a mapping with redeliveries, attempts, credit_window, replay_window, keep_claims, paid_in_time',
    })
    .optional(),
};
