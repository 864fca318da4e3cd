import { hash } from 'node:crypto';
import {
  type Amount,
  type JsonObject,
  MethodUnavailable,
  type Offer,
  parseTimestamp,
  type Quote,
  type QuoteContext,
  type QuotedRate,
  type SellerMethod,
  type Settlement,
  type Verification,
  type VerificationRefusal,
  type VerifiedChallenge,
} from '@farebox/protocol';
import { fieldBytesMax } from '../bolt11/invoice.js';
import { type InvoiceNode, type InvoiceRequest, NodeError } from '../node.js';
import type { InvoicePool } from '../pool/pool.js';
import type { CheckedInvoice } from '../pool/shelf.js';
import { checkInvoice } from './check-invoice.js';
import {
  createInvoiceTimeoutMs,
  DeadlineExceeded,
  lookupInvoiceTimeoutMs,
  withDeadline,
} from './deadline.js';
import { readQuotedRate } from './quoted-rate.js';
import {
  amountSatMax,
  type ChargeNetwork,
  isHex32,
  readAmountSat,
  readMethodDetails,
  writeChargeRequest,
} from './request.js';

/**
 * Seconds that an invoice is asked to live beyond its challenge. It covers rounding and a node whose clock is a
 * little behind, which would otherwise shorten the challenge; not more, since whoever pays after the challenge has
 * expired pays for nothing.
 */
export const invoiceGraceSeconds = 5;

/** What a seller's `lightning` charge needs. */
export interface LightningSellerOptions {
  /** Makes the invoices. Needs no right to spend. */
  readonly node: InvoiceNode;
  /** The network that is sold on; an invoice for another one is never handed out. */
  readonly network: ChargeNetwork;
  /** Memo of offers that have none of their own. */
  readonly description?: string;
  /** Invoices of the same node and network that are ready before they are asked for. Not closed by the seller. */
  readonly pool?: InvoicePool;
  /** Prices in other currencies than `sat`, in satoshis. Without it they are refused. */
  readonly convert?: SatConversion;
}

/** What a price in another currency comes to. */
export interface ConvertedPrice {
  /** Whole satoshis. */
  readonly amountSat: bigint;
  /** At what rate. It stands in the challenge, and goes into the books when that is paid. */
  readonly rate?: QuotedRate;
}

/**
 * What a price in another currency is in whole satoshis at this moment; undefined for a currency that it does not know.
 *
 * @throws MethodUnavailable when the rate is not known, or too old
 */
export type SatConversion = (price: Amount, nowMs: number) => ConvertedPrice | undefined;

/** Problem types of draft-lightning-charge-00, "Error Responses". */
const problems = {
  malformed: 'https://paymentauth.org/problems/lightning/malformed-credential',
  unknown: 'https://paymentauth.org/problems/lightning/unknown-challenge',
  invalidProof: 'https://paymentauth.org/problems/lightning/invalid-preimage',
  expired: 'https://paymentauth.org/problems/lightning/expired-invoice',
} as const;

/** Cuts a memo to what a description field holds, never within a character. */
function fitMemo(text: string): string {
  // A UTF-16 code unit takes three bytes at most.
  if (text.length * 3 <= fieldBytesMax) return text;
  const bytes = Buffer.from(text);
  let end = Math.min(bytes.length, fieldBytesMax);
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end);
}

function priceSat({ price }: Offer, convert: SatConversion | undefined, nowMs: number): ConvertedPrice {
  const { amount, currency } = price;
  const converted = currency === 'sat' ? { amountSat: amount } : convert?.(price, nowMs);
  if (converted === undefined || converted.amountSat <= 0n || converted.amountSat > amountSatMax) {
    throw new MethodUnavailable(
      `A lightning charge cannot be priced at ${amount} ${currency}; use a whole number of "sat", at least 1`,
    );
  }
  return converted;
}

async function takeInvoice(
  { node, network, pool }: LightningSellerOptions,
  request: InvoiceRequest,
  nowMs: number,
): Promise<CheckedInvoice> {
  try {
    if (pool !== undefined) return await withDeadline(pool.take(request), createInvoiceTimeoutMs);
    const created = await withDeadline(node.createInvoice(request), createInvoiceTimeoutMs);
    const expiresMs = checkInvoice(created, { amountMsat: request.amountMsat, network }, nowMs);
    return { ...created, expiresMs };
  } catch (cause) {
    if (cause instanceof MethodUnavailable) throw cause;
    // The two known kinds promise that their message holds no secret; of anything else only the cause tells.
    const known = cause instanceof NodeError || cause instanceof DeadlineExceeded;
    const why = known ? `${cause.code}: ${cause.message}` : 'see the cause';
    throw new MethodUnavailable(`The Lightning node made no invoice (${why}); check that it runs`, { cause });
  }
}

