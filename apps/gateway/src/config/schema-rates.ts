import { z } from 'zod';
import { parseDecimal } from '../price/decimal.js';
import { JSON_POINTER_PATTERN } from '../price/json-pointer.js';
import { isLoopback } from './listen.js';
import { duration } from './schema-parts.js';

/** How a currency is written. */
export const CURRENCY_PATTERN = /^[A-Z]{3}$/;

const pointer = (meaning: string) =>
  z
    .string()
    .regex(JSON_POINTER_PATTERN)
    .meta({
      description: meaning,
      allowed: 'a JSON pointer such as /bitcoin/usd, or "" for the whole text',
      examples: ['/bitcoin/usd'],
    });

const everyAndAge = {
  at: pointer(
    'Where in the JSON text the price of one bitcoin stands. Default: it is the whole text.',
  ).optional(),
  as_of: pointer('Where its time stands, RFC 3339 or seconds since 1970.').optional(),
  every: duration('How often it is read. Default 1m.').optional(),
  max_age: duration('A rate that is older sells nothing. Default 15m.').optional(),
};

const source = z
  .union([
    z.strictObject({
      fixed: z
        .union([z.number(), z.string()])
        .refine((value) => parseDecimal(String(value)) !== undefined)
        .meta({
          description: 'What one bitcoin costs, until you change it here. It never becomes too old.',
          allowed: 'a number above 0, such as 65000',
        }),
    }),
    z.strictObject({
      file: z
        .string()
        .min(1)
        .meta({ description: 'A file with JSON. Its rate is as old as the file.', allowed: 'a path' }),
      ...everyAndAge,
    }),
    z.strictObject({
      upstream: z.string().min(1).meta({
        description: 'A name under upstreams: it is asked for path, without credentials and free of charge.',
        allowed: 'a name under upstreams',
      }),
      path: z
        .string()
        .regex(/^\/[\x21\x22\x24-\x7e]*$/)
        .max(2_048)
        .meta({
          description: 'What it is asked for, behind its base path, with a query if there is one.',
          allowed: 'a path that begins with a slash',
          examples: ['/v1/price?in=usd'],
        }),
      ...everyAndAge,
    }),
    z.strictObject({
      url: z
        .string()
        .regex(/^https?:\/\/[^\s@#]+$/)
        .refine((text) => URL.canParse(text) && (text.startsWith('https:') || isLoopback(text)))
        .meta({
          description: 'A URL that answers with JSON.',
          allowed: 'an https:// URL, or an http:// URL of this machine',
        }),
      ...everyAndAge,
    }),
  ])
  .meta({
    allowed: 'a mapping with fixed, or with file, url, or upstream and path, and at, as_of, every, max_age',
  });

/** `rates`. */
export const ratesSchema = z
  .record(z.string().regex(CURRENCY_PATTERN).meta({ allowed: 'a currency such as USD' }), source)
  .meta({
    description: 'What one bitcoin costs in other currencies, so that prices can be in them.',
    allowed: 'a mapping of currencies to sources',
  });
