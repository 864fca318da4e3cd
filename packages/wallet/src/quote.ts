import {
  type Amount,
  type Challenge,
  credentialBytesMax,
  type Inspection,
  type InspectionResult,
  serializeCredential,
} from '@farebox/protocol';
import type { WalletContext } from './context.js';
import { checkDigest } from './digest.js';
import { WalletError } from './errors.js';
import {
  exceeds,
  feeLimitIn,
  type Limit,
  lifeLeftMinMs,
  limitIn,
  type PaymentLimits,
  payloadBytesMax,
} from './limits.js';
import { methodName, type WalletMethod } from './methods.js';
import { findShortBudget, judge } from './policy/enforce.js';
import type { ReplayableRequest } from './request.js';
import { plainText } from './seller-problem.js';

/** One payable challenge: what the seller asks, and what the payment data says it would cost. */
export interface Quote {
  readonly challenge: Challenge;
  readonly inspection: Inspection;
}

/** A quote with the method that pays it. */
export interface ChosenQuote extends Quote {
  readonly method: WalletMethod;
}

/** What a method says of one challenge: its quote, or the reason it must not be paid. Asks nobody. */
export function inspectWith(
  context: WalletContext,
  method: WalletMethod,
  challenge: Challenge,
): ChosenQuote | WalletError {
  let result: InspectionResult;
  try {
    result = method.inspect(challenge, { nowMs: context.now() });
  } catch (cause) {
    // One method's fault over one hostile challenge must not hide the next.
    return new WalletError('challenge_refused', 'The challenge cannot be inspected, so it is not paid.', {
      cause,
    });
  }
  if (!result.ok) {
    const code = result.code.includes('expired') ? 'challenge_expired' : 'challenge_refused';
    return new WalletError(code, `The challenge must not be paid: ${plainText(result.detail)}`, {
      status: 402,
    });
  }
  return { challenge, inspection: result.inspection, method };
}

/** The quote of one challenge, the reason it must not be paid, or undefined when no method is for it. */
export async function inspect(
  context: WalletContext,
  challenge: Challenge,
): Promise<ChosenQuote | WalletError | undefined> {
  const method = await context.methods.find(challenge);
  if (method === undefined) return undefined;
  if (!('missing' in method)) return inspectWith(context, method, challenge);
  const message = `The seller asks for ${methodName(challenge)}. ${method.missing}`;
  return new WalletError('no_payable_challenge', message, { status: 402 });
}

/**
 * Everything that must hold before money moves, cheapest first. Pure but for hashing the body.
 *
 * @returns The reason not to pay, or undefined.
 */
export async function findObjection(
  context: WalletContext,
  quote: Quote,
  limits: PaymentLimits,
  request: ReplayableRequest | undefined,
): Promise<WalletError | undefined> {
  const { challenge, inspection } = quote;
  const maxFee = feeLimitIn(limits.maxFee, inspection.price.currency);
  const allowed = judge(context, quote, maxFee, { url: request?.url });
  if (allowed instanceof WalletError) return allowed;
  const tooMuch = findExcess(context, inspection.price, limits.max);
  if (tooMuch) return tooMuch;
  if (inspection.expiresMs - context.now() < lifeLeftMinMs) {
    return new WalletError(
      'challenge_expired',
      'The challenge has expired or is about to; ask again for a fresh one.',
    );
  }
  if (!isEchoable(challenge)) {
    const message = `The challenge is too large to be presented again (a credential has ${credentialBytesMax} bytes); it was not paid.`;
    return new WalletError('challenge_refused', message);
  }
  const unfit =
    request && challenge.digest !== undefined ? await checkDigest(challenge.digest, request.body) : undefined;
  return unfit ?? findShortBudget(context, quote, allowed);
}

function findExcess({ showAmount }: WalletContext, price: Amount, limit: Limit): WalletError | undefined {
  const max = limitIn(limit, price.currency);
  if (max === undefined) {
    const message = `The price is ${plainText(showAmount(price))}, and no limit was given in that currency; give one with --max if that is right.`;
    return new WalletError('currency_not_allowed', message);
  }
  if (!exceeds(price, max)) return undefined;
  return new WalletError(
    'price_above_max',
    `The price of ${showAmount(price)} is above the limit of ${showAmount(max)}; raise it with --max if that is right.`,
  );
}

/** After paying it would be too late to find out that the echo does not fit. */
function isEchoable(challenge: Challenge): boolean {
  try {
    serializeCredential({ challenge, payload: { room: '-'.repeat(payloadBytesMax) } });
    return true;
  } catch {
    return false;
  }
}
