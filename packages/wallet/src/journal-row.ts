import type { Amount, Challenge, JsonObject, PayeeShare, Receipt } from '@farebox/protocol';
import { WalletError } from './errors.js';
import type { CredentialHeader, JournalEntry, PaymentPlan, StoredRequest } from './journal.js';
import { countedHost } from './journal-counted.js';
import type { Header } from './request.js';
import { isJournalState, type JournalState, type Settlement, stateTable } from './states.js';

/** A row as SQLite gives it. */
export type Row = Readonly<Record<string, unknown>>;
/** What SQLite can store. */
export type SqlValue = string | number | Uint8Array | null;

/** The columns of a plan. */
export function planColumns(plan: PaymentPlan): Record<string, SqlValue> {
  const { request } = plan;
  return {
    challenge_id: plan.challenge.id,
    reference: plan.reference,
    challenge: JSON.stringify(plan.challenge),
    method: plan.challenge.method,
    price_amount: String(plan.price.amount),
    price_currency: plan.price.currency,
    max_fee_amount: String(plan.maxFee.amount),
    max_fee_currency: plan.maxFee.currency,
    payee: plan.payee,
    payees: plan.payees === undefined ? null : writePayees(plan.payees),
    network: plan.network,
    expires_ms: Math.trunc(plan.expiresMs),
    pay_deadline_ms: Math.trunc(plan.payDeadlineMs),
    url: request?.url ?? null,
    host: countedHost(plan) ?? null,
    http_method: request?.method ?? null,
    headers: request === undefined ? null : JSON.stringify(request.headers),
    withheld: request === undefined ? null : JSON.stringify(request.withheld),
    body: request?.body ?? null,
    fingerprint: request?.fingerprint ?? null,
    credential_header: request?.credentialHeader ?? null,
    settlement: plan.settlesOnPresentation === true ? 'open' : null,
  };
}

/** Reads a row and checks it against the state table. Throws {@link WalletError} `journal_corrupt`. */
export function readRow(row: Row): JournalEntry {
  const state = readState(row);
  const request = readRequest(row);
  const paid = optionalAmount(row, 'paid');
  const fee = optionalAmount(row, 'fee');
  const settlement = readSettlement(row);
  const entry: JournalEntry = {
    id: text(row, 'id'),
    state,
    owner: text(row, 'owner'),
    // Written by this program from a parsed challenge; the id and the state are checked again below.
    challenge: json(row, 'challenge') as Challenge,
    price: { amount: BigInt(text(row, 'price_amount')), currency: text(row, 'price_currency') },
    maxFee: { amount: BigInt(text(row, 'max_fee_amount')), currency: text(row, 'max_fee_currency') },
    payee: text(row, 'payee'),
    network: text(row, 'network'),
    reference: text(row, 'reference'),
    expiresMs: number(row, 'expires_ms'),
    payDeadlineMs: number(row, 'pay_deadline_ms'),
    presentations: number(row, 'presentations'),
    createdMs: number(row, 'created_ms'),
    updatedMs: number(row, 'updated_ms'),
    ...(request && { request }),
    ...(row.payees !== null && { payees: readPayees(row) }),
    // The payload is the JSON object that the method gave; nothing else writes this column.
    ...(row.payload !== null && { payload: json(row, 'payload') as JsonObject }),
    ...(row.source !== null && { source: text(row, 'source') }),
    ...(paid && { paid }),
    ...(fee && { fee }),
    ...(settlement && { settlement }),
    ...(row.receipt_reference !== null && { receiptReference: text(row, 'receipt_reference') }),
    // Written from a receipt that the protocol's parser had accepted.
    ...(row.receipt !== null && { receipt: json(row, 'receipt') as Receipt }),
    ...(row.status !== null && { status: number(row, 'status') }),
    ...(row.detail !== null && { detail: text(row, 'detail') }),
    ...(row.paying_ms !== null && { payingMs: number(row, 'paying_ms') }),
    ...(row.paid_ms !== null && { paidMs: number(row, 'paid_ms') }),
    ...(row.delivered_ms !== null && { deliveredMs: number(row, 'delivered_ms') }),
  };
  assertEntry(entry);
  return entry;
}

