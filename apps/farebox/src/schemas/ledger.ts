import { z } from 'zod';
import { type CommandSchema, writes, writesLines } from './command-schema.js';
import { time, units } from './parts.js';

const ok = z.literal(true);
const rate = z
  .strictObject({ price: z.string(), currency: z.string(), rate: z.string(), unit: z.string(), asOf: time })
  .nullable();

const claim = z.strictObject({
  claim: z.int(),
  challengeId: z.string(),
  reference: z.string(),
  state: z.string(),
  hold: z.string().nullable(),
  method: z.string(),
  intent: z.string(),
  amount: units,
  currency: z.string(),
  rate,
  route: z.string(),
  resource: z.string(),
  attempts: z.int(),
  redeliveries: z.int(),
  answerKept: z.boolean(),
  expires: time,
  created: time,
  updated: time,
});

const entry = z.strictObject({
  time,
  claim: z.int(),
  method: z.string(),
  route: z.string(),
  debit: z.string(),
  credit: z.string(),
  amount: units,
  currency: z.string(),
  rate,
});

const standing = {
  payments: z.int(),
  received: units,
  owed: units,
  revenue: units,
  breakage: units,
  refunds: units,
};

const balance = z.strictObject({
  ok,
  ledger: z.string(),
  from: time.nullable(),
  until: time.nullable(),
  balances: z.array(
    z.strictObject({
      method: z.string(),
      currency: z.string(),
      ...standing,
      routes: z.array(z.strictObject({ route: z.string(), ...standing })),
    }),
  ),
});

const difference = z.strictObject({
  type: z.literal('difference'),
  kind: z.enum(['never_presented', 'unknown_to_node', 'not_settled', 'amount_differs']),
  reference: z.string(),
  claim: z.int().nullable(),
  amount: units.nullable(),
  currency: z.string().nullable(),
  presented: time.nullable(),
  route: z.string().nullable(),
  receivedMsat: units.nullable(),
  settled: time.nullable(),
  description: z.string().nullable(),
  invoice: z.enum(['open', 'held', 'cancelled']).nullable(),
});

const summary = z.strictObject({
  type: z.literal('summary'),
  ok: z.boolean(),
  from: time,
  until: time,
  settled: z.int(),
  settledMsat: units,
  presented: z.int(),
  differences: z.int(),
  notCompared: z.record(z.string(), z.int()),
});

const byHand = claim.extend({ ok, before: z.string(), moved: z.array(entry) });

/** What the commands of the ledger write. */
export const ledgerSchemas: readonly CommandSchema[] = [
  writes('ledger balance', balance),
  writesLines('ledger entries', entry),
  writesLines('ledger claims', claim),
  writes(
    'ledger claim',
    claim.extend({ ok, words: z.string(), entries: z.array(entry), next: z.array(z.string()) }),
  ),
  writesLines('ledger reconcile', z.union([difference, summary])),
  writes('ledger refund-mark', byHand),
  writes('ledger resolve', byHand),
  writes(
    'ledger check',
    z.strictObject({
      ok: z.boolean(),
      ledger: z.string(),
      partial: z.boolean(),
      faults: z.array(
        z.strictObject({
          method: z.string(),
          currency: z.string(),
          route: z.string(),
          account: z.string(),
          booked: units,
          claimed: units,
        }),
      ),
    }),
  ),
];
