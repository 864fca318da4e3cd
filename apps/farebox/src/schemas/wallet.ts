import { z } from 'zod';
import { type CommandSchema, writes } from './command-schema.js';
import { amount, time, units } from './parts.js';

const ok = z.literal(true);
const accountName = z.strictObject({ index: z.int(), name: z.string() });
const node = z.strictObject({ kind: z.string(), network: z.string(), url: z.string().nullable() });
const nodeWithFees = node.extend({ feesUncapped: z.boolean() });

const account = accountName.extend({
  lightning: node.nullable(),
  tempo: z
    .strictObject({ address: z.string(), accessKey: z.string().nullable(), path: z.string().nullable() })
    .nullable(),
});

const founded = z.strictObject({
  ok,
  vault: z.string(),
  accounts: z.array(accountName),
  migrated: z.boolean(),
  phrase: z.string().optional().describe('Secret; only with --show-phrase'),
});

const unasked = z.strictObject({ error: z.strictObject({ code: z.string(), message: z.string() }) });
const money = z.strictObject({ amount: units, currency: z.string() });

const balance = z.strictObject({
  ok,
  account: accountName.nullable(),
  lightning: z
    .union([
      z.strictObject({ kind: z.string(), network: z.string(), spendable: money, receivable: money }),
      unasked,
    ])
    .nullable(),
  tempo: z
    .union([
      z.strictObject({
        address: z.string(),
        accessKey: z.string().nullable(),
        chainId: z.int(),
        balances: z.array(
          z.strictObject({ token: z.string(), currency: z.string(), balance: units, spendable: units }),
        ),
      }),
      unasked,
    ])
    .nullable(),
});

const rules = z.strictObject({
  payment: z.array(amount),
  fee: z.array(amount),
  hour: z.array(amount),
  day: z.array(amount),
});
const names = z.array(z.string());
const remarks = names.describe('What the policy leaves open, such as a currency without a daily limit');

const policy = z.strictObject({
  limits: rules,
  eachHost: rules.nullable(),
  hosts: z.record(z.string(), rules),
  methods: z.record(z.string(), rules),
  allow: z.strictObject({
    origins: names.nullable(),
    paths: names.nullable(),
    payees: names.nullable(),
  }),
  deny: z.strictObject({ origins: names, paths: names, payees: names }),
  plainHttp: names,
  approval: z
    .strictObject({
      above: z.array(amount),
      by: z.enum(['terminal', 'command', 'refuse']),
      command: names,
      timeoutSeconds: z.number(),
    })
    .nullable(),
  retention: z.strictObject({ finishedDays: z.number(), creditDays: z.number() }),
});

const budget = z.strictObject({
  rule: z.string(),
  windowMinutes: z.number(),
  host: z.string().nullable(),
  method: z.string().nullable(),
  limit: amount,
  spent: amount,
  reserved: amount,
  left: amount,
});

const verdict = z.strictObject({
  ok,
  url: z.string().nullable(),
  method: z.string(),
  price: amount,
  source: z.string(),
  allowed: z.boolean(),
  rule: z.string(),
  message: z.string(),
  approval: z.enum(['terminal', 'command']).nullable(),
  maxFee: amount.nullable(),
  budgets: z.array(budget),
  remarks,
});

/** What the commands of the vault, its nodes and the policy write. */
export const walletSchemas: readonly CommandSchema[] = [
  writes('wallet create', founded),
  writes('wallet restore', founded),
  writes(
    'wallet accounts',
    z.strictObject({ ok, vault: z.string(), accounts: z.array(account), keyFile: z.string().nullable() }),
  ),
  writes('wallet accounts add', z.strictObject({ ok, account })),
  writes('wallet node set', z.strictObject({ ok, account: accountName, node: nodeWithFees })),
  writes('wallet node show', z.strictObject({ ok, account: accountName, node: nodeWithFees.nullable() })),
  writes('wallet node remove', z.strictObject({ ok, done: z.boolean(), account: accountName })),
  writes('wallet balance', balance),
  writes(
    'wallet backup',
    z.strictObject({
      ok,
      copy: z.string().nullable(),
      accounts: z.int(),
      phrase: z.string().optional().describe('Secret; only with --show-phrase'),
    }),
  ),
  writes('wallet passphrase', z.strictObject({ ok, vault: z.string() })),
  writes(
    'wallet unlock',
    z.strictObject({ ok, unlocked: z.literal(true), until: time, session: z.string() }),
  ),
  writes(
    'wallet lock',
    z.strictObject({
      ok,
      unlocked: z.literal(false),
      removed: z.boolean(),
      passphraseInEnvironment: z.boolean(),
    }),
  ),
  writes(
    'wallet policy show',
    z.strictObject({ ok, path: z.string(), exists: z.boolean(), policy, budgets: z.array(budget), remarks }),
  ),
  writes(
    'wallet policy set',
    z.strictObject({ ok, path: z.string(), created: z.boolean(), key: z.string(), policy, remarks }),
  ),
  writes('wallet policy test', verdict),
];