/** The invariants of a row, checked when it is read and before it is written back. */
export function assertEntry(entry: JournalEntry): void {
  const rule = stateTable[entry.state];
  const held = entry.payload !== undefined;
  if (held !== (rule.payload === 'held')) {
    corrupt(`payment ${entry.id} is ${entry.state} and ${held ? 'holds' : 'lacks'} its proof`);
  }
  if ((rule.spent === 'yes') !== (entry.paid !== undefined)) {
    corrupt(`payment ${entry.id} is ${entry.state} and its amount paid says otherwise`);
  }
  if (rule.spent !== 'yes' && entry.fee !== undefined && entry.state !== 'not-paid') {
    corrupt(`payment ${entry.id} is ${entry.state} and has cost a fee`);
  }
  if (entry.settlement === 'made' && rule.spent !== 'yes') {
    corrupt(`payment ${entry.id} is ${entry.state} and was carried out`);
  }
}

function readState(row: Row): JournalState {
  const state = text(row, 'state');
  return isJournalState(state)
    ? state
    : corrupt(`the state ${JSON.stringify(state.slice(0, 40))} is not known`);
}

function readSettlement(row: Row): Settlement | undefined {
  const { settlement } = row;
  if (settlement === null) return undefined;
  return settlement === 'open' || settlement === 'made' ? settlement : corrupt('a settlement is not known');
}

function readRequest(row: Row): StoredRequest | undefined {
  if (row.url === null) return undefined;
  const header = text(row, 'credential_header');
  if (header !== 'authorization' && header !== 'payment-authorization')
    return corrupt('a credential header is not known');
  const credentialHeader: CredentialHeader = header;
  return {
    url: text(row, 'url'),
    method: text(row, 'http_method'),
    // Both lists were written by this program from checked requests.
    headers: json(row, 'headers') as readonly Header[],
    withheld: json(row, 'withheld') as readonly string[],
    fingerprint: text(row, 'fingerprint'),
    credentialHeader,
    ...(row.body !== null && { body: bytes(row, 'body') }),
  };
}

function writePayees(payees: readonly PayeeShare[]): string {
  return JSON.stringify(payees.map(({ payee, amount }) => [payee, String(amount.amount), amount.currency]));
}

function readPayees(row: Row): readonly PayeeShare[] {
  // Written above, and by nothing else.
  const kept = json(row, 'payees') as readonly (readonly [string, string, string])[];
  return kept.map(([payee, amount, currency]) => ({ payee, amount: { amount: BigInt(amount), currency } }));
}

function optionalAmount(row: Row, name: 'paid' | 'fee'): Amount | undefined {
  if (row[`${name}_amount`] === null) return undefined;
  return { amount: BigInt(text(row, `${name}_amount`)), currency: text(row, `${name}_currency`) };
}

function text(row: Row, column: string): string {
  const value = row[column];
  return typeof value === 'string' ? value : corrupt(`${column} is not text`);
}

function number(row: Row, column: string): number {
  const value = row[column];
  return typeof value === 'number' ? value : corrupt(`${column} is not a number`);
}

function bytes(row: Row, column: string): Uint8Array {
  const value = row[column];
  // The driver gives a Buffer for one row and an ArrayBuffer for many.
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  return value instanceof Uint8Array ? Uint8Array.from(value) : corrupt(`${column} is not bytes`);
}

function json(row: Row, column: string): unknown {
  try {
    return JSON.parse(text(row, column));
  } catch (cause) {
    return corrupt(`${column} is not JSON`, cause);
  }
}

function corrupt(what: string, cause?: unknown): never {
  const message = `The journal contradicts itself (${what}); nothing was sent. Keep the file and report this.`;
  throw new WalletError('journal_corrupt', message, { cause });
}
