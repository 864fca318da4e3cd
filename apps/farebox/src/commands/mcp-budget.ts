import type { Amount } from '@farebox/protocol';
import type { Limit, PaymentLimits } from '@farebox/wallet';
import type { McpBudget, McpParts } from '@farebox/wallet/mcp';
import type { Home } from '../home.js';
import { policyOf } from '../policy/load.js';
import { readStandings } from '../policy/standings.js';
import type { Token } from '../tempo/tokens.js';

/** The limits of a wallet, and what has been spent of them, for the tool `budget`. */
export async function readBudget(
  home: Home,
  tokens: readonly Token[],
  ceiling: Partial<PaymentLimits>,
): ReturnType<McpParts['budget']> {
  const { budgetsIn } = await import('@farebox/wallet');
  const policy = await policyOf(home, tokens);
  const standings = await readStandings(home, budgetsIn(policy));
  return {
    limits: [
      ...each('--max of this server', ceiling.max),
      ...each('--max-fee of this server', ceiling.maxFee),
      ...each('limits.payment', policy.limits.payment),
      ...each('limits.fee', policy.limits.fee),
      ...standings.map(({ budget, currency, spent, reserved }) => ({
        scope: budget.rule,
        limit: budget.limit,
        spent: { amount: spent + reserved, currency } satisfies Amount,
      })),
    ],
    source: policy.source,
  };
}

function each(scope: string, limit: Limit | undefined): readonly McpBudget[] {
  return limit === undefined ? [] : [limit].flat().map((one) => ({ scope, limit: one, spent: undefined }));
}
