import { type BooksFilter, CLAIM_STATES } from '@farebox/ledger';
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { type LedgerReading, ReaderError } from './ledger-reader.js';
import type { AdminParts } from './parts.js';
import { AdminProblem, commonAnswers } from './problem.js';
import { claimsQuery, claimsSchema, claimWithEntriesSchema, revenueQuery, revenueSchema } from './schemas.js';
import { viewClaim, viewEntry, viewRevenue } from './views.js';

/** Claims in a page unless the caller says. */
const pageClaims = 100;

const claimsRoute = createRoute({
  operationId: 'listClaims',
  method: 'get',
  path: '/v1/claims',
  summary: 'Claims in the order in which they were first presented, a page at a time',
  request: { query: claimsQuery },
  responses: {
    ...commonAnswers,
    200: { description: 'A page.', content: { 'application/json': { schema: claimsSchema } } },
  },
});

const claimRoute = createRoute({
  operationId: 'showClaim',
  method: 'get',
  path: '/v1/claims/{name}',
  summary: 'One claim with its entries',
  request: {
    params: z.object({
      name: z
        .string()
        .max(300)
        .openapi({ description: 'Its number, challenge id or payment reference.', example: '12' }),
    }),
  },
  responses: {
    ...commonAnswers,
    200: { description: 'The claim.', content: { 'application/json': { schema: claimWithEntriesSchema } } },
  },
});

const revenueRoute = createRoute({
  operationId: 'sumRevenue',
  method: 'get',
  path: '/v1/revenue',
  summary: 'What was received and what became of it, by route, method, currency and time',
  request: { query: revenueQuery },
  responses: {
    ...commonAnswers,
    200: { description: 'The sums.', content: { 'application/json': { schema: revenueSchema } } },
  },
});

/** Adds what is told of the ledger. It is read beside its writer, in a thread of its own. */
export function addLedgerRoutes(app: OpenAPIHono, { reading }: AdminParts): void {
  app.openapi(claimsRoute, async (context) => {
    const { after = 0, limit = pageClaims, ...query } = context.req.valid('query');
    const filter = filterOf(query);
    const claims = await ask(reading, (ledger) =>
      ledger.ask<'claims'>({ kind: 'claims', filter, after, claimsMax: limit }),
    );
    const next = claims.length < limit ? null : (claims.at(-1)?.seq ?? null);
    return context.json({ claims: claims.map(viewClaim), next }, 200);
  });
  app.openapi(claimRoute, async (context) => {
    const { name } = context.req.valid('param');
    const wanted = /^[0-9]{1,15}$/.test(name) ? `#${name}` : name;
    const found = await ask(reading, (ledger) => ledger.ask<'claim'>({ kind: 'claim', name: wanted }));
    if (found === undefined) throw new AdminProblem(404, 'There is no such claim.');
    return context.json({ ...viewClaim(found.claim), entries: found.entries.map(viewEntry) }, 200);
  });
  app.openapi(revenueRoute, async (context) => {
    const { by = 'total', ...query } = context.req.valid('query');
    const filter = filterOf(query);
    const rows = await ask(reading, (ledger) => ledger.ask<'revenue'>({ kind: 'revenue', filter, by }));
    return context.json({ by, rows: rows.map(viewRevenue) }, 200);
  });
}

interface PeriodQuery {
  readonly state?: string | undefined;
  readonly from?: string | undefined;
  readonly until?: string | undefined;
  readonly route?: string | undefined;
  readonly method?: string | undefined;
}

function filterOf({ state, from, until, route, method }: PeriodQuery): BooksFilter {
  const states = state?.split(',').map((word) => {
    const known = CLAIM_STATES.find((each) => each === word.trim());
    if (known === undefined)
      throw new AdminProblem(400, `A state is one of ${CLAIM_STATES.join(', ')}, with commas between.`);
    return known;
  });
  const fromMs = from === undefined ? undefined : Date.parse(from);
  const untilMs = until === undefined ? undefined : Date.parse(until);
  return { fromMs, untilMs, route, method, states };
}

async function ask<T>(
  reading: LedgerReading | undefined,
  question: (ledger: LedgerReading) => Promise<T>,
): Promise<T> {
  if (reading === undefined)
    throw new AdminProblem(
      404,
      'The ledger of this gateway is in its memory, where it cannot be read beside it.',
    );
  try {
    return await question(reading);
  } catch (cause) {
    if (!(cause instanceof ReaderError)) throw cause;
    if (cause.code === 'too_many_rows') throw new AdminProblem(400, cause.message, { cause });
    const detail = cause.message === '' ? 'The ledger could not be read; try again.' : cause.message;
    throw new AdminProblem(503, detail, { cause });
  }
}
