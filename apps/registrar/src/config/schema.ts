import { z } from 'zod';

// Each value says in words what is allowed: the messages are made of them.

const usd = z
  .string()
  .regex(/^[0-9]{1,9}(\.[0-9]{1,6})?$/)
  .meta({ allowed: "dollars in quotation marks, such as '0.52'" });
const count = (least: number, most: number) =>
  z
    .int()
    .min(least)
    .max(most)
    .meta({ allowed: `a whole number from ${least} to ${most}` });
const text = (most: number, allowed: string) => z.string().min(1).max(most).meta({ allowed });
const mapping = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject(shape).meta({ allowed: `a mapping with ${Object.keys(shape).join(', ')}` });
const price = mapping({ usd, sat: count(1, 1e12).optional() });
const duration = z
  .string()
  .regex(/^[1-9][0-9]{0,5}(s|m|h|d)$/)
  .meta({ allowed: 'a duration such as 30s, 10m or 2h' });
const listen = z
  .string()
  .regex(/^(\[[0-9A-Fa-f:]+\]|[0-9.]+):[0-9]{1,5}$/)
  .meta({ allowed: 'an address and a port, such as 127.0.0.1:8403' });
const place = z
  .string()
  .regex(/^(sqlite:.+|postgres(ql)?:\/\/.+|file:.+)$/)
  .meta({ allowed: 'sqlite:<path>, postgres://…, or file:<path of a file that holds the URL>' });
const path = z.string().meta({ allowed: 'a path' });
const url = z.url().meta({ allowed: 'a URL such as https://names.example/terms' });
const label = text(63, 'a name of 1 to 63 characters');
const moment = z.iso
  .datetime({ offset: true })
  .meta({ allowed: "a moment in quotation marks, such as '2027-01-01T00:00:00Z'" });
const dottedName = z
  .string()
  .regex(/\.$/)
  .meta({ allowed: 'a name that ends with a dot, such as ns1.agent.' });
const yesOrNo = z.boolean().meta({ allowed: 'true or false' });
/** One of some words. */
const word = <const Words extends readonly [string, ...string[]]>(words: Words) =>
  z.enum(words).meta({ allowed: words.join(', ').replace(/, ([^,]*)$/, ' or $1') });
const named = <Value extends z.ZodType>(key: z.ZodString, value: Value, allowed: string) =>
  z.record(key, value).meta({ allowed });
const list = <Item extends z.ZodType>(item: Item, least: number, most: number, what: string) =>
  z
    .array(item)
    .min(least)
    .max(most)
    .meta({ allowed: `a list of ${least} to ${most} ${what}` });

const namespaceSchema = mapping({
  price,
  human_price: mapping({ usd }).optional(),
  renewal_price: price.optional(),
  reserved: named(
    label,
    z.string().max(100).meta({ allowed: 'a reason of at most 100 characters' }),
    'a mapping of names to reasons',
  ).default({}),
  premium: named(label, price, 'a mapping of names to prices').default({}),
  phases: list(
    mapping({
      name: text(50, 'a name of 1 to 50 characters'),
      until: moment.optional(),
      multiplier: count(1, 1_000).default(1),
      open: yesOrNo.default(true),
    }),
    0,
    20,
    'phases',
  ).default([]),
  name_servers: list(dottedName, 1, 8, 'names that end with a dot').optional(),
  contact: dottedName.optional(),
});

const tokenSchema = mapping({
  address: text(100, 'an address in quotation marks, such as "0x20c0…"'),
  recipient: text(100, 'an account in quotation marks, such as "0x7099…"'),
});

/** `registrar.yaml`, as it is written. What is left out has a default. */
export const registrarSchema = mapping({
  realm: z
    .url({ protocol: /^https?$/ })
    .meta({ allowed: 'the public origin, such as https://names.example' }),
  listen: listen.default('127.0.0.1:8403'),
  title: text(100, 'a title of 1 to 100 characters').default('Names for agents'),
  store: place.default('sqlite:registrar.db'),
  ledger: place.default('sqlite:registrar-ledger.db'),
  /** PostgreSQL: the schema of the store; the ledger has its own. */
  schema: text(63, 'the name of a schema').optional(),
  secret_file: path.optional(),
  terms: word(['strict', 'compat']).default('strict'),
  terms_url: url.optional(),
  key_prefix: z
    .string()
    .regex(/^[a-z][a-z0-9_]{1,30}_$/)
    .meta({ allowed: 'lower-case letters, digits and _, with _ at the end' })
    .optional(),
  usd_per_gem: usd.default('0.52'),
  lock_life: duration.default('10m'),
  tempo: mapping({
    rpc: url.optional(),
    rpc_file: path.optional(),
    chain: count(1, Number.MAX_SAFE_INTEGER).optional(),
    tokens: named(z.string().min(1).max(20), tokenSchema, 'a mapping of tokens'),
  }).optional(),
  lightning: mapping({
    node: z
      .looseObject({ kind: text(20, 'a kind of node, such as lnd') })
      .meta({ allowed: 'a mapping with kind' }),
  }).optional(),
  dns: mapping({
    listen,
    addresses: named(
      z.string(),
      list(text(45, 'an address'), 1, 8, 'addresses'),
      'a mapping of name servers to addresses',
    ).default({}),
    pointers: word(['equals', 'colon', 'both']).default('equals'),
    grace_answers: word(['all', 'pointers', 'none']).default('all'),
  }).optional(),
  namespaces: named(label, namespaceSchema, 'a mapping of namespaces, such as agent: { price: … }'),
  coupons: named(
    z.string().min(1).max(64),
    mapping({
      percent: count(1, 100),
      uses: count(1, Number.MAX_SAFE_INTEGER).optional(),
      namespaces: list(label, 1, 1_000, 'namespaces').optional(),
      until: moment.optional(),
    }),
    'a mapping of coupons',
  ).default({}),
  registry: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('built-in').meta({ allowed: 'built-in or http' }) }),
      z.strictObject({
        kind: z.literal('http'),
        url,
        token_file: path.optional(),
        timeout: duration.optional(),
      }),
    ])
    .meta({ allowed: 'a mapping with kind' })
    .default({ kind: 'built-in' }),
  limits: mapping({
    locks_per_identity: count(1, 10_000).optional(),
    locks_per_address: count(1, 100_000).optional(),
    agents_per_hour: count(1, 100_000).optional(),
  }).default({}),
  trusted_proxies: list(
    z.union([z.ipv4(), z.ipv6()]).meta({ allowed: 'an IP address' }),
    0,
    32,
    'IP addresses',
  ).default([]),
  /** Webhooks may be on this machine, over plain HTTP: for development. */
  webhooks_local: yesOrNo.default(false),
});

/** A configuration that was read and is sound by itself. */
export type RegistrarInput = z.infer<typeof registrarSchema>;
