import { readFile } from 'node:fs/promises';
import { parseDocument } from 'yaml';
import { ROUTE_METHODS, type RouteMethod } from '../config/match.js';
import { CatalogError } from './error.js';
import { isObject, type JsonObject, listAt, memberOf, objectAt, textAt } from './json-value.js';
import { componentAt } from './openapi-references.js';
import { upgradeSchemas } from './openapi-upgrade.js';

/** Largest OpenAPI file that is read. */
export const openapiBytesMax = 8 * 1024 * 1024;
/** Most operations that are taken from one. */
export const sellerOperationsMax = 20_000;

/** One operation of the seller's file, its path item's parameters among its own. */
export interface SellerOperation {
  readonly method: RouteMethod;
  /** As written: `/blocks/{block}`. */
  readonly path: string;
  readonly content: JsonObject;
}

/** What is taken from the seller's OpenAPI file. */
export interface SellerOpenapi {
  /** The path of its first server, without a slash at the end: it stands in front of every path. */
  readonly basePath: string;
  readonly info: JsonObject;
  readonly operations: readonly SellerOperation[];
  readonly components: JsonObject;
  /** Descriptions of its tags, by name. */
  readonly tags: ReadonlyMap<string, string>;
}

/**
 * Reads an OpenAPI 3.0 or 3.1 file, JSON or YAML.
 *
 * @throws CatalogError when it cannot be read, or is something else
 */
export async function readSellerOpenapi(file: string): Promise<SellerOpenapi> {
  const document = parse(await readText(file), file);
  const version = textAt(document, 'openapi') ?? '';
  if (!/^3\.[01]\./.test(version))
    throw new CatalogError(`${file} is not OpenAPI 3.0 or 3.1; convert it, or leave catalog.openapi out.`);
  const current = version.startsWith('3.0') ? upgradeSchemas(document) : document;
  const components = objectAt(current, 'components') ?? {};
  const operations = operationsOf(objectAt(current, 'paths') ?? {}, components);
  if (operations.length > sellerOperationsMax)
    throw new CatalogError(`${file} has more than ${sellerOperationsMax} operations; name fewer.`);
  return {
    basePath: serverPath(listAt(current, 'servers')[0]),
    info: objectAt(current, 'info') ?? {},
    operations,
    components,
    tags: tagsOf(listAt(current, 'tags')),
  };
}

async function readText(file: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new CatalogError(`${file} cannot be read; name another file in catalog.openapi.`, { cause });
  }
  if (Buffer.byteLength(text) > openapiBytesMax)
    throw new CatalogError(`${file} is larger than ${openapiBytesMax} bytes; name a smaller file.`);
  return text;
}

/** JSON is YAML too, but a thousand times faster read as what it is. */
function parse(text: string, file: string): JsonObject {
  const fault = `${file} is neither JSON nor YAML with a mapping; check it with a linter.`;
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    const document = parseDocument(text, { prettyErrors: false });
    if (document.errors.length > 0) throw new CatalogError(fault);
    try {
      // Through JSON: what is none (dates, cycles, big integers) could not be served either.
      found = JSON.parse(JSON.stringify(document.toJS({ maxAliasCount: 1_000 })));
    } catch (cause) {
      throw new CatalogError(fault, { cause });
    }
  }
  if (!isObject(found)) throw new CatalogError(fault);
  return found;
}

function operationsOf(paths: JsonObject, components: JsonObject): SellerOperation[] {
  return Object.entries(paths).flatMap(([path, given]) => {
    const reference = textAt(given, '$ref');
    const item = reference === undefined ? given : componentAt(reference, components);
    if (!path.startsWith('/') || !isObject(item)) return [];
    const shared = listAt(item, 'parameters');
    return ROUTE_METHODS.flatMap((method) => {
      const operation = objectAt(item, method.toLowerCase());
      if (operation === undefined) return [];
      const content = {
        ...operation,
        parameters: withShared(listAt(operation, 'parameters'), shared, components),
      };
      return [{ method, path, content }];
    });
  });
}

/** An operation's own parameter wins over its path item's of the same name and place (OpenAPI 3.1 §4.8.9). */
function withShared(own: readonly unknown[], shared: readonly unknown[], components: JsonObject): unknown[] {
  const key = (parameter: unknown): string => {
    const reference = textAt(parameter, '$ref');
    const real = reference === undefined ? parameter : componentAt(reference, components);
    return `${textAt(real, 'in') ?? ''} ${textAt(real, 'name') ?? ''}`;
  };
  const taken = new Set(own.map(key));
  return [...own, ...shared.filter((parameter) => !taken.has(key(parameter)))];
}

function serverPath(server: unknown): string {
  const url = textAt(server, 'url') ?? '/';
  if (!URL.canParse(url, 'http://localhost')) return '';
  return new URL(url, 'http://localhost').pathname.replace(/\/+$/, '');
}

function tagsOf(tags: readonly unknown[]): Map<string, string> {
  return new Map(
    tags.flatMap((tag) => {
      const name = textAt(tag, 'name');
      const description = textAt(tag, 'description');
      return name === undefined || description === undefined ? [] : [[name, description] as const];
    }),
  );
}

/** The parameters of an operation, with references followed. */
export function parametersOf(content: JsonObject, components: JsonObject): JsonObject[] {
  return listAt(content, 'parameters').flatMap((parameter) => {
    const reference = textAt(parameter, '$ref');
    const real = reference === undefined ? parameter : componentAt(reference, components);
    return isObject(real) ? [real] : [];
  });
}

/** A value that a parameter or a media type may have, as far as the file says one. */
export function exampleOf(holder: unknown): unknown {
  const own = memberOf(holder, 'example');
  if (own !== undefined) return own;
  const [first] = Object.values(objectAt(holder, 'examples') ?? {});
  const named = memberOf(first, 'value');
  if (named !== undefined) return named;
  const schema = objectAt(holder, 'schema');
  const listed = listAt(schema, 'examples')[0] ?? memberOf(schema, 'example') ?? memberOf(schema, 'default');
  return listed ?? listAt(schema, 'enum')[0] ?? memberOf(schema, 'const');
}
