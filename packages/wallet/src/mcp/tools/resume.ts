import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { z } from 'zod';
import type { JournalEntry } from '../../journal.js';
import type { ResumeResult } from '../../resume.js';
import type { ResumeReport } from '../../resume-all.js';
import type { Wallet } from '../../wallet.js';
import { originOf } from '../arguments.js';
import { argumentCharsMax, resumeEntriesMax } from '../limits.js';
import type { McpParts } from '../parts.js';
import { failureReport, finishFailure, ToolRefusal, toolResult, untrusted } from '../result.js';
import { cleanText } from '../untrusted.js';
import { viewBody, viewDelivered, viewPayment } from '../views.js';
import type { Work } from '../work.js';

/** Adds `resume`: finishes interrupted payments, and never pays. */
export function addResume(server: McpServer, parts: McpParts, work: Work): void {
  server.registerTool(
    'resume',
    {
      title: 'Finish a payment',
      description:
        'Finishes a payment that was interrupted: asks what became of it and presents the same proof again. Never pays. Also gives an answer again that was delivered within the last day.',
      inputSchema: z.strictObject({
        id: z
          .string()
          .max(64)
          .optional()
          .describe("The payment, as 'pay' or 'history' name it; all unfinished ones when left out"),
        headers: z
          .record(z.string().max(256), z.string().max(argumentCharsMax))
          .optional()
          .describe(
            'Secret headers of the request, which the wallet does not keep. Without an id, for payments of one seller only',
          ),
      }),
      outputSchema: {
        ok: z.boolean(),
        payments: z.array(z.looseObject({ id: z.string(), ok: z.boolean() })),
      },
      annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: true },
    },
    ({ id, headers }) =>
      work.run(async () => {
        try {
          const secret = Object.entries(headers ?? {});
          const { wallet } = await parts.open('finish');
          const payments =
            id === undefined ? await all(wallet, secret, parts) : [await one(wallet, id, secret, parts)];
          const ok = payments.every((payment) => payment.ok === true);
          return toolResult({ ok, payments });
        } catch (error) {
          return finishFailure(error, 'the seller');
        }
      }),
  );
}

type Headers = readonly (readonly [string, string])[];

async function one(wallet: Wallet, id: string, headers: Headers, parts: McpParts) {
  const { journal } = await parts.open('finish');
  const entry = journal.find(id);
  if (entry === undefined)
    throw new ToolRefusal('payment_not_found', "There is no such payment; see 'history'.");
  if (!isAllowed(entry, parts)) {
    throw new ToolRefusal(
      'origin_not_allowed',
      'That payment is for an origin that this server was not started for.',
    );
  }
  return finish(await wallet.resume(id, { headers }), parts);
}

/** Where the owner has named origins, the payments of others are not touched. */
function isAllowed({ request }: JournalEntry, { origins }: McpParts): boolean {
  return request === undefined || origins === undefined || origins.includes(originOf(request.url));
}

async function all(wallet: Wallet, headers: Headers, parts: McpParts) {
  const payments: Record<string, unknown>[] = [];
  for await (const report of wallet.resumeAll({ headers, only: (entry) => isAllowed(entry, parts) })) {
    payments.push(await finishOne(report, parts));
    if (payments.length >= resumeEntriesMax) break;
  }
  return payments;
}

/** One answer that breaks off says nothing of those before it, and keeps none of those behind it waiting. */
async function finishOne(report: ResumeReport, parts: McpParts): Promise<Record<string, unknown>> {
  try {
    if (!report.ok) throw report.error;
    return await finish(report.result, parts);
  } catch (error) {
    return { ...failureReport(error, 'the seller'), id: report.id, ok: false };
  }
}

async function finish(result: ResumeResult, parts: McpParts): Promise<Record<string, unknown>> {
  const { entry } = result;
  const from = originOf(entry.request?.url ?? '');
  if (result.kind === 'delivered') {
    const shown = await parts.shelf.keep(result.answer, entry.id);
    return viewDelivered(result, shown, from, parts.showAmount);
  }
  const view = { ok: true, ...viewPayment(entry, parts.showAmount) };
  const kept = result.kind === 'finished' ? await parts.shelf.find(entry.id) : undefined;
  if (kept === undefined) return view;
  return { ...view, ...viewBody(kept), untrusted: untrusted(from, { body: cleanText(kept.text) }) };
}
