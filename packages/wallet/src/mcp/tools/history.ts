import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { z } from 'zod';
import { historyEntriesMax } from '../limits.js';
import type { McpParts } from '../parts.js';
import { toolFailure, toolResult } from '../result.js';
import { paymentSchema, viewPayment } from '../views.js';

/** Adds `history`: what was paid, newest first. */
export function addHistory(server: McpServer, parts: McpParts): void {
  server.registerTool(
    'history',
    {
      title: 'What was paid',
      description: 'Lists the payments of this wallet, newest first. Spends nothing.',
      inputSchema: z.strictObject({
        limit: z.number().int().min(1).max(historyEntriesMax).optional(),
        unfinished: z.boolean().optional().describe("Only those that 'resume' has something to do for"),
      }),
      outputSchema: { ok: z.boolean(), payments: z.array(paymentSchema) },
      annotations: { readOnlyHint: true },
    },
    async ({ limit = 20, unfinished = false }) => {
      try {
        const { journal } = await parts.open('ask');
        const entries = unfinished ? journal.unfinished().slice(0, limit) : journal.list({ limit });
        const payments = entries.map((entry) => viewPayment(entry, parts.showAmount));
        return toolResult({ ok: true, payments });
      } catch (error) {
        return toolFailure(error, 'the wallet');
      }
    },
  );
}
