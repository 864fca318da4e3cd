import { inFlightMsMax } from '../life/lock-life.js';
import { type OrderState, type OrderVerb, orderStep, readOrderState } from '../life/order-life.js';
import {
  amount,
  amountOrNone,
  integer,
  integerOrNone,
  type Row,
  type Sql,
  text,
  textOrNone,
} from './database.js';

/** What is bought. */
export type PurchaseKind = 'register' | 'renew';

/** One order. Of one 402 each challenge is an order of its own; they share the session. */
export interface Purchase {
  /** The challenge id, or an id of ours where nothing was challenged. */
  readonly id: string;
  /** `ord_…`: what the buyer is told, the same for all challenges of one answer. */
  readonly session: string;
  readonly kind: PurchaseKind;
  readonly fqdn: string;
  readonly years: number;
  /** Undefined: whoever pays. */
  readonly agent: string | undefined;
  /** For whom the name is locked: an agent, or the address of somebody without a key. */
  readonly holder: string;
  readonly client: string;
  /** What it costs in millionths of a dollar, whatever it is paid in. */
  readonly usdMicros: bigint;
  readonly method: string;
  readonly coupon: string | undefined;
  readonly state: OrderState;
  readonly inFlightMs: number | undefined;
  readonly createdMs: number;
  readonly expiresMs: number;
  readonly updatedMs: number;
  /** What was paid; undefined until a payment was proved. */
  readonly payment: PurchasePayment | undefined;
  /** Facts of the answer, JSON; undefined until it is done or has failed. */
  readonly result: string | undefined;
}

/** A proved payment. */
export interface PurchasePayment {
  readonly amount: bigint;
  readonly currency: string;
  readonly reference: string;
  readonly payer: string | undefined;
}

function purchaseOf(row: Row): Purchase {
  const paid = amountOrNone(row, 'paid');
  return {
    id: text(row, 'id'),
    session: text(row, 'session'),
    kind: text(row, 'kind') === 'renew' ? 'renew' : 'register',
    fqdn: text(row, 'fqdn'),
    years: integer(row, 'years'),
    agent: textOrNone(row, 'agent'),
    holder: text(row, 'holder'),
    client: text(row, 'client'),
    usdMicros: amount(row, 'usd'),
    method: text(row, 'method'),
    coupon: textOrNone(row, 'coupon'),
    state: readOrderState(text(row, 'state')),
    inFlightMs: integerOrNone(row, 'in_flight_ms'),
    createdMs: integer(row, 'created_ms'),
    expiresMs: integer(row, 'expires_ms'),
    updatedMs: integer(row, 'updated_ms'),
    payment:
      paid === undefined
        ? undefined
        : {
            amount: paid,
            currency: text(row, 'currency'),
            reference: text(row, 'reference'),
            payer: textOrNone(row, 'payer'),
          },
    result: textOrNone(row, 'result'),
  };
}

/** An order as it comes into being. */
export type NewPurchase = Omit<
  Purchase,
  'state' | 'inFlightMs' | 'createdMs' | 'updatedMs' | 'payment' | 'result'
>;

/** Writes an order, `pending`. One that is there already stays as it is. */
export async function insertPurchase(sql: Sql, order: NewPurchase, nowMs: number): Promise<void> {
  const { id, session, kind, fqdn, years, holder, client, usdMicros, method, expiresMs } = order;
  await sql.run(
    `INSERT INTO purchase (id, session, kind, fqdn, years, agent, holder, client, usd, method, coupon, state,
       created_ms, expires_ms, updated_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending', ?, ?, ?) ON CONFLICT DO NOTHING`,
    [
      ...[id, session, kind, fqdn, years, order.agent ?? null, holder, client, usdMicros, method],
      ...[order.coupon ?? null, nowMs, expiresMs, nowMs],
    ],
  );
}

/** The order of a challenge. */
export async function findPurchase(sql: Sql, id: string): Promise<Purchase | undefined> {
  const [row] = await sql.all('SELECT * FROM purchase WHERE id = ?', [id]);
  return row === undefined ? undefined : purchaseOf(row);
}

/**
 * Those whose outcome is not known, then those whose execution was broken off, each oldest first: what nobody has paid for
 * stands in no paid order's way.
 */
export async function findUnsettled(sql: Sql, limit: number): Promise<readonly Purchase[]> {
  const rows = await sql.all(
    `SELECT * FROM purchase WHERE state IN ('unknown', 'executing')
     ORDER BY CASE state WHEN 'unknown' THEN 0 ELSE 1 END, created_ms, id LIMIT ?`,
    [limit],
  );
  return rows.map(purchaseOf);
}

