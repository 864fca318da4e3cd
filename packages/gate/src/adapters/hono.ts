import type { Gate } from '../gate.js';
import type { Terms } from '../terms.js';
import { createFetchSale, type FetchOptions } from './fetch-sale.js';

export type { FetchOptions } from './fetch-sale.js';

/** What is used of a Hono `Context`. */
export interface HonoContext {
  readonly req: { raw: Request };
  get res(): Response;
  set res(response: Response | undefined);
  readonly error: Error | undefined;
}

/**
 * Hono middleware that sells what stands behind it: `app.get('/joke', sell(gate, terms), (c) => c.text('…'))`. It promises
 * what `protectFetch` does. Errors go to the app's `onError` as ever; on a `once` route its answer to one that was no
 * `HTTPException` is replaced, because the outcome is unknown. Put it before whatever reads bodies or compresses answers
 * per route; `c.req` reads the body as usual behind it.
 *
 * @example
 * ```ts
 * import { createGate } from '@farebox/gate';
 * import { sell } from '@farebox/gate/hono';
 * import { Hono } from 'hono';
 *
 * declare const gate: ReturnType<typeof createGate>;
 * const price = { amount: 1n, currency: 'sat' };
 * const terms = { route: 'GET /joke', effect: 'safe', offers: [{ method: 'lightning', intent: 'charge', price }] } as const;
 * const app = new Hono();
 * app.get('/joke', sell(gate, terms), (c) => c.text('Knock, knock.'));
 * ```
 */
export function sell(
  gate: Pick<Gate, 'admit'>,
  terms: Terms,
  options: FetchOptions = {},
): (context: HonoContext, next: () => Promise<void>) => Promise<Response | undefined> {
  const sale = createFetchSale(gate.admit, terms, options);
  return async function sellBehind(context, next) {
    let called = false;
    const response = await sale(context.req.raw, async (request) => {
      called = true;
      context.req.raw = request;
      await next();
      const { error } = context;
      return { response: context.res, failed: error !== undefined && !('getResponse' in error) };
    });
    if (!called) return response;
    // Emptied first: Hono merges the fields of the response that was there into the new one, over the receipt's.
    context.res = undefined;
    context.res = response;
    return undefined;
  };
}
