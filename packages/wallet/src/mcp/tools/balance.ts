import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { z } from 'zod';
import type { McpParts } from '../parts.js';
import { toolFailure, toolResult } from '../result.js';
import { costSchema, viewAmount } from '../views.js';

/** Adds `balance`: what can be spent by each method. */
export function addBalance(server: McpServer, parts: McpParts): void {
  server.registerTool(
    'balance',
    {
      title: 'What is there',
      description: 'Says what this wallet could spend by each payment method. Spends nothing.',
      inputSchema: z.strictObject({}),
      outputSchema: {
        ok: z.boolean(),
        balances: z.array(
          z.object({
            payment_method: z.string(),
            balance: costSchema.nullable(),
            missing: z.string().nullable(),
          }),
        ),
      },
      annotations: { readOnlyHint: true },
    },
    async () => {
      try {
        const balances = (await parts.balance()).map(({ method, balance, missing }) => ({
          payment_method: method,
          balance: balance === undefined ? null : viewAmount(balance, parts.showAmount),
          missing: missing ?? null,
        }));
        return toolResult({ ok: true, balances });
      } catch (error) {
        return toolFailure(error, 'the wallet');
      }
    },
  );
}
