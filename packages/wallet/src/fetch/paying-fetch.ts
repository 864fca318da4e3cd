import { type Answer, discard } from '../answer.js';
import type { BuyOptions } from '../buy.js';
import { WalletError } from '../errors.js';
import type { JournalEntry } from '../journal.js';
import type { PaymentLimits } from '../limits.js';
import type { Header } from '../request.js';
import { plainText } from '../seller-problem.js';
import { spentIn } from '../states.js';
import type { Wallet } from '../wallet.js';
import { type PaymentHooks, tellReceipt } from './hooks.js';
import { redirected } from './redirect.js';
import { type FetchCall, readCall } from './replayable-input.js';
import { answerBytesMax, toResponse } from './response.js';

/**
 * Where the credential goes when the caller has an `Authorization` of its own.
 *
 * - `keep`: the caller's own stays. The credential goes in `Payment-Authorization` where the challenge names that field;
 *   elsewhere the call fails with `authorization_taken` before anything is paid.
 * - `beside`: always in `Payment-Authorization`, for sellers that are known to take it without naming it, as every Farebox
 *   gateway does. Where the challenge names `Authorization`, as with `keep`.
 * - `replace`: the credential takes the place of the caller's own.
 */
export type AuthorizationRule = 'keep' | 'beside' | 'replace';

/** What a paying fetch is made of. Limits that are not given are the wallet's. */
export interface PayingFetchOptions extends PaymentHooks, Partial<PaymentLimits> {
  readonly wallet: Wallet;
  /** Only this payment method. */
  readonly method?: string;
  /** Default `keep`. */
  readonly authorization?: AuthorizationRule;
  /** Most bytes of one answer, unpacked. Default {@link answerBytesMax}. */
  readonly answerBytesMax?: number;
}

/** How to resume by hand. */
export interface ResumeInit {
  /** The secret headers of the request, which the journal does not keep. */
  readonly headers?: Headers | Iterable<Header> | Readonly<Record<string, string>>;
  readonly evenExpired?: boolean;
  readonly signal?: AbortSignal;
}

/** `fetch`, but it pays. */
export interface PayingFetch {
  (input: string | URL | Request, init?: RequestInit): Promise<Response>;
  /**
   * Gets the answer of a payment that was interrupted, with the same credential; never pays. Rejects with
   * {@link WalletError}; `payment_not_found` also when there is nothing to get: delivered before, or never paid.
   */
  resume(paymentId: string, init?: ResumeInit): Promise<Response>;
}

/**
 * Makes a `fetch` that pays when it is asked to: at most once in a call, within the wallet's limits and policy.
 *
 * It takes what `fetch` takes and leaves it as it was; bodies that can be sent only once are refused before anything is
 * sent. Every failure is a {@link WalletError}: `outcome` says where the money is, `retry` what may be done, `paymentId`
 * what to resume. An abort is safe at every moment: before the payment it ends the call; while the payment method is at
 * work it waits for the method's word and presents nothing; afterwards the journal knows, and `resume` gets the answer.
 *
 * @example
 * ```ts
 * import type { BuyerMethod } from '@farebox/protocol';
 * import { createPayingFetch, createWallet, type Journal } from '@farebox/wallet';
 *
 * export async function price(lightning: BuyerMethod, journal: Journal): Promise<unknown> {
 *   const wallet = createWallet({ methods: [lightning], journal });
 *   const fetch = createPayingFetch({ wallet, max: { amount: 5n, currency: 'sat' } });
 *   const response = await fetch('https://api.example.com/v1/bitcoin/price');
 *   return response.json();
 * }
 * ```
 */
export function createPayingFetch(options: PayingFetchOptions): PayingFetch {
  const { wallet, answerBytesMax: bytesMax = answerBytesMax } = options;
  const pay = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const call = await readCall(input, init);
    const buyOptions = buyOptionsOf(options, call);
    let { request } = call;
    for (let followed = 0; ; followed++) {
      const result = await wallet.pay(request, buyOptions);
      const { answer } = result;
      const { url } = request;
      const more = { url, redirected: followed > 0, bytesMax };
      if (result.kind === 'delivered') return toResponse(answer, { ...more, paymentId: result.entry.id });
      const next = await decided(() => redirected(request, answer, call.redirect, followed), answer);
      if (next === undefined) return toResponse(answer, { ...more, paymentId: undefined });
      request = next;
    }
  };
  const resume = async (paymentId: string, init: ResumeInit = {}): Promise<Response> => {
    const { headers, ...rest } = init;
    const result = await wallet.resume(paymentId, { ...rest, headers: headers ? listOf(headers) : [] });
    if (result.kind !== 'delivered') throw nothingToGet(result.entry);
    tellReceipt(options, result.receipt, result.entry);
    const url = result.entry.request?.url ?? '';
    return toResponse(result.answer, { url, redirected: false, bytesMax, paymentId });
  };
  return Object.assign(pay, { resume });
}

/** Lets go of an answer that is not handed on, whether it is followed or refused. */
async function decided<T>(decide: () => T, answer: Answer): Promise<T> {
  try {
    const next = decide();
    if (next !== undefined) await discard(answer);
    return next;
  } catch (error) {
    await discard(answer);
    throw error;
  }
}

function buyOptionsOf(options: PayingFetchOptions, call: FetchCall): BuyOptions {
  const { authorization = 'keep', max, maxFee, method } = options;
  const { signal, transport } = call;
  return {
    ...(max && { max }),
    ...(maxFee && { maxFee }),
    method,
    keepAuthorization: authorization !== 'replace',
    credentialHeader: authorization === 'beside' ? 'payment-authorization' : undefined,
    signal,
    transport,
    hooks: options,
  };
}

function listOf(headers: NonNullable<ResumeInit['headers']>): readonly Header[] {
  return Symbol.iterator in headers ? [...headers] : Object.entries(headers);
}

function nothingToGet(entry: JournalEntry): WalletError {
  const { id, state, detail = state } = entry;
  const message = `There is no answer to get for payment ${id}: it is ${state} (${plainText(detail)}).`;
  // This call has sent nothing; the payment itself may have been delivered long ago.
  return new WalletError('payment_not_found', message, { paymentId: id, spent: spentIn(entry) });
}
