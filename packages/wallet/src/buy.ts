import type { Challenge } from '@farebox/protocol';
import { abortedUnpaid } from './abort.js';
import { type Answer, answerHeader, discard } from './answer.js';
import { type Choice, chooseQuote } from './choose.js';
import type { WalletContext } from './context.js';
import { WalletError } from './errors.js';
import { askQuoteHook, type PaymentHooks, tellPayment, tellReceipt } from './fetch/hooks.js';
import type { CredentialHeader, JournalEntry, StoredRequest } from './journal.js';
import type { PaymentLimits } from './limits.js';
import { methodName } from './methods.js';
import { findInsecure } from './policy/enforce.js';
import { type Delivered, present } from './present.js';
import type { Quote } from './quote.js';
import {
  fingerprint,
  type Header,
  headerValue,
  type PayableRequest,
  prepareRequest,
  type ReplayableRequest,
} from './request.js';
import { withholdSecrets } from './secret-headers.js';
import { plainText } from './seller-problem.js';
import { payQuote } from './settle.js';
import { exchange, type TransportInit } from './transport.js';

/** An answer that asked for no payment: whatever the seller said first. */
export interface FreeAnswer {
  readonly kind: 'free';
  readonly answer: Answer;
}

/** What a request would cost. Nothing was spent, nothing was written. */
export interface Priced extends Quote {
  readonly kind: 'priced';
  readonly status: 402;
  /** Why `pay` would refuse, or undefined when it would pay. */
  readonly objection: WalletError | undefined;
  /** Payments for this very request that were made and not delivered: resume one of them instead of paying again. */
  readonly credits: readonly JournalEntry[];
  /** Why this method was chosen, where the seller left a choice. */
  readonly choice: string | undefined;
}

/** How to preview or pay one request. */
export interface BuyOptions extends Partial<PaymentLimits> {
  /** Only this payment method. */
  readonly method?: string | undefined;
  /** Default `authorization`: replaces the caller's own (R17). A challenge that names a field decides instead. */
  readonly credentialHeader?: CredentialHeader | undefined;
  /** Refuse, instead of replacing the caller's own `Authorization`: `authorization_taken`. Default false. */
  readonly keepAuthorization?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly hooks?: PaymentHooks | undefined;
  /**
   * Told once, when the payment of this very call has been written down and before anything is sent for it. Who only wants to
   * give up what costs nothing stops giving up here. Must not throw.
   */
  readonly onPlanned?: (() => void) | undefined;
  /** What the runtime's `fetch` is told besides, in both requests. */
  readonly transport?: TransportInit | undefined;
}

interface Asked {
  readonly request: ReplayableRequest;
  /** The caller's own `Accept-Payment`. */
  readonly acceptPayment: string | undefined;
  readonly answer: Answer;
}

/** Asks without paying, and says what it would cost. */
export async function previewRequest(
  context: WalletContext,
  payable: PayableRequest,
  options: BuyOptions,
): Promise<FreeAnswer | Priced> {
  const asked = await ask(context, payable, options);
  if (asked.answer.status !== 402) return { kind: 'free', answer: asked.answer };
  const { challenge, inspection, objection, choice } = await choose(context, asked, options);
  const credits = context.journal.credits(await fingerprint(asked.request));
  return { kind: 'priced', status: 402, challenge, inspection, objection, credits, choice };
}

/** Asks, pays at most once, and presents the proof. */
export async function payRequest(
  context: WalletContext,
  payable: PayableRequest,
  options: BuyOptions,
): Promise<FreeAnswer | Delivered> {
  const asked = await ask(context, payable, options);
  const { request, answer } = asked;
  if (answer.status !== 402) return { kind: 'free', answer };
  const quote = await choose(context, asked, options);
  if (quote.objection) throw quote.objection;
  await askQuoteHook(context, options.hooks, request, quote, options.signal);
  const stored = await storeRequest(request, credentialHeaderFor(quote.challenge, options));
  refuseAborted(options.signal);
  const { signal, transport, onPlanned } = options;
  const call = { request: stored, signal, onPlanned };
  const entry = await payQuote(context, quote, limitsOf(context, options), call);
  tellPayment(options.hooks, entry);
  const delivered = await present(context, entry, stored, { headers: request.headers, signal, transport });
  tellReceipt(options.hooks, delivered.receipt, delivered.entry);
  return quote.choice === undefined ? delivered : { ...delivered, choice: quote.choice };
}

