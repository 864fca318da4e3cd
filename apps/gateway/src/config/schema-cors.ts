import { z } from 'zod';
import { duration } from './schema-parts.js';

/** `cors`. */
export const corsSchema = z
  .strictObject({
    origins: z
      .union([
        z.literal('*'),
        z
          .array(
            z
              .string()
              .max(300)
              .refine((text) => isOrigin(text))
              .meta({
                allowed: 'an origin as browsers write it, such as https://shop.example',
                examples: ['https://shop.example', 'http://localhost:5173'],
              }),
          )
          .min(1)
          .max(256),
      ])
      .meta({
        description: 'Pages of these origins may ask, read the price, pay and read the answer.',
        allowed: '"*", or a list of origins',
      }),
    max_age: duration(
      'For how long a browser may remember that it may ask: 1s to 1d. Default 10m.',
    ).optional(),
  })
  .meta({
    description:
      'Which pages of other origins may buy, from within a browser. Without it, upstreams speak for themselves and a 402 cannot be read.',
    allowed: 'a mapping with origins, max_age',
  });

/** True for a serialized tuple origin (HTML §"origin"): it is compared as text, so it must be written as browsers do. */
function isOrigin(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text) && new URL(text).origin === text;
}
