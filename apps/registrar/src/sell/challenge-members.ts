import type { Answer } from '@farebox/gate';
import {
  type Challenge,
  decodeRequest,
  parseChallenges,
  parseTimestamp,
  serializeChallenge,
} from '@farebox/protocol';
import { decimalUsd } from '../names/price.js';
import type { PayingTerms } from './desk.js';
import type { OfferedChallenge } from './offer.js';
import type { OrderPlan } from './plan.js';

/** The challenges of a 402. */
export function challengesOf(answer: Answer): readonly Challenge[] {
  const { headers } = answer;
  const fields = headers.filter((_, at) => at % 2 === 1 && headers[at - 1] === 'WWW-Authenticate');
  return parseChallenges(fields).challenges;
}

/** What is written down of them. */
export function offeredOf(challenges: readonly Challenge[], nowMs: number): readonly OfferedChallenge[] {
  return challenges.map(({ id, method, expires }) => ({
    id,
    method,
    expiresMs: (expires === undefined ? undefined : parseTimestamp(expires)) ?? nowMs,
  }));
}

const networkNames: Readonly<Record<number, string>> = { 4217: 'tempo-mainnet', 42431: 'tempo-testnet' };

/**
 * The members that the public API's `MPPChallenge` has beside the problem's own (seeds B.4). Its `status` word cannot stand
 * beside the problem's number, so it is `result` here; and of the two amounts each says which units it is in.
 */
export function challengeMembers(
  challenges: readonly Challenge[],
  plan: OrderPlan,
  session: string,
  paying: PayingTerms,
): Readonly<Record<string, unknown>> {
  const { name, years, kind, price } = plan;
  const common = {
    result: 'payment_required',
    protocol: 'mpp',
    ...{ domain: name.fqdn, years, order_kind: kind, session_id: session, order_id: session },
    amount: Number(decimalUsd(price.net.usdMicros)),
    amount_units: 'display',
    payment_methods: [...new Set(challenges.map(({ method }) => method))],
    www_authenticate: challenges.map((each) => serializeChallenge(each)).join(', '),
  };
  const tempo = challenges.find(({ method }) => method === 'tempo');
  const request = tempo && decodeRequest(tempo.request);
  if (tempo === undefined || request === undefined || paying.tempo === undefined) {
    const [first] = challenges;
    return {
      ...common,
      ...{ network: 'lightning', mpp_network: 'lightning', currency: 'USD', challenge_id: first?.id },
      expires: first?.expires,
    };
  }
  const { chainId, tokens } = paying.tempo;
  const address = String(request.currency).toLowerCase();
  const network = networkNames[chainId] ?? `tempo-${chainId}`;
  const currency = tokens.find((token) => token.address === address)?.name ?? address;
  return {
    ...common,
    ...{ network, mpp_network: network, currency, currency_address: address, chain_id: chainId },
    ...{ recipient: request.recipient, challenge_id: tempo.id, expires: tempo.expires },
    payment_request: {
      amount: request.amount,
      amount_units: 'base',
      ...{ currency: address, recipient: request.recipient, chainId },
    },
    payment_request_b64: tempo.request,
  };
}
