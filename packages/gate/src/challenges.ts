import {
  bindingInput,
  type Challenge,
  encodeRequest,
  MethodUnavailable,
  type Offer,
  type Problem,
  parseAcceptPayment,
  problem,
  rankOffers,
  type SellerMethod,
  serializeChallenge,
} from '@farebox/protocol';
import type { Keyring } from '@farebox/protocol/binding';
import { type Answer, challengeAnswer, retryLater } from './answer.js';
import type { GateEvent } from './events.js';
import type { Terms } from './terms.js';

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
  /** Adds the non-authoritative `amount="1"` of the Xverse documents. Clients must not rely on it. */
  readonly amountHint: boolean;
  /** Status when no payment method can make a challenge. */
  readonly unavailableStatus: 500 | 503;
  readonly onEvent: (event: GateEvent) => void;
}

/** Issues the 402 answers. */
export interface Issuer {
  /** A 402 with one challenge per offer, whose body is `content`. */
  issue(terms: Terms, binding: Binding, acceptPayment: string | undefined, content: Problem): Promise<Answer>;
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
  return {
    async issue(terms, binding, acceptPayment, content) {
      const offers = offersInOrder(terms.offers, acceptPayment);
      const quotes = offers.map((offer) => quoteChallenge(options, terms, offer, binding));
      // Nearly every route has one offer, and one promise is cheaper to wait for than all of one.
      const made = quotes.length === 1 ? [await quotes[0]] : await Promise.all(quotes);
      const fields: string[] = [];
      let challengeId: string | undefined;
      for (const quoted of made) {
        if (quoted === undefined) continue;
        challengeId = quoted.challenge.id;
        fields.push('WWW-Authenticate', serializeChallenge(quoted.challenge, quoted.hints));
        options.onEvent({ kind: 'challenged', route: terms.route, challengeId });
      }
      if (challengeId === undefined) {
        // A 402 must carry a challenge (core §"When NOT to Return 402"), so this is the seller's failure.
        return retryLater(problem('payment-service-unavailable', { status: options.unavailableStatus }));
      }
      return challengeAnswer(content, challengeId, fields);
    },
  };
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

async function quoteChallenge(
  options: IssuerOptions,
  terms: Terms,
  offer: Offer,
  binding: Binding,
): Promise<{ challenge: Challenge; hints: Record<string, string> } | undefined> {
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
    const hints = options.amountHint ? { amount: String(offer.price.amount) } : {};
    return { challenge: { id: options.keyring.sign(bindingInput(unsigned)), ...unsigned }, hints };
  } catch (error) {
    options.onEvent({ kind: 'method-unavailable', route: terms.route, method: offer.method, error });
    return undefined;
  }
}
