import type { Match } from './match.js';
import type { Absolute, Report } from './resolve-methods.js';
import type { ConfigInput } from './schema.js';

/** Whom people may ask. */
export interface CatalogContact {
  readonly name?: string | undefined;
  readonly url?: string | undefined;
  readonly email?: string | undefined;
}

/** What the gateway says about what it sells. */
export interface CatalogConfig {
  readonly title: string | undefined;
  readonly description: string | undefined;
  readonly version: string | undefined;
  /** Scheme, host and port under which buyers reach the gateway. */
  readonly origin: string;
  readonly categories: readonly string[];
  /** URL of a page for people. */
  readonly docs: string | undefined;
  readonly contact: CatalogContact | undefined;
  /** Absolute path of the seller's OpenAPI file. */
  readonly openapiFile: string | undefined;
  /** Absolute path of the seller's Markdown folder. */
  readonly docsFolder: string | undefined;
  readonly overWildcards: boolean;
}

/** How the catalogue shows a route. */
export interface RouteCatalogConfig {
  readonly listed: boolean;
  readonly group: string | undefined;
  readonly summary: string | undefined;
  /** A path that one may try, with its query. */
  readonly example: string | undefined;
}

/** The catalogue; undefined when it is off. `listen` is where buyers are sent when `realm` is no origin. */
export function resolveCatalog(
  input: ConfigInput,
  listen: { readonly host: string; readonly port: number },
  absolute: Absolute,
): CatalogConfig | undefined {
  if (input.catalog === false) return undefined;
  const given = input.catalog ?? {};
  const origin =
    given.origin ??
    originOf(input.realm) ??
    listeningOrigin(listen, input.tls === undefined ? 'http' : 'https');
  return {
    title: given.title,
    description: given.description,
    version: given.version,
    origin: new URL(origin).origin,
    categories: given.categories ?? [],
    docs: given.docs,
    contact: given.contact,
    openapiFile: given.openapi === undefined ? undefined : absolute(given.openapi),
    docsFolder: given.docs_folder === undefined ? undefined : absolute(given.docs_folder),
    overWildcards: given.over_wildcards ?? false,
  };
}

/** How the catalogue shows one route. */
export function resolveRouteCatalog(
  input: ConfigInput['routes'][number],
  match: Match,
  index: number,
  report: Report,
): RouteCatalogConfig {
  const given = input.catalog;
  if (given === false) return { listed: false, group: undefined, summary: undefined, example: undefined };
  const example = given?.example;
  if (example !== undefined && !fits(match.pattern, example.replace(/\?.*$/s, '')))
    report(['routes', index, 'catalog', 'example'], `is no path that "${input.match}" fits; write one.`);
  return { listed: true, group: given?.group, summary: given?.summary, example };
}

function originOf(realm: string): string | undefined {
  if (!/^https?:\/\//i.test(realm) || !URL.canParse(realm)) return undefined;
  return new URL(realm).origin;
}

function listeningOrigin(
  { host, port }: { readonly host: string; readonly port: number },
  scheme: 'http' | 'https',
): string {
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function fits(pattern: string, path: string): boolean {
  const wanted = pattern.split('/');
  const given = path.split('/');
  const open = wanted.at(-1) === '*';
  if (open ? given.length < wanted.length : given.length !== wanted.length) return false;
  return wanted.every((segment, at) =>
    segment === '*' ? true : segment.startsWith(':') ? given[at] !== '' : segment === given[at],
  );
}
