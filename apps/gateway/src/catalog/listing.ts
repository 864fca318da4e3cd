import type { GatewayConfig, RouteConfig } from '../config/config.js';
import type { RouteMethod } from '../config/match.js';
import type { RouteTable } from '../route/table.js';
import { listAt, textAt } from './json-value.js';
import { namesIn, type Operation } from './operation.js';
import type { SellerOpenapi, SellerOperation } from './seller-openapi.js';

/** What `ANY` is shown as: HEAD and OPTIONS are no operations that anyone looks for. */
const shownForAny: readonly RouteMethod[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
const summaryCharsMax = 120;

type Draft = Omit<Operation, 'id'>;

/**
 * Lists what the gateway serves: every operation of the seller's file that a listed route serves, with that route's price,
 * and each listed route of which the file says nothing. The one matcher decides which route serves what.
 */
export function listOperations(
  config: Pick<GatewayConfig, 'routes' | 'upstreams'>,
  table: Pick<RouteTable, 'find'>,
  seller: SellerOpenapi | undefined,
): Operation[] {
  const taken: Taken = { drafts: new Map(), templates: new Map() };
  const described = new Set<RouteConfig>();
  for (const draft of seller === undefined ? [] : describedBy(seller, config, table)) {
    if (take(taken, draft)) described.add(draft.route);
  }
  for (const route of [...config.routes].sort(bySpecificity)) {
    if (!route.catalog.listed || described.has(route)) continue;
    for (const method of route.match.any ? shownForAny : route.match.methods) addOwn(taken, method, route);
  }
  // People wrote the routes in the order in which they want to see them.
  const place = new Map(config.routes.map((route, at) => [route, at]));
  const told = ({ content, route }: Draft): number => (content === undefined ? (place.get(route) ?? 0) : -1);
  return withIds([...taken.drafts.values()].sort((a, b) => told(a) - told(b)));
}

/** As in the table of routes: a named method wins over ANY, and of two with * the one that says more of the path. */
function bySpecificity(a: RouteConfig, b: RouteConfig): number {
  const open = ({ match }: RouteConfig): number => Number(match.pattern.endsWith('*'));
  const depth = ({ match }: RouteConfig): number => match.pattern.split('/').length;
  return Number(a.match.any) - Number(b.match.any) || open(a) - open(b) || depth(b) - depth(a);
}

/** What has been listed. */
interface Taken {
  /** By method and shape of the path. */
  readonly drafts: Map<string, Draft>;
  /** The template that a shape is written with: the first. */
  readonly templates: Map<string, string>;
}

/** Two templates that differ in names only are one path (OpenAPI 3.1 §4.8.8). */
function shapeOf(path: string): string {
  return path.replace(/\{[^{}]*\}/g, '{}');
}

/** False when the same is listed already. */
function take({ drafts, templates }: Taken, draft: Draft): boolean {
  const shape = shapeOf(draft.path);
  const key = `${draft.method} ${shape}`;
  if (drafts.has(key)) return false;
  const path = templates.get(shape) ?? draft.path;
  templates.set(shape, path);
  const pathNames = namesIn(path);
  const restName = draft.restName === undefined ? undefined : pathNames.at(-1);
  drafts.set(key, { ...draft, path, pathNames, restName });
  return true;
}

function* describedBy(
  seller: SellerOpenapi,
  config: Pick<GatewayConfig, 'routes' | 'upstreams'>,
  table: Pick<RouteTable, 'find'>,
): Generator<Draft> {
  const byName = new Map(config.routes.map((route) => [route.match.text, route]));
  const fronts = new Map<string, { readonly strip: string; readonly basePath: string }>();
  for (const route of config.routes) {
    const basePath = config.upstreams.get(route.upstream)?.basePath ?? '';
    fronts.set(`${route.stripPrefix} ${basePath}`, { strip: route.stripPrefix, basePath });
  }
  for (const operation of seller.operations) {
    for (const { strip, basePath } of fronts.values()) {
      for (const path of publicPaths(operation.path, seller.basePath, strip, basePath)) {
        const found = table.find(operation.method, path.replace(/\{[^{}]*\}/g, '~'));
        const route = found.kind === 'route' ? byName.get(found.route.name) : undefined;
        if (route === undefined || !route.catalog.listed || route.stripPrefix !== strip) continue;
        if ((config.upstreams.get(route.upstream)?.basePath ?? '') !== basePath) continue;
        yield fromSeller(operation, path, route);
      }
    }
  }
}

/** Under which path a path of the seller's file is reached: `upstreamTarget` read backwards. */
function publicPaths(path: string, serverPath: string, strip: string, basePath: string): Set<string> {
  // A file may name the path of a public server that the upstream itself does not have.
  const whole = [serverPath + path, path].filter((each) => each.startsWith(`${basePath}/`));
  return new Set(whole.map((each) => strip + each.slice(basePath.length)));
}

function fromSeller(operation: SellerOperation, path: string, route: RouteConfig): Draft {
  const { method, content } = operation;
  const [tag] = listAt(content, 'tags').filter((each) => typeof each === 'string');
  const description = textAt(content, 'description');
  return {
    method,
    path,
    route,
    group: route.catalog.group ?? (typeof tag === 'string' && tag !== '' ? tag : groupOf(path)),
    summary: oneLine(
      textAt(content, 'summary') ??
        route.catalog.summary ??
        route.description ??
        description ??
        `${method} ${path}`,
    ),
    description,
    pathNames: [],
    restName: undefined,
    content,
  };
}

/** What is known of a route of which the seller's file says nothing. */
function addOwn(taken: Taken, method: RouteMethod, route: RouteConfig): void {
  const { pattern } = route.match;
  const names = pattern.split('/').flatMap((segment) => (segment.startsWith(':') ? [segment.slice(1)] : []));
  const free = (wanted: readonly string[]): string => wanted.find((name) => !names.includes(name)) ?? 'other';
  const rest = pattern.endsWith('/*') ? free(['path', 'rest', 'remainder']) : undefined;
  const template = pattern.replace(/:([A-Za-z_][A-Za-z0-9_]*)/g, '{$1}');
  const draft: Draft = {
    method,
    path: rest === undefined ? template : `${template.slice(0, -1)}{${rest}}`,
    route,
    group: route.catalog.group ?? groupOf(pattern),
    summary: oneLine(route.catalog.summary ?? route.description ?? `${method} ${pattern}`),
    description: route.catalog.summary === undefined ? undefined : route.description,
    pathNames: [],
    restName: rest,
    content: undefined,
  };
  if (take(taken, draft) || rest === undefined) return;
  // GET /a/:id before GET /a/*: what is left for the second lies deeper.
  take(taken, {
    ...draft,
    path: `${template.slice(0, -1)}{${free(['segment', 'part', 'piece'])}}/{${rest}}`,
  });
}

/** `/v1/bitcoin/price` is about `bitcoin`: the first segment that is a word of its own. */
function groupOf(path: string): string {
  const word = path
    .split('/')
    .find((segment) => segment !== '' && !/^(?:v[0-9]+|api|rest)$/i.test(segment) && !/[{:*]/.test(segment));
  return word ?? 'other';
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= summaryCharsMax ? line : `${line.slice(0, summaryCharsMax - 1)}…`;
}

function withIds(drafts: readonly Draft[]): Operation[] {
  const used = new Set<string>();
  return drafts.map((draft) => {
    const wanted = wantedId(draft);
    let id = wanted;
    for (let count = 2; used.has(id); count++) id = `${wanted}${count}`;
    used.add(id);
    return { ...draft, id };
  });
}

/** The seller's own, or `getV1BlocksBlock`. */
function wantedId({ method, path, content }: Draft): string {
  const own = textAt(content, 'operationId');
  if (own !== undefined && /^[A-Za-z0-9._~-]{1,100}$/.test(own)) return own;
  const words = path.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
  const tail = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  return `${method.toLowerCase()}${tail}`;
}