async function choose(
  context: WalletContext,
  { request, answer, acceptPayment }: Asked,
  options: BuyOptions,
): Promise<Choice> {
  await discard(answer);
  const limits = limitsOf(context, options);
  const admit = (challenge: Challenge) => findIdentityLoss(challenge, request.headers, options);
  return chooseQuote(context, answer, { request, limits, method: options.method, acceptPayment, admit });
}

/**
 * Where the credential goes. A challenge that names a field is bound to it: a credential elsewhere would be refused
 * after it was paid for, so the seller's word goes before the caller's wish.
 */
function credentialHeaderFor({ header }: Challenge, options: BuyOptions): CredentialHeader {
  if (header === undefined) return options.credentialHeader ?? 'authorization';
  return header.toLowerCase() === 'payment-authorization' ? 'payment-authorization' : 'authorization';
}

/** The caller's own identity would be replaced by the credential, and that was not allowed. */
function findIdentityLoss(
  challenge: Challenge,
  headers: readonly Header[],
  options: BuyOptions,
): WalletError | undefined {
  if (!options.keepAuthorization || credentialHeaderFor(challenge, options) !== 'authorization')
    return undefined;
  const own = headerValue(headers, 'authorization');
  // An older credential is no identity.
  if (own === undefined || /^payment /i.test(own)) return undefined;
  const message =
    'The seller wants the payment credential in Authorization, where your own is; nothing was paid. Identify yourself in another header, or allow the replacement or Payment-Authorization, if the seller takes that.';
  return new WalletError('authorization_taken', message);
}

/**
 * The limits that were given, else the wallet's; an explicit `undefined` does not lift the default. Who names a maximum
 * has named the currencies that may be spent at all; a fee limit in one currency leaves those in others as they are.
 */
function limitsOf(context: WalletContext, { max, maxFee }: BuyOptions): PaymentLimits {
  const { limits } = context;
  // The first that fits counts.
  return { max: max ?? limits.max, maxFee: maxFee ? [maxFee, limits.maxFee].flat() : limits.maxFee };
}

async function ask(context: WalletContext, payable: PayableRequest, options: BuyOptions): Promise<Asked> {
  const prepared = prepareRequest(payable);
  // Before the first byte: the caller's own headers and body are as readable on the way as a credential.
  const insecure = findInsecure(context, prepared.url);
  if (insecure) throw insecure;
  const request = { ...prepared, headers: withPreference(context, prepared.headers, options.method) };
  const result = await exchange(context, request, request.headers, {
    answerTimeoutMs: context.timeouts.unpaidAnswerMs,
    signal: options.signal,
    transport: options.transport,
    onCut: (cause) => new WalletError('unreachable', 'The answer broke off; nothing was paid.', { cause }),
  });
  const acceptPayment = headerValue(prepared.headers, 'accept-payment');
  if (result.ok) return { request, answer: result.answer, acceptPayment };
  const { kind, cause } = result;
  if (kind === 'aborted') throw new WalletError('aborted', 'Given up before anything was paid.', { cause });
  if (kind === 'timed-out')
    throw new WalletError('timed_out', 'The seller did not answer in time; nothing was paid.', { cause });
  throw new WalletError(
    'unreachable',
    'The seller cannot be reached or its answer cannot be read; nothing was paid.',
    { cause },
  );
}

/** `Accept-Payment` (core §"Client Payment Preferences"), part of both requests so that they stay the same. */
function withPreference(
  context: WalletContext,
  headers: readonly Header[],
  only?: string,
): readonly Header[] {
  if (headerValue(headers, 'accept-payment') !== undefined) return headers;
  const methods = context.methods.accepted.filter(({ method }) => only === undefined || method === only);
  if (methods.length === 0) return headers;
  return [...headers, ['Accept-Payment', methods.map(methodName).join(', ')]];
}

async function storeRequest(
  request: ReplayableRequest,
  credentialHeader: CredentialHeader,
): Promise<StoredRequest> {
  // The header that the credential replaces is not needed again.
  const headers = request.headers.filter(([name]) => name.toLowerCase() !== credentialHeader);
  const { kept, withheld } = withholdSecrets(headers);
  const { url, method, body } = request;
  return {
    url,
    method,
    headers: kept,
    withheld,
    credentialHeader,
    fingerprint: await fingerprint(request),
    ...(body && { body }),
  };
}

/** The last moment at which giving up costs nothing. */
function refuseAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortedUnpaid(signal);
}

/** Where a redirect points, for people; it was not followed. */
export function redirectTarget(answer: Answer): string | undefined {
  if (answer.status < 300 || answer.status > 399) return undefined;
  const location = answerHeader(answer, 'location');
  return location === undefined ? undefined : plainText(location);
}
