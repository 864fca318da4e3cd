import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { z } from 'zod';
import { limitArguments, originOf, readAmount, readRequest, requestArguments } from '../arguments.js';
import { lowerLimits } from '../lower-limits.js';
import type { McpParts } from '../parts.js';
import { toolFailure, toolResult } from '../result.js';
import { costSchema, payeesSchema, untrustedSchema, viewFree, viewPriced } from '../views.js';

/** Adds `preview`: what a request would cost, without paying. */
export function addPreview(server: McpServer, parts: McpParts): void {
  server.registerTool(
    'preview',
    {
      title: 'Ask for a price',
      description:
        "Makes a request without paying, and says what it would cost and whether this wallet's rules would let it pay. Spends nothing.",
      inputSchema: z.strictObject({ ...requestArguments, ...limitArguments }),
      outputSchema: {
        ok: z.boolean(),
        paid: z.boolean(),
        asks_for_payment: z.boolean(),
        status: z.number(),
        cost: costSchema.optional(),
        payee: z.string().optional(),
        payees: payeesSchema.optional(),
        payment_method: z.string().optional(),
        network: z.string().optional(),
        expires: z.string().optional(),
        would_be_paid: z.boolean().optional(),
        objection: z.object({ code: z.string(), message: z.string() }).nullable().optional(),
        credits: z.array(z.string()).optional(),
        chosen_because: z.string().nullable().optional(),
        body_encoding: z.string().optional(),
        body_bytes: z.number().optional(),
        body_truncated: z.boolean().optional(),
        body_file: z.string().nullable().optional(),
        untrusted: untrustedSchema,
      },
      annotations: { readOnlyHint: true, openWorldHint: true },
    },
    async (given, { signal }) => {
      const from = originOf(given.url);
      try {
        const request = readRequest(given, parts);
        const asked = { max: readAmount(given.max, parts), maxFee: readAmount(given.max_fee, parts) };
        const limits = lowerLimits(parts.ceiling, asked);
        const { wallet } = await parts.open('ask');
        const result = await wallet.preview(request, { ...limits, method: given.payment_method, signal });
        if (result.kind === 'priced') {
          const view = viewPriced(result, from, parts.showAmount);
          return toolResult(view, { from, text: JSON.stringify(view.untrusted) });
        }
        const shown = await parts.shelf.show(result.answer);
        return toolResult(viewFree(result, shown, from), { from, text: shown.text });
      } catch (error) {
        return toolFailure(error, from);
      }
    },
  );
}
