import {
  type Amount,
  type BuyerMethod,
  type Challenge,
  credentialBytesMax,
  formatAmount,
  type Inspection,
  type InspectionResult,
  parseChallenges,
  serializeCredential,
} from '@farebox/protocol';
import { type Answer, answerHeader } from './answer.js';
import type { WalletContext } from './context.js';
import { checkDigest } from './digest.js';
import { WalletError } from './errors.js';
import { exceeds, lifeLeftMinMs, type PaymentLimits, payloadBytesMax } from './limits.js';
import { isSecure, type ReplayableRequest } from './request.js';
import { plainText } from './seller-problem.js';

/** One payable challenge: what the seller asks, and what the payment data says it would cost. */
export interface Quote {
  readonly challenge: Challenge;
  readonly inspection: Inspection;
}

/** A quote with the method that pays it. */
export interface ChosenQuote extends Quote {
  readonly method: BuyerMethod;
}

/**
 * Picks the challenge to pay: the first, in the seller's order, that one of the wallet's methods accepts after
 * reading the payment data itself. One bad challenge never hides a good one.
 * Throws {@link WalletError} `no_payable_challenge`, `challenge_refused` or `challenge_expired`.
 *
 * @param methodName - Only this method, when given.
 */
export function chooseQuote(context: WalletContext, answer: Answer, methodName?: string): ChosenQuote {
  const { challenges, skipped } = parseChallenges(answerHeader(answer, 'www-authenticate') ?? '');
  let refusal: WalletError | undefined;
  for (const challenge of challenges) {
    if (methodName !== undefined && challenge.method !== methodName) continue;
    const result = inspect(context, challenge);
    if (result instanceof WalletError) refusal ??= result;
    else if (result !== undefined) return result;
  }
  if (refusal) throw refusal;
  const offered =
    challenges.map(({ method, intent }) => `${method}/${intent}`).join(', ') || 'nothing readable';
  const bad = skipped.length === 0 ? '' : `; ${skipped.length} malformed`;
  throw new WalletError(
    'no_payable_challenge',
    `The seller asks for payment in a way that this wallet cannot pay (offered: ${plainText(offered)}${bad}).`,
    { status: 402 },
  );
}

/** The quote of one challenge, the reason it must not be paid, or undefined when no method is for it. */
export function inspect(context: WalletContext, challenge: Challenge): ChosenQuote | WalletError | undefined {
  const method = context.methods.find((m) => m.method === challenge.method && m.intent === challenge.intent);
  if (method === undefined) return undefined;
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
  if (request && !context.allowInsecure && !isSecure(request.url)) {
    return new WalletError('insecure_url', 'Nothing is paid over plain http to another machine; use https.');
  }
  const tooMuch = findExcess(inspection.price, limits.max);
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
  if (request && challenge.digest !== undefined) return checkDigest(challenge.digest, request.body);
  return undefined;
}

function findExcess(price: Amount, max: Amount): WalletError | undefined {
  const over = exceeds(price, max);
  if (over === undefined) {
    const message = `The price is in ${plainText(price.currency)}, the limit in ${max.currency}; give a limit in the same currency.`;
    return new WalletError('currency_not_allowed', message);
  }
  if (!over) return undefined;
  return new WalletError(
    'price_above_max',
    `The price of ${formatAmount(price)} is above the limit of ${formatAmount(max)}; raise it with --max if that is right.`,
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
