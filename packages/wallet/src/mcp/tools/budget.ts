import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { z } from 'zod';
import type { McpParts } from '../parts.js';
import { toolFailure, toolResult } from '../result.js';
import { costSchema, viewAmount } from '../views.js';

/** Adds `budget`: the owner's limits, and what is left of them. */
export function addBudget(server: McpServer, parts: McpParts): void {
  server.registerTool(
    'budget',
    {
      title: 'What may be spent',
      description:
        "Says this wallet's limits and what has been spent of them. They are the owner's: no tool can change them.",
      inputSchema: z.strictObject({}),
      outputSchema: {
        ok: z.boolean(),
        limits: z.array(z.object({ scope: z.string(), limit: costSchema, spent: costSchema.nullable() })),
        changed_by: z.string(),
      },
      annotations: { readOnlyHint: true },
    },
    async () => {
      try {
        const { limits, source } = await parts.budget();
        return toolResult({
          ok: true,
          limits: limits.map(({ scope, limit, spent }) => ({
            scope,
            limit: viewAmount(limit, parts.showAmount),
            spent: spent === undefined ? null : viewAmount(spent, parts.showAmount),
          })),
          changed_by: source,
        });
      } catch (error) {
        return toolFailure(error, 'the wallet');
      }
    },
  );
}
