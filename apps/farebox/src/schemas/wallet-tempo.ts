import { z } from 'zod';
import { type CommandSchema, writes } from './command-schema.js';
import { time, units } from './parts.js';

const ok = z.literal(true);
const limit = z.strictObject({ currency: z.string(), limit: units, periodSeconds: z.int().nullable() });

const grant = {
  account: z.string(),
  key: z.string(),
  keyType: z.string(),
  chainId: z.int(),
  expires: time,
  limits: z.array(limit),
  payTo: z.array(z.string()).nullable(),
};

const change = { transactionHash: z.string().optional(), fee: units.optional() };

const key = z.union([
  z.strictObject({ key: z.string(), status: z.string() }),
  z.strictObject({
    key: z.string(),
    status: z.string(),
    keyType: z.string(),
    expires: time.nullable(),
    limits: z
      .array(z.strictObject({ currency: z.string(), remaining: units, periodEnds: time.nullable() }))
      .nullable(),
    scoped: z.boolean(),
  }),
]);

/** What the commands of the Tempo key write. */
export const walletTempoSchemas: readonly CommandSchema[] = [
  writes(
    'wallet tempo create',
    z.strictObject({
      ok,
      address: z.string(),
      accessKey: z.string().nullable(),
      keyType: z.string(),
      kept: z.string(),
    }),
  ),
  writes(
    'wallet tempo address',
    z.strictObject({ ok, address: z.string(), accessKey: z.string().nullable() }),
  ),
  writes(
    'wallet tempo balance',
    z.strictObject({
      ok,
      address: z.string(),
      chainId: z.int(),
      balances: z.array(
        z.strictObject({ token: z.string(), currency: z.string(), balance: units, spendable: units }),
      ),
    }),
  ),
  writes(
    'wallet tempo authorize',
    z.union([
      z.strictObject({
        ok,
        ...grant,
        done: z.boolean().optional(),
        authorization: z.string().optional().describe('With --sign-only: the permission, in hex'),
        ...change,
      }),
      z.strictObject({
        ok,
        done: z.boolean(),
        account: z.string(),
        key: z.string(),
        chainId: z.int(),
        registered: z
          .literal(true)
          .describe('The key was registered before: its limits change, nothing else'),
        limits: z.array(z.strictObject({ currency: z.string(), limit: units, left: units.nullable() })),
        ...change,
      }),
    ]),
  ),
  writes('wallet tempo accept', z.strictObject({ ok, account: z.string(), key: z.string(), expires: time })),
  writes(
    'wallet tempo revoke',
    z.strictObject({
      ok,
      done: z.boolean(),
      account: z.string(),
      key: z.string(),
      ...change,
    }),
  ),
  writes(
    'wallet tempo keys',
    z.strictObject({
      ok,
      account: z.string(),
      chainId: z.int(),
      keys: z.array(key),
      complete: z.boolean(),
      fromBlock: units,
    }),
  ),
  writes(
    'wallet tempo fund',
    z.strictObject({ ok, address: z.string(), amount: units, currency: z.string() }),
  ),
];
