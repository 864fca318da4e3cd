import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { z } from 'zod';
import type { BuyOptions } from '../../buy.js';
import { limitArguments, originOf, readAmount, readRequest, requestArguments } from '../arguments.js';
import { lowerLimits } from '../lower-limits.js';
import type { McpParts } from '../parts.js';
import { toolFailure, toolResult } from '../result.js';
import { costSchema, untrustedSchema, viewDelivered, viewFree } from '../views.js';
import type { Work } from '../work.js';

/** What `pay` and `resume` give for a delivery. */
export const deliveredOutput = {
  ok: z.boolean(),
  paid: z.boolean().optional(),
  id: z.string().optional(),
  status: z.number(),
  asks_for_payment: z.boolean().optional(),
  cost: costSchema.optional(),
  fee: z.object({ amount: z.string(), currency: z.string() }).nullable().optional(),
  receipt: z.string().optional(),
  warning: z.string().nullable().optional(),
  body_encoding: z.string(),
  body_bytes: z.number(),
  body_truncated: z.boolean(),
  body_file: z.string().nullable(),
  untrusted: untrustedSchema,
};

/** Adds `pay`: requests, pays at most once within the wallet's rules, and gives the answer. */
export function addPay(server: McpServer, parts: McpParts, work: Work): void {
  server.registerTool(
    'pay',
    {
      title: 'Pay and get the answer',
      description:
        "Makes a request and, if it asks for payment, pays at most once within this wallet's rules and gives the answer. When it fails after paying, the result names a payment id: call 'resume' with it instead of paying again.",
      inputSchema: z.strictObject({ ...requestArguments, ...limitArguments }),
      outputSchema: deliveredOutput,
      annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
    },
    // The work goes on to its end whoever still waits for it.
    (given, { signal }) =>
      work.run(async () => {
        const from = originOf(given.url);
        try {
          const request = readRequest(given, parts);
          const asked = { max: readAmount(given.max, parts), maxFee: readAmount(given.max_fee, parts) };
          const limits = lowerLimits(parts.ceiling, asked);
          const { wallet } = await parts.open('pay');
          const result = await wallet.pay(request, {
            ...limits,
            method: given.payment_method,
            ...untilPlanned(signal),
          });
          if (result.kind === 'free') {
            const shown = await parts.shelf.show(result.answer);
            return toolResult(viewFree(result, shown, from), { from, text: shown.text });
          }
          const shown = await parts.shelf.keep(result.answer, result.entry.id);
          const view = viewDelivered(result, shown, from, parts.showAmount);
          return toolResult(view, { from, text: shown.text });
        } catch (error) {
          return toolFailure(error, from);
        }
      }),
  );
}

/**
 * A signal that gives up only what costs nothing to give up. Once the journal has the payment of this very call, a cancelled
 * call is carried on: the money may have gone, and what it bought is kept for whoever asks next.
 */
function untilPlanned(cancelled: AbortSignal): Pick<BuyOptions, 'signal' | 'onPlanned'> {
  const controller = new AbortController();
  const give = () => controller.abort(cancelled.reason);
  if (cancelled.aborted) give();
  else cancelled.addEventListener('abort', give, { once: true });
  return { signal: controller.signal, onPlanned: () => cancelled.removeEventListener('abort', give) };
}
