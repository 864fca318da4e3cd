import { z } from 'zod';
import { JSON_POINTER_PATTERN } from '../price/json-pointer.js';
import { ROUTE_METHODS } from './match.js';
import { PRICE_PATTERN, parsePrice } from './price.js';
import { count } from './schema-parts.js';

const one = z
  .string()
  .regex(PRICE_PATTERN)
  .refine((text) => parsePrice(text) !== undefined)
  .meta({
    description: 'One price.',
    allowed:
      '"free", whole satoshis such as "1 sat", at most 100000000 sat, an amount of a token such as "0.01 pathUSD", or of a currency under rates such as "0.002 USD"',
  });

/** One price or several. */
export const priceSchema = z.union([one, z.array(one).min(1).max(8)]).meta({
  description: 'What one request costs. A list offers the client a choice.',
  allowed:
    '"free", whole satoshis such as "1 sat", an amount of a token such as "0.01 pathUSD", of a currency under rates such as "0.002 USD", or a list of such prices',
  examples: ['1 sat', 'free', ['1 sat', '0.01 pathUSD']],
});

const method = z.enum(ROUTE_METHODS).meta({ allowed: ROUTE_METHODS.join(', ') });

const when = z
  .strictObject({
    method: z
      .union([method, z.array(method).min(1).max(ROUTE_METHODS.length)])
      .meta({ description: 'Its method.', allowed: 'a method, or a list of methods' })
      .optional(),
    path: z
      .string()
      .regex(/^\/[^\s*?#]*\*?$/)
      .meta({
        description: 'Its path, or with * at the end how its path begins.',
        allowed: 'a path such as /v1/large/*',
      })
      .optional(),
    query: z
      .record(z.string().min(1).max(200), z.string().max(1_000).meta({ allowed: 'a text, or "*" for any' }))
      .meta({
        description: 'Parameters of its query and their values; "*" is any.',
        allowed: 'a mapping of names to texts',
      })
      .optional(),
    body: z
      .record(
        z.string().regex(JSON_POINTER_PATTERN).meta({ allowed: 'a JSON pointer such as /model' }),
        z
          .union([z.string().max(1_000), z.number(), z.boolean()])
          .meta({ allowed: 'a text, a number, true or false, or "*" for any' }),
      )
      .meta({
        description: 'Values in its JSON body, by JSON pointer; "*" is any.',
        allowed: 'a mapping of JSON pointers to values',
      })
      .optional(),
    body_bytes: count(1, 64 * 1024 * 1024, 'Least size of its body.').optional(),
  })
  .refine((condition) => Object.keys(condition).length > 0)
  .meta({
    description: 'What a request must be, all of it.',
    allowed: 'a mapping with one or more of method, path, query, body, body_bytes',
  });

/** `prices` of a route. */
export const priceTableSchema = z
  .array(z.strictObject({ when, price: priceSchema }).meta({ allowed: 'a mapping with when and price' }))
  .min(1)
  .max(100)
  .meta({
    description: 'Prices of some of the requests: the first that fits counts, and price where none does.',
    allowed: 'a list of mappings with when and price',
  });
