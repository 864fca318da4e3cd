import { z } from 'zod';
import { NETWORK_PATTERN, parseNetwork } from '../client-address.js';
import { count, duration } from './schema-parts.js';

const rate = (meaning: string) =>
  z
    .strictObject({
      per_second: z.number().min(0.001).max(100_000).meta({
        description: 'How many come to it a second.',
        allowed: 'a number from 0.001 to 100000',
      }),
      burst: count(1, 1_000_000, 'How many at once after a pause.'),
    })
    .meta({ description: meaning, allowed: 'a mapping with per_second and burst' });

/** Which clients are let ask for how much without paying. */
export const limitKeys = {
  trusted_proxies: z
    .array(
      z
        .string()
        .regex(NETWORK_PATTERN)
        .refine((text) => parseNetwork(text) !== undefined)
        .meta({
          allowed: 'an address or a network such as 10.0.0.0/8',
          examples: ['127.0.0.1', '10.0.0.0/8'],
        }),
    )
    .max(256)
    .meta({
      description: 'Proxies whose X-Forwarded-For is believed. Default: none.',
      allowed: 'a list of addresses and networks',
    })
    .optional(),
  mint_budget: z
    .union([
      z.literal('off'),
      z.strictObject({
        client: rate('For each client address, IPv6 by /64. Default 10 a second, 100 at once.').optional(),
        global: rate('For all clients together. Default 100 a second, 500 at once.').optional(),
      }),
    ])
    .meta({
      description: 'How many challenges may be issued that nobody pays; more is 429.',
      allowed: 'off, or a mapping with client, global',
    })
    .optional(),
};

/** `lightning.pool`. */
export const poolSchema = z
  .union([
    z.literal('off'),
    z.strictObject({
      size: count(1, 1_000, 'Most invoices kept ready for one price and description. Default 32.').optional(),
      age: duration(
        'How long one is kept: 10s to 24h. Default 10m; 1m at a node that cannot cancel.',
      ).optional(),
    }),
  ])
  .meta({
    description: 'Invoices that are made before they are asked for.',
    allowed: 'off, or a mapping with size, age',
  });