function refused(reason: VerificationRefusal['reason'], detail: string) {
  return { ok: false, refusal: { reason, detail } } as const;
}

/** Holds the preimage that is being checked. */
const preimageBytes = Buffer.alloc(32);

/**
 * Checks a preimage against the payment hash that the challenge recorded (draft-lightning-charge-00,
 * "Verification Procedure"). Everything it reads is covered by the challenge's HMAC, but for the preimage.
 *
 * The invoice is not decoded again: `quote` made the challenge expire no later than its invoice, so the earlier of
 * the two expiries is the challenge's own.
 */
function verify(challenge: VerifiedChallenge, payload: JsonObject, context: { readonly nowMs: number }) {
  const preimage = payload.preimage;
  if (!isHex32(preimage)) return refused('malformed', 'payload.preimage must be 64 lowercase hex characters');
  const amount = readAmountSat(challenge.requestObject.amount);
  const details = readMethodDetails(challenge.requestObject);
  const paymentHash = details?.paymentHash;
  preimageBytes.write(preimage, 'hex');
  // What equals it is lowercase hex, and needs no second look.
  const isPreimage = hash('sha256', preimageBytes, 'hex') === paymentHash;
  const isHash = isPreimage || isHex32(paymentHash);
  if (amount === undefined || challenge.requestObject.currency !== 'sat' || !isHash) {
    return refused(
      'malformed',
      'The challenge is no lightning charge: amount, currency or payment hash are missing',
    );
  }
  const expiresMs = parseTimestamp(challenge.expires ?? '');
  // Also what cannot be compared, as NaN, is refused.
  if (expiresMs === undefined || !(context.nowMs < expiresMs))
    return refused('expired', 'The challenge and its invoice have expired');
  if (!isPreimage) {
    return refused(
      'invalid-proof',
      'SHA-256 of the provided preimage is not the payment hash of the challenge',
    );
  }
  const paid = { amount, currency: 'sat' };
  const rate = details?.quotedRate === undefined ? undefined : readQuotedRate(details.quotedRate);
  const settlement = { reference: paymentHash, paid };
  return { ok: true, settlement: rate === undefined ? settlement : { ...settlement, rate } } as const;
}

/**
 * The `lightning` charge, for sellers (draft-lightning-charge-00). `quote` takes an invoice from the pool or
 * asks the node for one, and makes sure that it is the one that was asked for; `verify` is synchronous and asks nobody.
 *
 * @throws MethodUnavailable from `quote`: the node is unreachable, slow or refuses (its error is the `cause`), its
 *   invoice differs from what was asked for (the message says in what), or the offer has no price in `sat`.
 *
 * @example
 * ```ts
 * import { type InvoiceNode, lightningSeller } from '@farebox/lightning';
 * export const methodFor = (node: InvoiceNode) => lightningSeller({ node, network: 'regtest' });
 * ```
 */
export function lightningSeller(options: LightningSellerOptions): SellerMethod {
  const { network, pool } = options;

  async function quote(offer: Offer, context: QuoteContext): Promise<Quote> {
    const { amountSat, rate } = priceSat(offer, options.convert, context.nowMs);
    const memo = offer.description ?? options.description;
    const description = memo === undefined ? undefined : fitMemo(memo);
    const lifeSeconds = Math.ceil(context.challengeLifeMs / 1_000) + invoiceGraceSeconds;
    const asked = {
      amountMsat: amountSat * 1_000n,
      description: description ?? '',
      expirySeconds: lifeSeconds,
    };
    const { invoice, paymentHash, expiresMs } = await takeInvoice(options, asked, context.nowMs);
    return {
      request: writeChargeRequest({
        amountSat,
        ...(description === undefined ? undefined : { description }),
        invoice,
        paymentHash,
        network,
        ...(rate === undefined ? undefined : { quotedRate: rate }),
      }),
      expiresMs: Math.min(context.nowMs + context.challengeLifeMs, expiresMs),
    };
  }

  function judge(...asked: Parameters<typeof verify>): Verification {
    const verdict = verify(...asked);
    if (verdict.ok) pool?.paid(verdict.settlement.reference);
    return verdict;
  }

  async function settledMs({ reference }: Settlement): Promise<number | undefined> {
    try {
      const state = await withDeadline(options.node.lookupInvoice(reference), lookupInvoiceTimeoutMs);
      return state?.status === 'settled' ? state.settledMs : undefined;
    } catch (cause) {
      const detail = 'The Lightning node did not say when the invoice was paid; check that it runs';
      throw new MethodUnavailable(detail, { cause });
    }
  }

  const verifies = pool === undefined ? verify : judge;
  return { method: 'lightning', intent: 'charge', problems, quote, verify: verifies, settledMs };
}
