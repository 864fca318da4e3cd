import { z } from 'zod';
import { hostOf } from './budget.js';
import { durationPattern } from './duration.js';
import { isPathPattern, parseOrigin } from './match.js';
import { byHand } from './policy.js';

/** Most entries of a list of places or people. */
export const listEntriesMax = 1_000;
/** Most hosts or methods with limits of their own. */
const scopesMax = 1_000;
/** Most words of a command, and most characters of one. */
const commandWordsMax = 32;
const commandCharsMax = 1_000;

const amountWords = 'an amount such as 100 sat or 0.1 pathUSD, or a list with one amount for each currency';

/** Its texts are read as amounts afterwards: what is an amount depends on the tokens that are known. */
const amounts = (meaning: string) =>
  z
    .union([z.string().max(120), z.array(z.string().max(120)).max(32)])
    .meta({ description: meaning, allowed: amountWords, examples: ['100 sat', ['100 sat', '0.1 pathUSD']] });

const limitKeys = {
  payment: amounts('Most for one payment, without fees.').optional(),
  fee: amounts('Most in fees on top of one payment. Default: nothing.').optional(),
  hour: amounts('Most within the last 60 minutes, fees included.').optional(),
  day: amounts('Most within the last 24 hours, fees included.').optional(),
};

const scope = (meaning: string) =>
  z.strictObject(limitKeys).meta({ description: meaning, allowed: 'a mapping with payment, fee, hour, day' });

const list = (item: z.ZodString | z.ZodType<string, string>, meaning: string, allowed: string) =>
  z.array(item).max(listEntriesMax).meta({ description: meaning, allowed });

const originWords =
  'a list of origins such as https://api.example.com or https://*.example.com:8443, without a path; by-hand for invoices without a request';
const origin = z
  .string()
  .max(300)
  .refine((text) => text === byHand || parseOrigin(text) !== undefined)
  .meta({ allowed: 'an origin such as https://api.example.com or https://*.example.com:8443, or by-hand' });
const path = z
  .string()
  .refine(isPathPattern)
  .meta({ allowed: 'a path such as /v1/prices or /v1/*; * stands for anything' });
/** Whole, as it is compared: part of an id would match nobody, and a deny list of such would deny nobody. */
const payee = z
  .string()
  .regex(/^(?:0[23][0-9a-fA-F]{64}|(?:tempox)?0x[0-9a-fA-F]{40})$/)
  .meta({
    allowed:
      'a whole node id (02 or 03 and 64 hex digits) or account (0x and 40 hex digits), in quotation marks',
  });

const listKeys = {
  origins: list(origin, 'Who is asked.', originWords).optional(),
  paths: list(path, 'What is asked for.', 'a list of paths such as /v1/*').optional(),
  payees: list(
    payee,
    'Who is paid: node ids of Lightning, accounts of Tempo.',
    'a list of whole node ids or accounts, in quotation marks',
  ).optional(),
};

const duration = (meaning: string, leastMs: number, mostMs: number, allowed: string) =>
  z.string().regex(durationPattern).meta({ description: meaning, allowed, leastMs, mostMs });

const host = z
  .string()
  .max(253)
  .refine((text) => {
    try {
      return hostOf(`https://${text}`) === text;
    } catch {
      return false;
    }
  })
  .meta({ allowed: 'a host in lower case without a port, such as api.example.com' });

/** The schema of `policy.yaml`. Every mapping is strict: a misspelt limit must not be no limit. */
export const policySchema = z
  .strictObject({
    limits: z.strictObject({ ...limitKeys, payment: amounts('Most for one payment, without fees.') }).meta({
      description: 'All payments together. A currency without payment is not paid in at all.',
      allowed: 'a mapping with payment, fee, hour, day',
    }),
    each_host: scope('For each host that is not under hosts, on its own.').optional(),
    hosts: z
      .record(host, scope('For this host.'))
      .refine((hosts) => Object.keys(hosts).length <= scopesMax)
      .meta({
        description: 'By host.',
        allowed: 'a mapping of hosts, such as api.example.com: { day: 50 sat }',
      })
      .optional(),
    methods: z
      .record(
        z
          .string()
          .regex(/^[a-z][a-z0-9-]{0,40}$/)
          .meta({ allowed: 'a payment method such as lightning' }),
        scope('For this payment method.'),
      )
      .refine((methods) => Object.keys(methods).length <= scopesMax)
      .meta({
        description: 'By payment method.',
        allowed: 'a mapping of methods, such as lightning: { day: 50 sat }',
      })
      .optional(),
    allow: z
      .strictObject(listKeys)
      .meta({
        description: 'Where a list is given, nothing else is paid.',
        allowed: 'a mapping with origins, paths, payees',
      })
      .optional(),
    deny: z
      .strictObject(listKeys)
      .meta({
        description: 'Never paid, whatever is allowed.',
        allowed: 'a mapping with origins, paths, payees',
      })
      .optional(),
    plain_http: list(
      z
        .string()
        .refine((text) => parseOrigin(text)?.protocol === 'http:')
        .meta({ allowed: 'an origin such as http://10.0.0.5:8080' }),
      'Origins that are paid over plain http. Whoever is on the way can use the credential. This machine needs no entry.',
      'a list of origins such as http://10.0.0.5:8080',
    ).optional(),
    approval: z
      .strictObject({
        above: amounts('Nobody is asked up to these. In any other currency somebody is always asked.'),
        by: z.enum(['terminal', 'command', 'refuse']).meta({
          description:
            'Who is asked: the person at the terminal, a command that ends with 0 for yes, or nobody: then it is refused.',
          allowed: 'terminal, command or refuse',
        }),
        command: z
          .array(z.string().min(1).max(commandCharsMax))
          .min(1)
          .max(commandWordsMax)
          .meta({
            description: 'With by: command. It gets one JSON object on stdin. No shell.',
            allowed: 'a list of an absolute path and its arguments, such as [/usr/local/bin/ask]',
          })
          .optional(),
        timeout: duration(
          'How long an answer may take; after that it is no. Default 60s.',
          1_000,
          600_000,
          'a duration from 1s to 10m',
        ).optional(),
      })
      .meta({
        description: 'Who is asked before a large payment. Default: nobody.',
        allowed: 'a mapping with above, by, command, timeout',
      })
      .optional(),
    retention: z
      .strictObject({
        finished: duration(
          'How long what was delivered or not paid is kept. Default 400d.',
          7 * 86_400_000,
          36_500 * 86_400_000,
          'a duration of at least 7d',
        ).optional(),
        credit: duration(
          'How long what was paid and never delivered is kept after its expiry. Default 400d.',
          7 * 86_400_000,
          36_500 * 86_400_000,
          'a duration of at least 7d',
        ).optional(),
      })
      .meta({
        description: 'How long the journal keeps what is finished.',
        allowed: 'a mapping with finished, credit',
      })
      .optional(),
  })
  .meta({ description: 'What a Farebox wallet may spend. Every rule that fits must hold.' });

/** A policy as the schema reads it. */
export type PolicyInput = z.infer<typeof policySchema>;
