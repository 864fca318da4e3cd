import {
  bindingInput,
  type Challenge,
  encodeRequest,
  isPaymentCredential,
  MethodUnavailable,
  type Offer,
  type Problem,
  parseAcceptPayment,
  problem,
  type Quote,
  rankOffers,
  type SellerMethod,
  serializeChallenge,
} from '@farebox/protocol';
import type { Keyring } from '@farebox/protocol/binding';
import { type Answer, challengeAnswer, problemAnswer, retryLater } from './answer.js';
import type { GateEvent } from './events.js';
import { type Issued, LiveChallenges, type NotIssued, samenessKey } from './live-challenges.js';
import type { MintBudget } from './mint-budget.js';
import { checkTerms, type GateRequest, type Terms, Unpriced } from './terms.js';

/** What a fresh challenge is bound to. */
export interface Binding {
  readonly opaque: string;
  /** Content digest of the request's body; undefined when it has none. */
  readonly digest: string | undefined;
}

/** What issuing challenges needs, given once. */
export interface IssuerOptions {
  readonly realm: string;
  readonly keyring: Keyring;
  readonly methods: readonly SellerMethod[];
  readonly now: () => number;
  readonly challengeLifeMs: number;
  /** Undefined: no limit. */
  readonly mintBudget: MintBudget | undefined;
  /** Adds the non-authoritative `amount="1"` of the Xverse documents. Clients must not rely on it. */
  readonly amountHint: boolean;
  /** Status when no payment method can make a challenge. */
  readonly unavailableStatus: 500 | 503;
  readonly onEvent: (event: GateEvent) => void;
}

/** A request that is to be paid for. */
export interface Asking {
  readonly request: GateRequest;
  readonly terms: Terms;
  readonly binding: Binding;
}

/** Issues the 402 answers. */
export interface Issuer {
  /**
   * A 402 with one challenge per offer, whose body is `content`; or 429 when too many are unpaid, 500 when no payment
   * method can make one.
   */
  issue(asking: Asking, content: Problem): Promise<Answer>;
  /** A challenge has been paid: nobody is given it again. */
  spent(challengeId: string): void;
}

/** The method object that an offer, or a challenge, speaks of. */
export function findMethod(
  methods: readonly SellerMethod[],
  wanted: { readonly method: string; readonly intent: string },
): SellerMethod | undefined {
  return methods.find((each) => each.method === wanted.method && each.intent === wanted.intent);
}

/** Makes the {@link Issuer} of a gate. */
export function createIssuer(options: IssuerOptions): Issuer {
  const live = new LiveChallenges();
  return {
    async issue(asking, content) {
      const key = keyOf(asking);
      const made =
        key === undefined
          ? await issueFresh(options, asking)
          : await live.share(key, options.now(), () => issueFresh(options, asking));
      return made.kind === 'issued' ? challengeAnswer(content, made.challengeId, made.fields) : made.answer;
    },
    spent: (challengeId) => live.spent(challengeId),
  };
}

/**
 * What makes this request the same as an earlier one. Undefined where it must not be taken for one: without an
 * `Idempotency-Key`; from nobody in particular, whose key could be another's; and with a credential, because one that is
 * refused gets a fresh challenge.
 */
function keyOf({ request, terms, binding }: Asking): string | undefined {
  const { client, idempotencyKey, acceptPayment, credentials } = request;
  if (idempotencyKey === undefined || client === undefined) return undefined;
  if (credentials.some(isPaymentCredential)) return undefined;
  const { opaque, digest } = binding;
  return samenessKey({ client, idempotencyKey, route: terms.route, opaque, digest, acceptPayment });
}

async function issueFresh(options: IssuerOptions, asking: Asking): Promise<Issued | NotIssued> {
  const { request, terms } = asking;
  // Before the price is looked up and anybody is asked for an invoice: both are what the budget is for.
  const grant = options.mintBudget?.take(request.client, options.now());
  if (grant !== undefined && !grant.ok) {
    options.onEvent({ kind: 'limited', route: terms.route, by: grant.by });
    return { kind: 'not-issued', answer: tooMany(grant.by, grant.waitMs) };
  }
  const priced = offersOf(options, asking);
  if (!Array.isArray(priced)) return priced;
  const offers = offersInOrder(priced, request.acceptPayment);
  const quotes = offers.map((offer) => quoteChallenge(options, terms, offer, asking.binding));
  // Nearly every route has one offer, and one promise is cheaper to wait for than all of one.
  const made = quotes.length === 1 ? [await quotes[0]] : await Promise.all(quotes);
  const fields: string[] = [];
  const ids: string[] = [];
  let expiresMs = Number.POSITIVE_INFINITY;
  for (const quoted of made) {
    if (quoted === undefined) continue;
    const { id } = quoted.challenge;
    ids.push(id);
    expiresMs = Math.min(expiresMs, quoted.expiresMs);
    fields.push('WWW-Authenticate', serializeChallenge(quoted.challenge, quoted.hints));
    options.onEvent({ kind: 'challenged', route: terms.route, challengeId: id });
  }
  const challengeId = ids.at(-1);
  if (challengeId === undefined) {
    // A 402 must carry a challenge (core §"When NOT to Return 402"), so this is the seller's failure.
    const content = problem('payment-service-unavailable', { status: options.unavailableStatus });
    return { kind: 'not-issued', answer: retryLater(content) };
  }
  return { kind: 'issued', fields, challengeId, ids, expiresMs };
}

