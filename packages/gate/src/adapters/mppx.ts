import { createHash } from 'node:crypto';
import { isReference } from '@farebox/ledger';
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
  MethodUnavailable,
  type Offer,
  parseTimestamp,
  type SellerMethod,
  type Verification,
  type VerificationRefusal,
  type VerifiedChallenge,
} from '@farebox/protocol';
import type { SettlementStore } from './settlement-folder.js';
import {
  proofDigest,
  readRecord,
  type SettledPayment,
  type SettlementRecord,
  writeRecord,
} from './settlement-record.js';

export { openSettlementFolder, type SettlementFolder, type SettlementStore } from './settlement-folder.js';

/** A function of a method, whose parameter only the method itself can name. */
type Hook = (parameters: never) => unknown;

/** What is used of a server method of mppx: what `Method.toServer`, `tempo.charge` or `stripe.charge` return. */
export interface MppxMethod {
  readonly name: string;
  readonly intent: string;
  readonly schema: {
    readonly request: { parse(value: unknown): unknown };
    readonly credential: { readonly payload: { parse(value: unknown): unknown } };
  };
  readonly defaults?: object | undefined;
  readonly request?: Hook | undefined;
  readonly validate?: Hook | undefined;
  readonly broadcast?: Hook | undefined;
  readonly verify: Hook;
}

/** How an mppx method is sold with. */
export interface MppxMethodOptions {
  /** Where settlements are remembered, e.g. {@link openSettlementFolder}. Shared by all gateways of a realm. */
  readonly settlements: SettlementStore;
  /**
   * What the method is asked to charge for an offer. Default: amount and currency of the price, with `decimals: 0`, because
   * our amounts are in base units. What comes out must ask for exactly the price, or nothing is sold.
   */
  readonly request?: (offer: Offer) => Readonly<Record<string, unknown>>;
  /**
   * True for an error of the settling step that is certain to mean that nothing was paid. Default: the errors of mppx that
   * are about the credential itself. A failed verification is not among them: mppx reports a lost connection as one.
   */
  readonly meansUnpaid?: (error: Error) => boolean;
}

/**
 * Lets a server method of mppx sell through our gate: `methods: [mppxMethod(stripe.charge({ … }), { settlements })]`.
 *
 * Its `request` hook is called to make a challenge and never with a credential. Its `validate` and `broadcast`, or its
 * `verify`, are called only for a challenge whose id the gate has checked, once for each challenge: what came of it is
 * remembered, so that a credit can be redeemed. An outcome that is not known stays unknown: the method is asked again with
 * the very same proof, and until it says that it was paid, nothing is served and nobody is asked to pay again.
 *
 * Not proved: that the method checks what it is given, and that its receipt's reference names one payment. A receipt without
 * a reference is booked under the challenge's id; two challenges settled by one payment are then not found out by us. One of
 * more than 512 characters, or of others than printable ASCII, is booked under its SHA-256.
 *
 * @example
 * ```ts
 * import { mppxMethod, openSettlementFolder } from '@farebox/gate/mppx';
 * import { stripe } from 'mppx/server';
 *
 * const secretKey = process.env.STRIPE_SECRET_KEY ?? '';
 * const charge = stripe.charge({ secretKey, networkId: 'internal', paymentMethodTypes: ['card'] });
 * const method = mppxMethod(charge, { settlements: await openSettlementFolder('settlements') });
 * console.log(method.method); // stripe
 * ```
 */
