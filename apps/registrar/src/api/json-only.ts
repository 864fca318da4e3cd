import type { MiddlewareHandler } from 'hono';
import type { Env } from './context.js';
import { registrarProblem } from './problems.js';
import { carriesPayment } from './request.js';
import { refuse } from './respond.js';

/** Where a plain form goes. */
const searchPage = '/search';

/**
 * The branch that replays got lost in (R19). An order is JSON. A browser's form is sent to the search page; whatever carries
 * a payment or says which agent it is from was an order once, and is told what it has lost, before any payment is looked at.
 */
export const jsonOnly: MiddlewareHandler<Env> = async (c, next) => {
  const type = c.req.header('content-type')?.split(';', 1)[0]?.trim().toLowerCase();
  if (type === 'application/json') return next();
  const signs = [
    carriesPayment(c) ? 'a payment' : undefined,
    c.req.header('x-api-key') === undefined ? undefined : 'X-API-Key',
    c.req.header('authorization') === undefined || carriesPayment(c) ? undefined : 'Authorization',
    c.req.header('x-payment-method') === undefined ? undefined : 'X-Payment-Method',
  ].filter((sign) => sign !== undefined);
  const isForm = type === 'application/x-www-form-urlencoded' || type === 'multipart/form-data';
  if (signs.length === 0 && isForm) return c.redirect(searchPage, 302);
  const lost = type === undefined ? 'has lost its Content-Type' : `is ${type.slice(0, 60)}`;
  const carried =
    signs.length === 0 ? '' : ` It carries ${signs.join(' and ')}, so it was meant as an order.`;
  const detail = `The request ${lost}, and an order is application/json: send the very same JSON again.${carried} Nothing was charged by this.`;
  const problem = registrarProblem('malformed-replay', detail, {
    expected_content_type: 'application/json',
    received_content_type: type ?? null,
    carried: signs,
  });
  return refuse(c, problem, ['Accept-Post', 'application/json']);
};