/** What a step writes beside the state. */
export interface StepFacts {
  readonly inFlightMs?: number | undefined;
  readonly agent?: string | undefined;
  readonly payment?: PurchasePayment | undefined;
  readonly result?: string | undefined;
}

/**
 * Takes an order one step on, as the table says.
 *
 * @throws Error for a step that the table does not have: then nothing is written.
 */
export async function stepPurchase(
  sql: Sql,
  order: Purchase,
  verb: OrderVerb,
  nowMs: number,
  facts: StepFacts = {},
): Promise<OrderState> {
  const to = orderStep(order.state, verb);
  if (to === undefined) throw new Error(`An order that is ${order.state} cannot ${verb}.`);
  const { payment = order.payment, result = order.result, agent = order.agent, inFlightMs } = facts;
  await sql.run(
    `UPDATE purchase SET state = ?, in_flight_ms = ?, updated_ms = ?, agent = ?, paid = ?, currency = ?,
       reference = ?, payer = ?, result = ? WHERE id = ?`,
    [
      ...[to, inFlightMs ?? null, nowMs, agent ?? null, payment?.amount ?? null, payment?.currency ?? null],
      ...[payment?.reference ?? null, payment?.payer ?? null, result ?? null, order.id],
    ],
  );
  return to;
}

/**
 * When a credential for a name was presented last, where money may be moving or nobody knows; else undefined. `except`: an
 * order that does not stand in its own way.
 */
export async function inFlightFor(
  sql: Sql,
  fqdn: string,
  nowMs: number,
  except = '',
): Promise<number | undefined> {
  const rows = await sql.all(
    `SELECT state, in_flight_ms FROM purchase
     WHERE fqdn = ? AND (state = 'unknown' OR (state = 'executing' AND kind = 'register')) AND id <> ?`,
    [fqdn, except],
  );
  // Whose outcome is not known keeps its name until somebody finds out.
  if (rows.some((row) => row.state === 'unknown')) return nowMs;
  const times = rows.map((row) => integerOrNone(row, 'in_flight_ms')).filter((ms) => ms !== undefined);
  return times.length === 0 ? undefined : Math.max(...times);
}

/** How many renewals an address, or a holder, has been asked to pay for. */
export async function openRenewals(
  sql: Sql,
  by: 'client' | 'holder',
  who: string,
  nowMs: number,
): Promise<number> {
  const [row] = await sql.all(
    `SELECT COUNT(DISTINCT session) AS n FROM purchase WHERE ${by} = ? AND kind = 'renew' AND state IN ('pending', 'executing')
     AND expires_ms > ?`,
    [who, nowMs],
  );
  return row === undefined ? 0 : integer(row, 'n');
}

/** Somebody who wants a name. */
export interface Registrant {
  readonly fqdn: string;
  readonly holder: string;
  /** The session of the order that is asked for, where it is one already: it is not counted. */
  readonly session?: string | undefined;
}

/**
 * How many orders have a use of a coupon: those that it was good for, and those that still may be paid. Who orders a name
 * again does not stand in their own way, since they can have it once.
 */
export async function couponUses(sql: Sql, code: string, nowMs: number, own?: Registrant): Promise<number> {
  const [row] = await sql.all(
    `SELECT COUNT(DISTINCT session) AS n FROM purchase WHERE coupon = ? AND session <> ? AND (state IN ('done', 'unknown')
       OR (state IN ('pending', 'executing') AND (expires_ms > ? OR in_flight_ms > ?)
         AND NOT (kind = 'register' AND fqdn = ? AND holder = ?)))`,
    [code, own?.session ?? '', nowMs, nowMs - inFlightMsMax, own?.fqdn ?? '', own?.holder ?? ''],
  );
  return row === undefined ? 0 : integer(row, 'n');
}

/**
 * Forgets orders that were never paid, some at a time. A payment that comes all the same later is judged by the gate, and its
 * order is made again from the request that it is bound to.
 */
export function prunePurchases(sql: Sql, beforeMs: number, limit: number): Promise<number> {
  return sql.run(
    `DELETE FROM purchase WHERE id IN (
       SELECT id FROM purchase WHERE state IN ('pending', 'lapsed') AND expires_ms < ? ORDER BY expires_ms LIMIT ?)`,
    [beforeMs, limit],
  );
}

/** Orders whose credential was presented, and which nobody has come back for: their time is over. */
export async function lapsePurchases(
  sql: Sql,
  beforeMs: number,
  nowMs: number,
  limit: number,
): Promise<number> {
  const rows = await sql.all(
    "SELECT * FROM purchase WHERE state = 'executing' AND expires_ms < ? ORDER BY expires_ms LIMIT ?",
    [beforeMs, limit],
  );
  for (const row of rows) await stepPurchase(sql, purchaseOf(row), 'time', nowMs);
  return rows.length;
}
