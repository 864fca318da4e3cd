import type { RouteConfig } from '@hono/zod-openapi';
import type { ApiApp, ApiContext } from './context.js';

/** The problem that every refusal is. */
export const problemResponse = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: { type: 'object' as const } } },
});

/** An answer of JSON, for the document. */
export const jsonResponse = (description: string) => ({
  description,
  content: { 'application/json': { schema: { type: 'object' as const } } },
});

/**
 * Serves a route and puts it into the document: one table for both. `{fqdn}` in the path is a parameter. What else the path
 * is known by is served too, and not told.
 */
export function serveRoute(
  app: ApiApp,
  route: RouteConfig,
  handler: (c: ApiContext) => Promise<Response> | Response,
  aliases: readonly string[] = [],
): void {
  app.openAPIRegistry.registerPath(route);
  for (const path of [route.path, ...aliases])
    app.on(route.method.toUpperCase(), path.replaceAll(/\{([^}]+)\}/g, ':$1'), (c) => handler(c));
}
