import { isJsonObject, type JsonObject, type JsonValue } from '@farebox/protocol';
import { type InvoiceRequest, NodeError, type PaymentState } from '../node.js';
import { type NodeAnswer, parseJson } from './http/call.js';

/** True for 2xx. */
export function isSuccess(answer: Pick<NodeAnswer, 'status'>): boolean {
  return answer.status >= 200 && answer.status < 300;
}

/** The objects of a list; other items are left out. */
export function objectsOf(list: JsonValue | readonly JsonValue[] | undefined): readonly JsonObject[] {
  return Array.isArray(list) ? list.filter(isJsonObject) : [];
}

/**
 * A list that must be there, of objects only: what is missing from an answer must not read as "there is none".
 *
 * @throws NodeError `node_misbehaved`
 */
export function needObjects(list: JsonValue | undefined, node: string, what: string): readonly JsonObject[] {
  const objects = objectsOf(list);
  if (Array.isArray(list) && objects.length === list.length) return objects;
  throw new NodeError('node_misbehaved', `${node} answered without ${what}; check its version.`);
}

/**
 * A payment hash as this package writes it. It becomes part of paths and queries, so nothing else may pass.
 *
 * @throws NodeError `node_refused`
 */
export function checkPaymentHash(paymentHash: string): void {
  if (!/^[0-9a-f]{64}$/.test(paymentHash)) {
    throw new NodeError('node_refused', 'A payment hash is 64 lowercase hex characters.');
  }
}

/**
 * What no node could make an invoice of, refused before it is asked.
 *
 * @throws NodeError `node_refused`
 */
export function checkInvoiceRequest({ amountMsat, expirySeconds }: InvoiceRequest): void {
  if (amountMsat <= 0n || amountMsat > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new NodeError('node_refused', 'An invoice needs an amount of at least one millisatoshi.');
  }
  if (!Number.isSafeInteger(expirySeconds) || expirySeconds < 1) {
    throw new NodeError('node_refused', 'An invoice lives a whole number of seconds, at least one.');
  }
}

/** A description that survives every node's JSON: whole characters, no control characters, at most so long. */
export function plainDescription(text: string, charsMax = Number.POSITIVE_INFINITY): string {
  const cut = text.length > charsMax ? text.slice(0, charsMax) : text;
  // Halves of surrogate pairs, also one that the cut has made, become a replacement character in UTF-8.
  return Buffer.from(cut)
    .toString('utf8')
    .replace(/\p{Cc}/gu, ' ');
}

/**
 * An answer without a secret that the node may have repeated. What stands in the headers is taken out of errors
 * anyway; a password stands there in another form.
 */
export function withoutSecret(answer: NodeAnswer, secret: string): NodeAnswer {
  if (!answer.text.includes(secret)) return answer;
  const text = answer.text.replaceAll(secret, '…');
  return { status: answer.status, text, json: parseJson(text) };
}

/** How long to wait before a payment under way is asked about again, milliseconds. */
export const trackPauseMs = 250;

/**
 * Asks what became of a payment that the node has accepted, until it has ended or `deadlineMs` (of
 * `performance.now()`) has come. Never pays. What cannot be learned in that time is `in-flight`.
 */
export async function trackUntil(
  track: () => Promise<PaymentState>,
  deadlineMs: number,
): Promise<PaymentState> {
  for (;;) {
    const state = await track().catch((): PaymentState => ({ status: 'in-flight' }));
    if (state.status === 'succeeded' || state.status === 'failed') return state;
    const leftMs = deadlineMs - performance.now();
    if (leftMs <= 0) return { status: 'in-flight' };
    await new Promise((resolve) => setTimeout(resolve, Math.min(trackPauseMs, leftMs)));
  }
}

/** Invoices that this process has cancelled at a node whose way of cancelling is to forget them. Bounded. */
export class CancelledHashes {
  readonly #hashes = new Set<string>();

  add(paymentHash: string): void {
    this.#hashes.add(paymentHash);
    const [oldest] = this.#hashes;
    if (this.#hashes.size > cancelledHashesMax && oldest !== undefined) this.#hashes.delete(oldest);
  }

  has(paymentHash: string): boolean {
    return this.#hashes.has(paymentHash);
  }
}

/** Hashes that {@link CancelledHashes} keeps, the newest. */
export const cancelledHashesMax = 10_000;
