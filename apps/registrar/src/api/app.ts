import { readTarget } from '@farebox/gate';
import { OpenAPIHono } from '@hono/zod-openapi';
import { mountAgents } from './agents.js';
import { boundBody } from './bounded-body.js';
import type { ApiApp, ApiContext, ApiParts, Env } from './context.js';
import { mountLocks } from './locks.js';
import { mountLookup } from './lookup.js';
import { mountMyDomains } from './my-domains.js';
import { mountOrders } from './orders.js';
import { registrarProblem } from './problems.js';
import { mountQuote } from './quote.js';
import { mountRecords } from './records.js';
import { refuse } from './respond.js';
import { refuseOtherMethods } from './route.js';
import { mountSearch } from './search.js';
import { mountWebhooks } from './webhooks.js';

/** Largest body that is read. */
export const bodyBytesMax = 64 * 1024;

/** Makes the API: every route of it, and the document that is made of the same table. */
export function createApp(parts: ApiParts, version: string): ApiApp {
  const app: ApiApp = new OpenAPIHono<Env>();
  app.use(async (c, next) => {
    const target = readTarget(c.env.incoming.url ?? '');
    if (!target.ok) return refuse(c, registrarProblem('bad-request', target.detail));
    // Of the path it has been looked at.
    if (!target.query.includes('%00')) return next();
    return refuse(c, registrarProblem('bad-request', 'The query has U+0000 (%00) in it; leave it out.'));
  });
  // Elsewhere no body is read.
  app.on(['POST', 'PUT'], '*', boundBody(bodyBytesMax, tooLarge));
  mountAgents(app, parts);
  mountSearch(app, parts);
  mountQuote(app, parts);
  mountOrders(app, parts);
  mountLocks(app, parts);
  mountMyDomains(app, parts);
  mountRecords(app, parts);
  mountLookup(app, parts);
  mountWebhooks(app, parts);
  refuseOtherMethods(app);
  app.openAPIRegistry.registerComponent('securitySchemes', 'apiKey', {
    type: 'apiKey',
    in: 'header',
    name: 'X-API-Key',
  });
  app.openAPIRegistry.registerComponent('securitySchemes', 'bearer', { type: 'http', scheme: 'bearer' });
  app.doc31('/openapi.json', {
    openapi: '3.1.0',
    info: { title: 'Domain registrar for agents', version },
    servers: [{ url: parts.desk.realm }],
  });
  app.notFound((c) =>
    refuse(
      c,
      registrarProblem('not-found', 'There is no such resource here; check the method and the path.'),
    ),
  );
  app.onError((error, c) => {
    parts.desk.onFault('a request could not be answered', error);
    const detail =
      'Something failed here; no payment is lost, repeat with the same credential if there is one.';
    return refuse(c, registrarProblem('internal-error', detail));
  });
  return app;
}

function tooLarge(c: ApiContext): Response {
  const detail = `The body is larger than ${bodyBytesMax} bytes; send a smaller one.`;
  return refuse(c, registrarProblem('body-too-large', detail));
}
