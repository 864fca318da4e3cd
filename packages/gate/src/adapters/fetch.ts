import type { Gate } from '../gate.js';
import type { Terms } from '../terms.js';
import { createFetchSale, type FetchOptions, type Served } from './fetch-sale.js';

export type { FetchOptions } from './fetch-sale.js';

/** How {@link protectFetch} protects. */
export interface ProtectFetchOptions extends FetchOptions {
  /** Told what a handler threw: the client is not. Default: nobody. */
  readonly onError?: (error: unknown) => void;
}

/**
 * Sells what a Fetch handler answers: a Next route handler, a Worker, `Deno.serve`, `Bun.serve`, `serve` of
 * `@hono/node-server`. The handler is called only for a paid request, with a request whose body can be read, and with
 * whatever else its server gives. Its response is held until the delivery is durable; a 2xx gets the receipt, anything
 * else leaves the payment as a credit. A handler that throws leaves a credit too, but on a `once` route: there its outcome
 * is unknown.
 *
 * A Fetch handler is not told when a byte has reached the client. So an answer counts as having left completely when the
 * server has pulled its body to the end, or when it has none; a body that is cancelled or fails, and a request whose
 * `signal` is aborted, count as cut, and the same credential is answered again. What a server had taken and then lost on
 * the way is used up; with an `Idempotency-Key`, an answer is kept and can be had again for a day.
 *
 * @example
 * ```ts
 * import { createGate } from '@farebox/gate';
 * import { protectFetch } from '@farebox/gate/fetch';
 *
 * declare const gate: ReturnType<typeof createGate>;
 * const price = { amount: 1n, currency: 'sat' };
 * const terms = { route: 'GET /joke', effect: 'safe', offers: [{ method: 'lightning', intent: 'charge', price }] } as const;
 * export const GET = protectFetch(gate, terms, () => new Response('Knock, knock.'));
 * ```
 */
export function protectFetch<Rest extends unknown[]>(
  gate: Pick<Gate, 'admit'>,
  terms: Terms,
  handler: (request: Request, ...rest: Rest) => Response | Promise<Response>,
  options: ProtectFetchOptions = {},
): (request: Request, ...rest: Rest) => Promise<Response> {
  const sell = createFetchSale(gate.admit, terms, options);
  return function sellResponse(request, ...rest) {
    return sell(request, async (paid): Promise<Served> => {
      try {
        return { response: await handler(paid, ...rest), failed: false };
      } catch (error) {
        options.onError?.(error);
        throw error;
      }
    });
  };
}
