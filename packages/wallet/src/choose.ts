import {
  type Amount,
  type Challenge,
  type PaymentRange,
  parseAcceptPayment,
  parseChallenges,
  rankOffers,
} from '@farebox/protocol';
import { type Answer, answerHeader } from './answer.js';
import type { WalletContext } from './context.js';
import { WalletError } from './errors.js';
import { balanceTimeoutMs, exceeds, type PaymentLimits } from './limits.js';
import { methodName } from './methods.js';
import { type ChosenQuote, findObjection, inspect } from './quote.js';
import type { ReplayableRequest } from './request.js';
import { plainText } from './seller-problem.js';

/** The quote that is paid, or would be. */
export interface Choice extends ChosenQuote {
  /** Why it must not be paid after all. */
  readonly objection: WalletError | undefined;
  /** Why this one: one sentence, where the seller left a choice. */
  readonly choice: string | undefined;
}

/** What the choice depends on. */
export interface ChoiceOptions {
  readonly request: ReplayableRequest;
  readonly limits: PaymentLimits;
  /** Only this payment method. */
  readonly method?: string | undefined;
  /** The caller's own `Accept-Payment`. */
  readonly acceptPayment: string | undefined;
  /** Why a challenge cannot be answered as the caller wants, whatever it costs. */
  readonly admit?: (challenge: Challenge) => WalletError | undefined;
}

interface Candidate extends ChosenQuote {
  readonly objection: WalletError | undefined;
}

/**
 * Picks the challenge to pay: the first one that may be paid by the data it really carries and by the limits, and for
 * which there is money. First by the caller's own `Accept-Payment`, where there is one, then by the wallet's order of
 * methods, then in the seller's order. One bad challenge never hides a good one. This is decided once: a payment that
 * fails is not tried again with another method.
 *
 * Throws {@link WalletError} `no_payable_challenge`, `challenge_refused` or `challenge_expired`.
 */
export async function chooseQuote(
  context: WalletContext,
  answer: Answer,
  options: ChoiceOptions,
): Promise<Choice> {
  const { challenges, skipped } = parseChallenges(answerHeader(answer, 'www-authenticate') ?? '');
  const wanted = order(context, challenges, options);
  const passedOver: string[] = [];
  const candidates: Candidate[] = [];
  let refusal: WalletError | undefined;
  for (const challenge of wanted) {
    const quote = await inspect(context, challenge);
    if (quote === undefined) continue;
    if (quote instanceof WalletError) {
      refusal ??= quote;
      passedOver.push(`${methodName(challenge)}: ${quote.message}`);
      continue;
    }
    const objection =
      findLack(quote) ??
      options.admit?.(challenge) ??
      (await findObjection(context, quote, options.limits, options.request));
    candidates.push({ ...quote, objection });
  }
  const found = await pick(context, candidates, passedOver);
  if (found) return { ...found, choice: explain(found, wanted.length, passedOver) };
  if (refusal) throw refusal;
  throw nothingPayable(challenges, skipped.length);
}

/** A method that only previews pays for nothing, whatever the price. */
function findLack({ method, challenge }: ChosenQuote): WalletError | undefined {
  if (method.lacking === undefined) return undefined;
  const message = `The seller asks for ${methodName(challenge)}. ${method.lacking}`;
  return new WalletError('no_payable_challenge', message, { status: 402 });
}

function order(
  context: WalletContext,
  challenges: readonly Challenge[],
  { acceptPayment, method }: ChoiceOptions,
): readonly Challenge[] {
  const allowed = challenges.filter((challenge) => method === undefined || challenge.method === method);
  const ranked = allowed
    .map((challenge) => ({ challenge, rank: context.methods.rank(challenge) }))
    // sort() is stable: the seller's order remains within one method.
    .sort((a, b) => a.rank - b.rank)
    .map(({ challenge }) => challenge);
  const ranges = parseAcceptPayment(acceptPayment ?? '') ?? [];
  const accepted = ranked.filter((challenge) => !isRuledOut(challenge, ranges));
  return rankOffers(accepted, ranges);
}

/** True when the caller's own header says that a method is not to be used. */
function isRuledOut({ method, intent }: Challenge, ranges: readonly PaymentRange[]): boolean {
  if (ranges.length === 0) return false;
  // Beside a stand-in that is always acceptable, what has no weight is left out.
  const standIn = { method: '-', intent: '-' };
  const always: PaymentRange = { ...standIn, weight: 1 };
  return rankOffers([{ method, intent }, standIn], [...ranges, always]).length === 1;
}

/** The first without an objection and with money enough; else the first of them, which then says what is wrong. */
async function pick(
  context: WalletContext,
  candidates: readonly Candidate[],
  passedOver: string[],
): Promise<Candidate | undefined> {
  const payable = candidates.filter(({ objection }) => objection === undefined);
  for (const candidate of candidates) {
    const reason = candidate.objection?.message ?? (await findShortage(context, candidate, payable.length));
    if (reason === undefined) return candidate;
    passedOver.push(`${methodName(candidate.challenge)}: ${reason}`);
  }
  const [first] = payable.length > 0 ? payable : candidates;
  if (first !== undefined) passedOver.length = 0;
  return first;
}

/** Says that a method has not enough to pay, when there is another one and the balance is known. */
async function findShortage(
  context: WalletContext,
  { method, inspection }: Candidate,
  payable: number,
): Promise<string | undefined> {
  if (payable < 2 || method.balance === undefined) return undefined;
  const { price } = inspection;
  const balance = await within(balanceTimeoutMs, method.balance(price.currency));
  if (balance === undefined || exceeds(price, balance) !== true) return undefined;
  return `the balance of ${context.showAmount(balance)} is below the price of ${context.showAmount(price)}`;
}

async function within(ms: number, balance: Promise<Amount | undefined>): Promise<Amount | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined);
  });
  try {
    return await Promise.race([balance, late]);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

function explain(
  { challenge }: Candidate,
  offered: number,
  passedOver: readonly string[],
): string | undefined {
  if (offered < 2) return undefined;
  const name = methodName(challenge);
  return passedOver.length === 0
    ? `${name}, the first choice of ${offered}`
    : `${name}, because others were passed over (${passedOver.map(plainText).join('; ')})`;
}

function nothingPayable(challenges: readonly Challenge[], malformed: number): WalletError {
  const offered = challenges.map(methodName).join(', ') || 'nothing readable';
  const bad = malformed === 0 ? '' : `; ${malformed} malformed`;
  return new WalletError(
    'no_payable_challenge',
    `The seller asks for payment in a way that this wallet cannot pay (offered: ${plainText(offered)}${bad}).`,
    { status: 402 },
  );
}
