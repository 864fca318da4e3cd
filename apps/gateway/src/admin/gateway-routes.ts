import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import type { AdminParts } from './parts.js';
import { commonAnswers } from './problem.js';
import { plansSchema, routesSchema, stateSchema } from './schemas.js';
import { plansOf, viewPlan, viewRoute } from './views.js';

const routesRoute = createRoute({
  operationId: 'listRoutes',
  method: 'get',
  path: '/v1/routes',
  summary: 'The routes that are in force, and what was counted of them since the start',
  responses: {
    ...commonAnswers,
    200: { description: 'The routes.', content: { 'application/json': { schema: routesSchema } } },
  },
});

const plansRoute = createRoute({
  operationId: 'listPlans',
  method: 'get',
  path: '/v1/plans',
  summary: 'The plans that keys may have',
  responses: {
    ...commonAnswers,
    200: { description: 'The plans.', content: { 'application/json': { schema: plansSchema } } },
  },
});

const stateRoute = createRoute({
  operationId: 'showState',
  method: 'get',
  path: '/v1/state',
  summary: 'How the gateway, its ledger, its node and its upstreams stand',
  responses: {
    ...commonAnswers,
    200: { description: 'The state.', content: { 'application/json': { schema: stateSchema } } },
  },
});

/** Adds what is told of the gateway itself. */
export function addGatewayRoutes(app: OpenAPIHono, parts: AdminParts): void {
  const { config, meter, health, activity, keys } = parts;
  app.openapi(routesRoute, (context) =>
    context.json({ routes: config().routes.map((route) => viewRoute(route, meter)) }, 200),
  );
  app.openapi(plansRoute, (context) => context.json({ plans: plansOf(config()).map(viewPlan) }, 200));
  app.openapi(stateRoute, async (context) => {
    const [ready, upstreams] = await Promise.all([health.ready(), health.upstreams()]);
    const { realm, ledger, routes } = config();
    return context.json(
      {
        status: ready.status,
        ledger: ready.ledger,
        node: ready.node,
        upstreams: Object.fromEntries(upstreams),
        realm,
        ledgerKind: ledger.kind,
        keys: keys() !== undefined,
        routes: routes.length,
        requestsGoingOn: activity.size,
        uptimeSeconds: Math.round(process.uptime()),
        residentBytes: process.memoryUsage.rss(),
      },
      200,
    );
  });
}
