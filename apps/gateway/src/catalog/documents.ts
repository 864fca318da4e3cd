import { sendAnswer } from '@farebox/gate';
import type { GatewayConfig } from '../config/config.js';
import type { Documents } from '../exchange/visit.js';
import { plainProblem } from '../http/answer.js';
import type { Logger } from '../log.js';
import type { RouteTable } from '../route/table.js';
import type { Catalog } from './catalog.js';
import { readCatalogSources } from './sources.js';

/** Makes the documents for a table of routes. What the routes keep from being served is said in the log, once. */
export type DocumentsOf = (table: Pick<RouteTable, 'find'>, logger: Logger) => Documents;

/**
 * Reads what the catalogue of a configuration is made of; undefined when it is off.
 *
 * @throws CatalogError when a file or folder that the configuration names cannot be used
 */
export async function readDocuments(config: GatewayConfig): Promise<DocumentsOf | undefined> {
  const about = config.catalog;
  if (about === undefined) return undefined;
  // The search engine and the Markdown parser are loaded only where there is a catalogue.
  const { buildCatalog } = await import('./catalog.js');
  const sources = await readCatalogSources(about);
  return (table, logger) => {
    const catalog = buildCatalog(config, about, sources, table);
    warnOfHidden(catalog, logger);
    return documentsOf(catalog, table);
  };
}

function documentsOf(catalog: Catalog, table: Pick<RouteTable, 'find'>): Documents {
  const paths = new Set(catalog.paths);
  return {
    serve({ request, response, path, query }) {
      if (!paths.has(path)) return false;
      const { method } = request;
      if (method !== 'GET' && method !== 'HEAD')
        return serveOther(table, method ?? '', path, request, response);
      const answer = catalog.answer({
        path,
        query,
        ifNoneMatch: request.headers['if-none-match'],
        nowMs: Date.now(),
      });
      if (answer === undefined) return false;
      if (answer instanceof Promise) void answer.then((made) => sendAnswer(request, response, made));
      else sendAnswer(request, response, answer);
      return true;
    },
  };
}

type Served = Parameters<Documents['serve']>[0];

/** Another method than GET: a route's, or nobody's. */
function serveOther(
  table: Pick<RouteTable, 'find'>,
  method: string,
  path: string,
  request: Served['request'],
  response: Served['response'],
): boolean {
  if (table.find(method, path).kind === 'route') return false;
  sendAnswer(request, response, plainProblem(405, 'Method Not Allowed', 'Use GET.', ['Allow', 'GET, HEAD']));
  return true;
}

function warnOfHidden(catalog: Catalog, logger: Logger): void {
  const byRoute = new Map<string, string[]>();
  for (const { path, route } of catalog.hidden) byRoute.set(route, [...(byRoute.get(route) ?? []), path]);
  for (const [route, paths] of byRoute) {
    logger.warn(
      { route, documents: paths.slice(0, shownPathsMax), more: Math.max(0, paths.length - shownPathsMax) },
      'a route covers the paths of these documents and is served there instead of them; catalog.over_wildcards: true serves them before routes with * or :name, catalog: false ends this message',
    );
  }
}

/** Paths that one line of the log names. */
const shownPathsMax = 10;
