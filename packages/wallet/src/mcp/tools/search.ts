import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { z } from 'zod';
import { originsMax } from '../../catalogue/entry.js';
import { readOrigin } from '../../catalogue/origin.js';
import { requireOrigin } from '../arguments.js';
import { searchEntriesMax } from '../limits.js';
import type { McpFound, McpParts } from '../parts.js';
import { ToolRefusal, toolFailure, toolResult, untrusted } from '../result.js';
import { untrustedSchema } from '../views.js';

/** Adds `search`: what is for sale, at which published price. */
export function addSearch(server: McpServer, parts: McpParts): void {
  server.registerTool(
    'search',
    {
      title: 'Search paid APIs',
      description:
        "Lists operations that sellers offer for payment, with their published prices. Spends nothing. The price that is really asked comes with 'preview'.",
      inputSchema: z.strictObject({
        words: z.string().max(200).optional().describe('What to look for; everything when left out'),
        origins: z
          .array(z.string().max(2_048))
          .max(originsMax)
          .optional()
          .describe("Whom to ask, such as https://api.example.com; the wallet's own list when left out"),
        limit: z.number().int().min(1).max(searchEntriesMax).optional(),
      }),
      outputSchema: {
        ok: z.boolean(),
        origins: z.array(z.string()),
        count: z.number(),
        untrusted: untrustedSchema,
      },
      annotations: { readOnlyHint: true, openWorldHint: true },
    },
    async ({ words, origins, limit }, { signal }) => {
      try {
        const wanted = origins === undefined ? undefined : origins.map((text) => known(text, parts));
        const found = await parts.search({ words, origins: wanted, signal });
        return present(found, limit ?? 20, parts);
      } catch (error) {
        return toolFailure(error, 'the sellers');
      }
    },
  );
}

function known(text: string, parts: McpParts): string {
  const origin = readOrigin(text);
  if (origin === undefined)
    throw new ToolRefusal('usage', 'An origin is an https address, such as https://api.example.com.');
  requireOrigin(origin, parts.origins);
  return origin;
}

function present({ services, entries }: McpFound, limit: number, parts: McpParts) {
  const operations = entries.slice(0, limit).map((entry) => ({
    http_method: entry.method,
    url: entry.url,
    description: entry.description,
    parameters: entry.parameters,
    body: entry.body,
    offers: entry.offers.map(({ method, intent, amount, currency }) => ({
      payment_method: `${method}/${intent}`,
      price:
        amount === undefined
          ? 'depends on the request'
          : currency === undefined
            ? `${amount} (currency not said)`
            : parts.showAmount({ amount, currency }),
    })),
  }));
  const about = services.map(({ origin, title, summary }) => ({ origin, title, summary }));
  // What could not be read may be said in the seller's own words: where it points to, what its document contains.
  const remarks = services.flatMap((service) => service.remarks);
  const said = { services: about, operations, remarks };
  return toolResult(
    {
      ok: true,
      origins: services.map(({ origin }) => origin),
      count: entries.length,
      untrusted: untrusted('the sellers', said),
    },
    { from: 'the sellers', text: JSON.stringify(said, undefined, 1) },
  );
}
