import type { Money } from './money.js';
import { standardLimits } from './standard.js';

/**
 * The text of the first policy: useful and small. 100 sat a payment, 10 sat in fees, 1,000 sat a day; of each stablecoin
 * 0.10, 0.01 and 1.00. A wallet without a file goes by it.
 */
export function defaultPolicyText({ tokens }: Money): string {
  const list = ([sats, units]: readonly [string, string]) =>
    [`${sats} sat`, ...tokens.map((name) => `${units} ${name}`)].map((text) => `    - ${text}`).join('\n');
  return `# What this wallet may spend. Every rule that fits must hold; options of a command can only allow less.
# Change it by hand, or: farebox wallet policy set limits.day "2000 sat"
# All keys: docs/policy.md

limits:
  # Most for one payment, without fees. A currency that is missing here is not paid in at all.
  payment:
${list(standardLimits.payment)}
  # Most in fees on top.
  fee:
${list(standardLimits.fee)}
  # Most within the last 24 hours, over all processes, fees included. hour: is the same for 60 minutes.
  day:
${list(standardLimits.day)}
`;
}
