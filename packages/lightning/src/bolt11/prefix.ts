import { type Result, refuse } from '@farebox/protocol';
import type { LightningNetwork } from '../node.js';
import { readAmount, writeAmount } from './amount.js';

/** Network and amount, as the human-readable part has them. */
export interface InvoicePrefix {
  readonly network: LightningNetwork;
  /** Absent when the payer may choose. */
  readonly amountMsat?: bigint;
}

const shape = /^ln([a-z]*)(.*)$/s;

/** BIP 173 currency prefixes; simnet (`sb`) is known and not supported. */
const networks = new Map<string, LightningNetwork>([
  ['bc', 'mainnet'],
  ['tb', 'testnet'],
  ['tbs', 'signet'],
  ['bcrt', 'regtest'],
]);
const currencies = { mainnet: 'bc', testnet: 'tb', signet: 'tbs', regtest: 'bcrt' } as const;

/**
 * Reads the human-readable part of an invoice, lowercase (BOLT 11, "Human-Readable Part").
 *
 * Codes: `prefix_unknown` (no invoice at all), `network_unknown`, `network_unsupported` (simnet),
 * `amount_malformed`.
 */
export function readPrefix(prefix: string): Result<InvoicePrefix> {
  const match = shape.exec(prefix);
  const currency = match?.[1];
  const amount = match?.[2];
  if (currency === undefined || amount === undefined) {
    return refuse('prefix_unknown', 'An invoice starts with "ln"');
  }
  const network = networks.get(currency);
  if (network === undefined) {
    if (currency === 'sb') return refuse('network_unsupported', 'Simnet is not supported');
    return refuse('network_unknown', 'The prefix names no network that BOLT 11 defines');
  }
  if (amount === '') return { ok: true, value: { network } };
  const amountMsat = readAmount(amount);
  return amountMsat.ok ? { ok: true, value: { network, amountMsat: amountMsat.value } } : amountMsat;
}

/** Writes the human-readable part. */
export function writePrefix(prefix: InvoicePrefix): string {
  const amount = prefix.amountMsat === undefined ? '' : writeAmount(prefix.amountMsat);
  return `ln${currencies[prefix.network]}${amount}`;
}
