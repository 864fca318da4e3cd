import { OpenAPIHono } from '@hono/zod-openapi';
import { HTTPException } from 'hono/http-exception';
import { noJson, readBody } from './body.js';
import { addGatewayRoutes } from './gateway-routes.js';
import { addKeysRoutes } from './keys-routes.js';
import { addLedgerRoutes } from './ledger-routes.js';
import type { AdminParts } from './parts.js';
import { AdminProblem, problemResponse } from './problem.js';
import { createTokenCheck } from './token.js';

const scheme = 'token';

/**
 * Makes the admin API. All of it wants the bearer token, but for its own description at `/openapi.json`.
 *
 * @param token is compared in constant time
 */
export function createAdminApp(parts: AdminParts, token: string): OpenAPIHono {
  const app = new OpenAPIHono({
    defaultHook: (result) => {
      if (result.success) return undefined;
      const [issue] = result.error.issues;
      const where = issue?.path.join('.') ?? '';
      return problemResponse(
        new AdminProblem(400, `${where === '' ? 'The request' : where}: ${issue?.message}.`),
      );
    },
  });
  const isToken = createTokenCheck(token);
  app.use('/v1/*', async (context, next) => {
    if (!isToken(context.req.header('authorization')))
      return problemResponse(new AdminProblem(401, 'Send the token of token_file as a bearer token.'));
    await next();
    context.header('Cache-Control', 'no-store');
    return undefined;
  });
  app.use('/v1/*', async (context, next) => {
    // Nothing is called so, and PostgreSQL takes no such text: it is not the store that does not answer.
    if (context.req.url.includes('%00'))
      throw new AdminProblem(400, 'The URL has U+0000 (%00) in it; leave it out.');
    await next();
  });
  app.use('/v1/*', readBody);
  addGatewayRoutes(app, parts);
  addKeysRoutes(app, parts);
  addLedgerRoutes(app, parts);
  app.openAPIRegistry.registerComponent('securitySchemes', scheme, { type: 'http', scheme: 'bearer' });
  app.doc31('/openapi.json', {
    openapi: '3.1.0',
    info: {
      title: 'Farebox admin API',
      version: '1',
      description: 'What a Farebox gateway sells, to whom, and what came of it.',
    },
    servers: [{ url: '/', description: 'The listener that this document was fetched from.' }],
    security: [{ [scheme]: [] }],
  });
  app.notFound(() => problemResponse(new AdminProblem(404, 'There is nothing here; see /openapi.json.')));
  app.onError((error) => {
    if (error instanceof AdminProblem) return problemResponse(error);
    // What hono says of a body: of another type, or no JSON.
    if (error instanceof HTTPException && error.status < 500)
      return problemResponse(
        error.status === 415 ? noJson() : new AdminProblem(400, 'The body must be JSON.'),
      );
    parts.logger.error({ error }, 'a fault of the admin API');
    return problemResponse(new AdminProblem(500, 'Something broke that should not; see the log.'));
  });
  return app;
}