export function mppxMethod(method: MppxMethod, options: MppxMethodOptions): SellerMethod {
  const { settlements } = options;
  return {
    method: method.name,
    intent: method.intent,
    settlesOnVerify: true,
    async quote(offer, { nowMs, challengeLifeMs }) {
      const request = await requestFor(method, offer, options);
      return { request, expiresMs: nowMs + challengeLifeMs };
    },
    async verify(challenge, payload, { nowMs, source }) {
      const { id, requestObject } = challenge;
      const parsed = parsedOrUndefined(method.schema.credential.payload, payload);
      if (parsed === undefined)
        return refused('malformed', 'The payload is not what this payment method takes.');
      const proof = proofDigest(payload);
      const text = await settlements.find(id);
      const known = text === undefined ? undefined : readRecord(text);
      if (known !== undefined && known.proof !== proof && known.proof !== '')
        return refused(
          'invalid-proof',
          'Another proof was presented for this challenge before; present that one.',
        );
      if (known?.state === 'settled' && known.proof === proof) return settled(challenge, known.payment);
      // The gate takes an `ok` after the end as proof that it was paid in time: nothing may be sent any more.
      if (nowMs >= (parseTimestamp(challenge.expires ?? '') ?? 0) - 1) {
        if (known === undefined)
          return refused('expired', 'The challenge has expired; pay the fresh one in time.');
        throw new MethodUnavailable('What became of the payment is not known, and it can be sent no more.');
      }
      const credential = {
        challenge: { ...wireOf(challenge), request: requestObject },
        payload: parsed,
        ...(source === undefined ? {} : { source }),
      };
      const settling: Settling = {
        method,
        options,
        parameters: { credential, request: requestObject },
        id,
        proof,
      };
      const outcome = await settle(settling, known);
      return 'reason' in outcome ? { ok: false, refusal: outcome } : settled(challenge, outcome);
    },
  };
}

interface Settling {
  readonly method: MppxMethod;
  readonly options: MppxMethodOptions;
  readonly parameters: object;
  readonly id: string;
  readonly proof: string;
}

/**
 * Validates, which changes nothing; notes that the method is asked; asks it; notes what came of it. A crash between any two
 * of these leaves a note that says at least as much as has happened.
 */
async function settle(
  { method, options, parameters, id, proof }: Settling,
  known: SettlementRecord | undefined,
): Promise<SettledPayment | VerificationRefusal> {
  const { settlements } = options;
  if (known === undefined) {
    try {
      if (method.broadcast !== undefined) await call(method.validate, parameters);
    } catch (error) {
      const refusal = refusalFor(error);
      if (refusal === undefined) throw unavailable('The payment could not be validated.', error);
      return refusal;
    }
    if (!(await settlements.begin(id, writeRecord({ state: 'sent', proof }))))
      throw new MethodUnavailable('The payment is being settled by another gateway.');
  }
  let receipt: unknown;
  try {
    receipt = await call(method.broadcast ?? method.verify, parameters);
  } catch (error) {
    // Asked for the second time, a method refuses what it has settled at the first: that is no word about the first.
    const { meansUnpaid = isAboutCredential } = options;
    if (known !== undefined || !(error instanceof Error) || !meansUnpaid(error))
      throw unavailable('What became of the payment is not known; nobody is asked to pay again.', error);
    await settlements.drop(id);
    return refusalFor(error) ?? { reason: 'invalid-proof', detail: 'The payment method refused the proof.' };
  }
  const payment = paymentOf(receipt, id);
  if (payment === undefined) throw new MethodUnavailable('The payment method gave no receipt of success.');
  await settlements.replace(id, writeRecord({ state: 'settled', proof, payment }));
  return payment;
}

/** The request of a challenge. Never made from anything that a client sent. */
async function requestFor(method: MppxMethod, offer: Offer, options: MppxMethodOptions): Promise<JsonObject> {
  const { price, description } = offer;
  const own = options.request?.(offer) ?? {
    amount: String(price.amount),
    currency: price.currency,
    decimals: 0,
    ...(description === undefined ? {} : { description }),
  };
  let wire: JsonValue;
  try {
    const asked = { ...withoutGaps(method.defaults ?? {}), ...own };
    const made = (await call(method.request, { credential: null, request: asked })) ?? asked;
    wire = JSON.parse(JSON.stringify(method.schema.request.parse(made)));
  } catch (error) {
    throw new MethodUnavailable('The payment method could not make a request for this offer.', {
      cause: error,
    });
  }
  if (!isJsonObject(wire))
    throw new MethodUnavailable('The request of the payment method is no JSON object.');
  const { amount, currency } = wire;
  const asksPrice =
    amount === String(price.amount) && String(currency).toLowerCase() === price.currency.toLowerCase();
  if (!asksPrice)
    throw new MethodUnavailable(
      'The payment method would ask for another amount or currency than the price; set `request`.',
    );
  return wire;
}