/** The offers of this very request. Where its price cannot be told there are none, and it is not sold. */
function offersOf(options: IssuerOptions, { request, terms }: Asking): Offer[] | NotIssued {
  if (terms.offersFor === undefined) {
    checkTerms(terms);
    return [...terms.offers];
  }
  const { method, path, query, body, client } = request;
  try {
    const offers = [...terms.offersFor({ method, path, query, body, client })];
    checkTerms({ route: terms.route, offers });
    return offers;
  } catch (error) {
    if (error instanceof Unpriced) {
      const content = problem('bad-request', { detail: error.message });
      return { kind: 'not-issued', answer: problemAnswer(content) };
    }
    for (const offer of terms.offers)
      options.onEvent({ kind: 'method-unavailable', route: terms.route, method: offer.method, error });
    return [];
  }
}

const tooManyDetails = {
  client:
    'Too many unpaid requests came from here; pay for some of them, or wait as long as Retry-After says.',
  global: 'There are too many unpaid requests at the moment; wait as long as Retry-After says.',
} as const;

/** The 429 (RFC 6585 §4), with `Retry-After` in whole seconds, rounded up. */
function tooMany(by: 'client' | 'global', waitMs: number): Answer {
  const seconds = Math.max(1, Math.ceil(waitMs / 1_000));
  const content = problem('too-many-requests', { detail: tooManyDetails[by] });
  return problemAnswer(content, ['Retry-After', String(seconds)]);
}

/**
 * The client's order, when it states one. Otherwise lightning comes last: a deployed client reads only the last
 * challenge of an answer, and it is a Lightning client.
 */
function offersInOrder(offers: readonly Offer[], acceptPayment: string | undefined): readonly Offer[] {
  if (acceptPayment !== undefined) {
    const ranges = parseAcceptPayment(acceptPayment);
    const ranked = ranges === undefined ? [] : rankOffers(offers, ranges);
    if (ranked.length > 0) return ranked;
  }
  if (offers.length < 2) return offers;
  return [
    ...offers.filter((o) => o.method !== 'lightning'),
    ...offers.filter((o) => o.method === 'lightning'),
  ];
}

let secondMs = Number.NaN;
let secondText = '';

/**
 * RFC 3339 in whole seconds, rounded down: some clients refuse fractions, and down is never later than the quote. Many
 * challenges share a second, and the text is dear.
 */
function wholeSecond(ms: number): string {
  const wholeMs = ms - (ms % 1_000);
  if (wholeMs !== secondMs) {
    secondText = `${new Date(wholeMs).toISOString().slice(0, 19)}Z`;
    secondMs = wholeMs;
  }
  return secondText;
}

/** What the challenge really asks for: a price in one currency may be quoted in another. */
function amountOf(quote: Quote, offer: Offer): string {
  const { amount } = quote.request;
  return typeof amount === 'string' ? amount : String(offer.price.amount);
}

interface QuotedChallenge {
  readonly challenge: Challenge;
  readonly hints: Record<string, string>;
  readonly expiresMs: number;
}

async function quoteChallenge(
  options: IssuerOptions,
  terms: Terms,
  offer: Offer,
  binding: Binding,
): Promise<QuotedChallenge | undefined> {
  const seller = findMethod(options.methods, offer);
  if (seller === undefined) return undefined;
  const nowMs = options.now();
  try {
    const quote = await seller.quote(offer, { nowMs, challengeLifeMs: options.challengeLifeMs });
    // Never longer than we allow, whatever the method says.
    const expiresMs = Math.min(quote.expiresMs, nowMs + options.challengeLifeMs);
    if (expiresMs <= nowMs) throw new MethodUnavailable('The quote had expired when it arrived.');
    const unsigned = {
      realm: options.realm,
      method: offer.method,
      intent: offer.intent,
      request: encodeRequest(quote.request),
      expires: wholeSecond(expiresMs),
      ...(binding.digest === undefined ? {} : { digest: binding.digest }),
      opaque: binding.opaque,
    };
    const hints = options.amountHint ? { amount: amountOf(quote, offer) } : {};
    const challenge = { id: options.keyring.sign(bindingInput(unsigned)), ...unsigned };
    return { challenge, hints, expiresMs };
  } catch (error) {
    options.onEvent({ kind: 'method-unavailable', route: terms.route, method: offer.method, error });
    return undefined;
  }
}
