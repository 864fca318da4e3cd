import type { RequestListener } from 'node:http';
import { admit } from './admit.js';
import { createContext, type GateOptions } from './context.js';
import type { Admission, Decision } from './decision.js';
import { type ProtectOptions, protectListener } from './protect.js';
import type { GateRequest, Terms } from './terms.js';

/** Sells access to resources. One per realm; safe for concurrent use. */
export interface Gate {
  /**
   * Decides about one request; without a promise where nobody has to be asked. Rejects only for faults of ours: every
   * client's fault is an answer.
   */
  admit(request: GateRequest, terms: Terms): Admission | Promise<Admission>;
  /**
   * As {@link Gate.admit}, for a caller who has another way to serve the request: a payment that fails is told as `yielded`,
   * with its reason and without a fresh challenge.
   */
  attempt(request: GateRequest, terms: Terms): Decision | Promise<Decision>;
  /** Sells what a `node:http` listener serves. */
  protect(terms: Terms, listener: RequestListener, options?: ProtectOptions): RequestListener;
}

/**
 * Makes a gate: offer → challenge → verify → claim → deliver → receipt.
 * Throws a TypeError for a secret of fewer than 32 bytes or an empty realm.
 *
 * @example
 * ```ts
 * import { createServer } from 'node:http';
 * import { createGate } from '@farebox/gate';
 * import { openSqliteLedger } from '@farebox/ledger';
 * import type { SellerMethod } from '@farebox/protocol';
 *
 * declare const lightning: SellerMethod;
 * const secrets = [process.env.SECRET ?? ''];
 * const ledger = await openSqliteLedger({ path: 'shop.db' });
 * const gate = createGate({ realm: 'https://shop.example', secrets, methods: [lightning], ledger });
 * const price = { amount: 1n, currency: 'sat' };
 * const terms = { route: 'GET /joke', effect: 'safe', offers: [{ method: 'lightning', intent: 'charge', price }] } as const;
 * createServer(gate.protect(terms, (_request, response) => response.end('Knock, knock.'))).listen(8402);
 * ```
 */
export function createGate(options: GateOptions): Gate {
  const context = createContext(options);
  const decide = (request: GateRequest, terms: Terms) => admit(context, request, terms, false);
  return {
    admit: decide,
    attempt: (request, terms) => admit(context, request, terms, true),
    protect: (terms, listener, protectOptions) => protectListener(decide, terms, listener, protectOptions),
  };
}