function settled(challenge: VerifiedChallenge, { reference, fields }: SettledPayment): Verification {
  const { amount, currency } = challenge.requestObject;
  // We made this request, and the HMAC covers it.
  const paid = { amount: BigInt(String(amount)), currency: String(currency) };
  // One that no claim can have is booked by its hash: the money has moved, and it names one payment still.
  const name = isReference(reference)
    ? reference
    : `sha256:${createHash('sha256').update(reference).digest('hex')}`;
  return { ok: true, settlement: { reference: name, paid, receiptFields: fields } };
}

/** Members of a receipt that are the gate's to write. */
const gatesOwn = new Set(['method', 'reference', 'status', 'timestamp', 'challengeId']);

function paymentOf(receipt: unknown, challengeId: string): SettledPayment | undefined {
  if (typeof receipt !== 'object' || receipt === null) return undefined;
  const members = new Map<string, unknown>(Object.entries(receipt));
  if (members.get('status') !== 'success') return undefined;
  const reference = members.get('reference');
  const texts = [...members].filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string' && !gatesOwn.has(entry[0]),
  );
  const named = typeof reference === 'string' && reference !== '';
  return { reference: named ? reference : `challenge:${challengeId}`, fields: Object.fromEntries(texts) };
}

/** mppx's errors that are about the credential and nothing else, in our words: theirs may quote it. */
const refusals: ReadonlyMap<string, VerificationRefusal['reason']> = new Map([
  ['MalformedCredentialError', 'malformed'],
  ['InvalidPayloadError', 'malformed'],
  ['InvalidChallengeError', 'invalid-proof'],
  ['InvalidSignatureError', 'invalid-proof'],
  ['SignerMismatchError', 'invalid-proof'],
  ['PaymentExpiredError', 'expired'],
  ['PaymentInsufficientError', 'insufficient'],
]);

function isAboutCredential(error: Error): boolean {
  return refusals.has(error.name);
}

/** The refusal of an error that changed nothing; undefined for one that says nothing about the credential. */
function refusalFor(error: unknown): VerificationRefusal | undefined {
  if (!(error instanceof Error)) return undefined;
  const reason =
    refusals.get(error.name) ?? (error.name === 'VerificationFailedError' ? 'invalid-proof' : undefined);
  return reason === undefined ? undefined : { reason, detail: 'The payment method refused the proof.' };
}

function refused(reason: VerificationRefusal['reason'], detail: string): Verification {
  return { ok: false, refusal: { reason, detail } };
}

/** By its name alone: what such an error says may quote the proof, and this one goes to the logs. */
function unavailable(message: string, cause: unknown): MethodUnavailable {
  return new MethodUnavailable(`${message} (${cause instanceof Error ? cause.name : typeof cause})`);
}

/** Calls a hook. Its parameter is of its method's own schema, which has parsed what goes in. */
async function call(hook: Hook | undefined, parameters: object): Promise<unknown> {
  return (hook as ((given: object) => unknown) | undefined)?.(parameters);
}

function parsedOrUndefined(schema: { parse(value: unknown): unknown }, value: JsonObject): unknown {
  try {
    return schema.parse(value);
  } catch {
    return undefined;
  }
}

/** The challenge as it stood on the wire, without what the gate has added. */
function wireOf({ requestObject: _, ...wire }: VerifiedChallenge): object {
  return wire;
}

function withoutGaps(members: object): object {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
