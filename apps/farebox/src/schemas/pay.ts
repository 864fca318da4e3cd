import { z } from 'zod';
import { type CommandSchema, writes } from './command-schema.js';
import {
  amount,
  body,
  challenge,
  cost,
  errorReport,
  finding,
  payment,
  receipt,
  sellersText,
  time,
  units,
} from './parts.js';

const ok = z.literal(true);
const asked = { url: z.string(), method: z.string(), status: z.int() };

const preview = z.strictObject({
  ok,
  paid: z.literal(false),
  dryRun: z.literal(true),
  id: z.null(),
  ...asked,
  cost,
  challenge,
  allowed: z.boolean(),
  objection: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
  credits: z.array(z.string()).describe('Paid for already and not delivered: resume one of these instead'),
  choice: z.string().nullable(),
  receipt: z.null(),
  ...body,
});

const free = z.strictObject({
  ok,
  paid: z.literal(false),
  dryRun: z.boolean(),
  id: z.null(),
  ...asked,
  cost: z.null(),
  challenge: z.null(),
  receipt: z.null(),
  ...body,
});

const delivered = z.strictObject({
  ok,
  paid: z.literal(true),
  dryRun: z.literal(false),
  id: z.string(),
  ...asked,
  cost,
  challenge,
  receipt: receipt.nullable(),
  receiptStatus: z.string(),
  choice: z.string().nullable(),
  warnings: z.array(z.string()),
  ...body,
});

const finished = payment.extend({ ok });

/** With its answer: just delivered, or kept because it could not be handed on before. */
const handedOn = finished.extend(z.strictObject(body).partial().shape);

const resumed = z.union([errorReport, handedOn]);

const invoice = z.strictObject({
  ok,
  paid: z.boolean(),
  dryRun: z.boolean(),
  id: z.string().nullable(),
  cost,
  paymentHash: z.string(),
  payee: z.string(),
  network: z.string(),
  description: sellersText.nullable().optional(),
  expires: time.optional(),
  preimage: z.string().nullable().describe('The proof of payment. Secret'),
});

const offer = z.strictObject({
  method: z.string(),
  intent: z.string(),
  amount: units.nullable().describe('null: depends on the request'),
  currency: z.string().nullable(),
  description: sellersText.nullable(),
  text: z.string(),
});

const api = z.strictObject({
  ok,
  origins: z.array(z.string()),
  services: z.array(
    z.strictObject({
      origin: z.string(),
      title: sellersText.nullable(),
      summary: sellersText.nullable(),
      categories: z.array(sellersText),
      links: z.array(z.strictObject({ title: sellersText, url: z.string() })),
    }),
  ),
  endpoints: z.array(
    z.strictObject({
      origin: z.string(),
      method: z.string(),
      url: z.string(),
      description: sellersText,
      tags: z.array(sellersText),
      parameters: z.array(sellersText),
      body: z.boolean(),
      offers: z.array(offer),
      example: z.string().describe('The command that asks for the real price'),
    }),
  ),
  remarks: z.array(z.string()),
});

const check = z.strictObject({
  ok: z.boolean(),
  payable: z.boolean(),
  asksForPayment: z.boolean(),
  url: z.string(),
  method: z.string(),
  status: z.int(),
  cost: cost.nullable(),
  challenge: challenge.nullable(),
  objection: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
  credits: z.array(z.string()),
  conformance: z.strictObject({ faults: z.int(), warnings: z.int(), findings: z.array(finding) }),
  spent: z.literal(false),
});

const shown = payment.extend({
  paymentMethod: z.string(),
  maxFee: amount,
  price: amount,
  challengeRequest: z.record(z.string(), z.unknown()).nullable(),
  invoice: z
    .strictObject({
      network: z.string(),
      amountMsat: units.nullable(),
      paymentHash: z.string(),
      payee: z.string(),
      description: sellersText.nullable(),
      created: time,
      expires: time,
    })
    .nullable(),
  request: z
    .strictObject({
      url: z.string(),
      method: z.string(),
      headers: z.array(z.strictObject({ name: z.string(), value: z.string() })),
      withheldHeaders: z.array(z.string()),
      bodyBytes: z.int(),
      credentialHeader: z.string(),
    })
    .nullable(),
  receiptCheck: z.looseObject({ text: z.string() }),
  times: z.record(z.string(), z.union([time, z.int(), z.null()])),
});

const totals = z.strictObject({
  ok,
  totals: z.array(
    z.strictObject({
      day: z.string(),
      host: z.string(),
      paid: amount,
      fee: amount,
      outcomes: z.record(z.string(), z.int()),
    }),
  ),
});

/** What the paying commands write. */
export const paySchemas: readonly CommandSchema[] = [
  writes('pay request', z.union([preview, delivered, free])),
  writes('pay api', api),
  writes('pay check', check),
  writes('pay invoice', invoice),
  writes('pay credential', z.strictObject({ ok, header: z.string(), authorization: z.string() })),
  writes(
    'pay resume',
    z.union([delivered, handedOn, z.strictObject({ ok: z.boolean(), payments: z.array(resumed) })]),
  ),
  writes('pay history', z.union([z.strictObject({ ok, payments: z.array(payment) }), totals])),
  writes('pay show', z.strictObject({ ok, payment: shown })),
];
