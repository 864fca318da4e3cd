import { z } from 'zod';

const usd = z.string().regex(/^[0-9]{1,9}(\.[0-9]{1,6})?$/, 'write dollars as text, like "0.52"');
const price = z.strictObject({ usd, sat: z.int().min(1).max(1e12).optional() });
const duration = z.string().regex(/^[1-9][0-9]{0,5}(s|m|h|d)$/, 'write a duration like 30s, 10m or 2h');
const listen = z
  .string()
  .regex(/^(\[[0-9A-Fa-f:]+\]|[0-9.]+):[0-9]{1,5}$/, 'write an address and a port, like 127.0.0.1:8403');
const place = z
  .string()
  .regex(
    /^(sqlite:.+|postgres(ql)?:\/\/.+|file:.+)$/,
    'write sqlite:<path>, postgres://…, or file:<path of a file that holds the URL>',
  );
const label = z.string().min(1).max(63);
const moment = z.iso.datetime({ offset: true });

const namespaceSchema = z.strictObject({
  price,
  human_price: z.strictObject({ usd }).optional(),
  renewal_price: price.optional(),
  reserved: z.record(label, z.string().max(100)).default({}),
  premium: z.record(label, price).default({}),
  phases: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(50),
        until: moment.optional(),
        multiplier: z.int().min(1).max(1_000).default(1),
        open: z.boolean().default(true),
      }),
    )
    .max(20)
    .default([]),
  name_servers: z.array(z.string().regex(/\.$/, 'end the name with a dot')).min(1).max(8).optional(),
  contact: z.string().regex(/\.$/, 'end the name with a dot').optional(),
});

/** `registrar.yaml`, as it is written. What is left out has a default. */
export const registrarSchema = z.strictObject({
  realm: z.url({ protocol: /^https?$/ }),
  listen: listen.default('127.0.0.1:8403'),
  title: z.string().min(1).max(100).default('Names for agents'),
  store: place.default('sqlite:registrar.db'),
  ledger: place.default('sqlite:registrar-ledger.db'),
  /** PostgreSQL: the schema of the store; the ledger has its own. */
  schema: z.string().optional(),
  secret_file: z.string().optional(),
  terms: z.enum(['strict', 'compat']).default('strict'),
  terms_url: z.url().optional(),
  key_prefix: z
    .string()
    .regex(/^[a-z][a-z0-9_]{1,30}_$/, 'lower-case letters, digits and _, with _ at the end')
    .optional(),
  usd_per_gem: usd.default('0.52'),
  lock_life: duration.default('10m'),
  tempo: z
    .strictObject({
      rpc: z.url().optional(),
      rpc_file: z.string().optional(),
      chain: z.int().positive().optional(),
      tokens: z.record(
        z.string().min(1).max(20),
        z.strictObject({ address: z.string(), recipient: z.string() }),
      ),
    })
    .optional(),
  lightning: z.strictObject({ node: z.looseObject({ kind: z.string() }) }).optional(),
  dns: z
    .strictObject({
      listen,
      addresses: z.record(z.string(), z.array(z.string()).min(1).max(8)).default({}),
      pointers: z.enum(['equals', 'colon', 'both']).default('equals'),
      grace_answers: z.enum(['all', 'pointers', 'none']).default('all'),
    })
    .optional(),
  namespaces: z.record(label, namespaceSchema),
  coupons: z
    .record(
      z.string().min(1).max(64),
      z.strictObject({
        percent: z.int().min(1).max(100),
        uses: z.int().min(1).optional(),
        namespaces: z.array(label).min(1).optional(),
        until: moment.optional(),
      }),
    )
    .default({}),
  registry: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('built-in') }),
      z.strictObject({
        kind: z.literal('http'),
        url: z.url(),
        token_file: z.string().optional(),
        timeout: duration.optional(),
      }),
    ])
    .default({ kind: 'built-in' }),
  limits: z
    .strictObject({
      locks_per_identity: z.int().min(1).max(10_000).optional(),
      locks_per_address: z.int().min(1).max(100_000).optional(),
      agents_per_hour: z.int().min(1).max(100_000).optional(),
    })
    .default({}),
  trusted_proxies: z
    .array(z.union([z.ipv4(), z.ipv6()]))
    .max(32)
    .default([]),
  /** Webhooks may be on this machine, over plain HTTP: for development. */
  webhooks_local: z.boolean().default(false),
});

/** A configuration that was read and is sound by itself. */
export type RegistrarInput = z.infer<typeof registrarSchema>;
