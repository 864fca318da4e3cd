import { type RouteConfig, z } from '@hono/zod-openapi';
import { problemSchema } from './answers.js';
import type { ApiApp, ApiContext } from './context.js';
import { registrarProblem } from './problems.js';
import { refuse } from './respond.js';

/** The problem that every refusal is. */
export const problemResponse = (description: string, schema: z.ZodType = problemSchema) => ({
  description,
  content: { 'application/problem+json': { schema } },
});

/** An answer of JSON, for the document. */
export const jsonResponse = (description: string, schema: z.ZodType) => ({
  description,
  content: { 'application/json': { schema } },
});

/** Nobody has to say who they are. */
export const anybody: NonNullable<RouteConfig['security']> = [];
/** An agent's key is needed, in either field. */
export const needsKey: NonNullable<RouteConfig['security']> = [{ apiKey: [] }, { bearer: [] }];
/** A key says who is asking; without one the payment does. */
export const mayHaveKey: NonNullable<RouteConfig['security']> = [{}, { apiKey: [] }];

/** The parameters that paths have. */
const pathParameters: Readonly<Record<string, z.ZodString>> = {
  fqdn: z.string().max(253).openapi({ description: 'The full name', example: 'myname.agent' }),
  id: z.string().max(100).openapi({ description: 'The id that its list shows' }),
};

/** A route as it is told: who may ask is said of each. */
export type ServedRoute = RouteConfig & {
  readonly operationId: string;
  readonly security: NonNullable<RouteConfig['security']>;
};

/**
 * Serves a route and puts it into the document, by every path that it is known by: one table for both. `{fqdn}` in the path is a
 * parameter. That a request can be malformed, and its key unknown, is told of every route that it is true of.
 */
export function serveRoute(
  app: ApiApp,
  route: ServedRoute,
  handler: (c: ApiContext) => Promise<Response> | Response,
  aliases: readonly string[] = [],
): void {
  const names = [...route.path.matchAll(/\{([^}]+)\}/g)].map(([, name = '']) => name);
  const shape = Object.fromEntries(names.map((name) => [name, pathParameters[name] ?? z.string()]));
  const request = names.length === 0 ? route.request : { ...route.request, params: z.object(shape) };
  const responses = {
    400: problemResponse('The request is malformed or contradicts itself'),
    ...(route.security === needsKey ? { 401: problemResponse('Nobody who is known') } : {}),
    ...route.responses,
  };
  for (const [at, path] of [route.path, ...aliases].entries()) {
    const operationId = at === 0 ? route.operationId : `${route.operationId}Alias${at}`;
    app.openAPIRegistry.registerPath({ ...route, path, operationId, responses, ...(request && { request }) });
    app.on(route.method.toUpperCase(), honoPath(path), (c) => handler(c));
  }
}

function honoPath(path: string): string {
  return path.replaceAll(/\{([^}]+)\}/g, ':$1');
}

/** Answers what is asked of a known path by another method: 405, with those that it takes. Mounted after the routes. */
export function refuseOtherMethods(app: ApiApp): void {
  const methods = new Map<string, string[]>();
  for (const definition of app.openAPIRegistry.definitions) {
    if (definition.type !== 'route') continue;
    const { path, method } = definition.route;
    methods.set(path, [...(methods.get(path) ?? []), method.toUpperCase()]);
  }
  for (const [path, taken] of methods) {
    const allow = taken.includes('GET') ? [...taken, 'HEAD'] : taken;
    app.all(honoPath(path), (c) => {
      const detail = `This path takes ${allow.join(', ')}; nothing was done.`;
      return refuse(c, registrarProblem('method-not-allowed', detail), ['Allow', allow.join(', ')]);
    });
  }
}
