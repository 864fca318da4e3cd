import { z } from 'zod';
import { type CommandSchema, writes } from './command-schema.js';
import { finding, problem, receipt, units } from './parts.js';

const ok = z.literal(true);
const seen = z.strictObject({ status: z.int(), problem: problem.optional() });

const story = z.strictObject({
  ok,
  url: z.string(),
  unpaid: seen,
  challenge: z.looseObject({
    id: z.string(),
    realm: z.string(),
    method: z.string(),
    request: z.looseObject({}),
  }),
  invoice: z.string(),
  payment: z.strictObject({ paymentHash: z.string(), amountSat: units, feeMsat: units, ms: z.number() }),
  preimageMatches: z.boolean(),
  paid: seen.extend({ ms: z.number() }),
  receipt,
  apiBody: z.unknown(),
  replayed: seen,
  otherRoute: seen,
  tempo: z.looseObject({}).optional(),
});

const diagnosis = z.strictObject({
  ok: z.boolean(),
  url: z.string(),
  method: z.string(),
  status: z.int().nullable(),
  offered: z.array(z.string()),
  faults: z.int(),
  warnings: z.int(),
  findings: z.array(finding),
  spent: z.literal(false),
});

const nodeReport = z.strictObject({
  ok: z.boolean(),
  purpose: z.enum(['sell', 'pay']),
  info: z.strictObject({ kind: z.string(), network: z.string(), nodeId: z.string().optional() }).optional(),
  capabilities: z.record(z.string(), z.boolean()),
  findings: z.array(
    z.strictObject({
      check: z.string(),
      level: z.enum(['ok', 'warning', 'fault', 'skipped']),
      text: z.string(),
    }),
  ),
  usable: z.boolean(),
});

/** What the commands that run or examine something write. */
export const runningSchemas: readonly CommandSchema[] = [
  writes('demo', story),
  writes('doctor', diagnosis),
  writes('doctor node', nodeReport),
  writes('mcp', z.strictObject({ ok, url: z.string(), tokenFile: z.string() })),
  writes(
    'devnet',
    z.strictObject({
      ok,
      url: z.string(),
      network: z.literal('regtest'),
      tempo: z.strictObject({ url: z.string(), chainId: z.int() }).nullable(),
      file: z.string(),
      directory: z.string().nullable(),
    }),
  ),
];
