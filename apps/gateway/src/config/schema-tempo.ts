import { z } from 'zod';
import { count, duration } from './schema-parts.js';

/** How a token is named in prices. */
export const tokenNamePattern = /^[A-Za-z][A-Za-z0-9]{1,20}$/;
/** An amount of a token in decimal notation. */
const decimal = /^(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,18})?$/;

const address = (meaning: string) =>
  z
    .string()
    .min(1)
    .max(200)
    .meta({ description: meaning, allowed: "an address in hex with 0x, or in Tempo's notation" });
const amount = (meaning: string) =>
  z
    .string()
    .regex(decimal)
    .meta({ description: meaning, allowed: 'a decimal number such as "0.05", in quotes' });

const split = z
  .strictObject({
    recipient: address('Who gets a part of each payment.'),
    percent: z
      .number()
      .positive()
      .lt(100)
      .meta({ description: 'Their part.', allowed: 'a number below 100 with at most two decimals' })
      .optional(),
    amount: amount('Their part, as a fixed amount of the token.').optional(),
  })
  .meta({ allowed: 'a mapping with recipient, and percent or amount' });

const token = z
  .strictObject({
    address: address("The token's address."),
    decimals: count(0, 18, 'Digits after the point of one whole token. Default 6.').optional(),
    recipient: address('Who is paid.'),
    splits: z.array(split).max(10).meta({ allowed: 'a list of at most 10 splits' }).optional(),
    sponsored: z
      .boolean()
      .meta({
        description: "Pay the buyers' fees for this token; needs fee_payer.",
        allowed: 'true or false',
      })
      .optional(),
  })
  .meta({ allowed: 'a mapping with address, decimals, recipient, splits, sponsored' });

const feePayer = z
  .strictObject({
    key_file: z
      .string()
      .min(1)
      .meta({ description: 'A file with the private key in hex.', allowed: 'a path' }),
    token: z.string().regex(tokenNamePattern).meta({
      description: 'A name under tokens: what fees are paid in.',
      allowed: 'a name under tokens',
    }),
    budget: amount('Most that is paid in fees within budget_window.'),
    budget_window: duration('Default 1d.').optional(),
    fee_max: amount('Most that is paid for one transaction. Default 0.05.').optional(),
  })
  .meta({ allowed: 'a mapping with key_file, token, budget, budget_window, fee_max' });

/** `tempo`. */
export const tempoSchema = z
  .strictObject({
    rpc: z
      .string()
      .regex(/^https?:\/\/[^\s@?#]+$/)
      .meta({
        description:
          "Where the Tempo node's JSON-RPC is. Without rpc and rpc_file it is the chain of the devnet that runs here, whose coins are worthless.",
        allowed: 'an http:// or https:// URL',
      })
      .optional(),
    rpc_file: z
      .string()
      .min(1)
      .meta({
        description: 'Instead of rpc: a file whose one line is a URL that holds a key.',
        allowed: 'a path',
      })
      .optional(),
    chain: count(
      1,
      Number.MAX_SAFE_INTEGER,
      "The chain id. Default 4217, Tempo's main network; the devnet's own where that is taken.",
    ).optional(),
    tokens: z
      .record(
        z
          .string()
          .regex(tokenNamePattern)
          .meta({ allowed: 'a name of 2 to 21 letters and digits, such as pathUSD' }),
        token,
      )
      .meta({ description: 'What prices may be in.', allowed: 'a mapping of names to tokens' }),
    push: z
      .boolean()
      .meta({ description: 'Also take transactions that the client sent itself.', allowed: 'true or false' })
      .optional(),
    fee_payer: feePayer.optional(),
  })
  .meta({
    description: 'Payment in stablecoins on Tempo.',
    allowed: 'a mapping with rpc, chain, tokens, push, fee_payer',
  });
