import type { Challenge, JsonObject } from '@farebox/protocol';
import type { Finding, MethodExaminer } from '@farebox/wallet/doctor';
import { showAmount } from '../tempo/tokens.js';

/**
 * Holds a tempo charge against draft-tempo-charge-00, point by point. Which chain and tokens this wallet pays with is not
 * looked at.
 */
export const tempoExaminer: MethodExaminer = {
  method: 'tempo',
  intent: 'charge',
  examine: async (challenge, request, nowMs) => (await load())(challenge, request, nowMs),
};

/** The library behind Tempo is large: loaded when there is something to look at. */
async function load(): Promise<MethodExaminer['examine']> {
  const { memoMatcher, parseTempoChargeRequest } = await import('@farebox/tempo');
  const { fine, fault, warning } = await import('@farebox/wallet/doctor');
  const seller = (code: string, text: string) => fault('challenge', code, 'seller', text);

  function examine(challenge: Challenge, request: JsonObject): readonly Finding[] {
    const charge = parseTempoChargeRequest(request);
    if (!charge.ok) return [seller(charge.code, `The tempo request is malformed: ${charge.detail}.`)];
    const { amount, currency, chainId, feePayer, supportedModes, memo } = charge.value;
    const findings: Finding[] = [
      fine('challenge', 'amount', `The charge is ${showAmount({ amount, currency })}.`),
    ];
    findings.push(
      chainId === undefined
        ? warning(
            'challenge',
            'chain_missing',
            'seller',
            'The request does not name its chain; wallets then refuse it, or guess.',
          )
        : fine('challenge', 'chain', `It is to be paid on the chain ${chainId}.`),
    );
    if (challenge.expires === undefined) {
      findings.push(
        seller(
          'challenge_without_expiry',
          'A tempo charge has to expire: what was signed could be used for ever.',
        ),
      );
    }
    if (feePayer && !supportedModes.includes('pull')) {
      findings.push(
        seller('mode_unsupported', 'The seller pays the fees but does not broadcast, which cannot be.'),
      );
    }
    if (!supportedModes.includes('pull')) {
      const text = 'Only push is offered: the payment moves before the seller has seen anything.';
      findings.push(warning('challenge', 'push_only', 'seller', text));
    }
    const bound = memoMatcher({ realm: challenge.realm, challengeId: challenge.id });
    if (memo !== undefined && !bound(memo)) {
      const text = 'The memo does not name the challenge, so the payment could be claimed for another.';
      findings.push(seller('memo_unbound', text));
    }
    return findings;
  }

  return examine;
}
