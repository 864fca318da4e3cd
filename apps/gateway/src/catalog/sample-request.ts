import { type JsonObject, memberOf, objectAt, textAt } from './json-value.js';
import type { Operation } from './operation.js';
import { exampleOf, parametersOf } from './seller-openapi.js';

/** A request that shows how an operation is used. */
export interface SampleRequest {
  /** Whole URL. A name for which no value is known stands there in braces. */
  readonly url: string;
  /** Names that the reader has to fill in. */
  readonly open: readonly string[];
  /** JSON text; undefined for a request without a body. */
  readonly body: string | undefined;
}

/** Longest body that is shown, in characters. */
const sampleBodyCharsMax = 2_000;
const withBody = new Set(['POST', 'PUT', 'PATCH']);

/** A request out of the route's example, or what the seller's file gives as examples. */
export function sampleRequest(operation: Operation, origin: string, components: JsonObject): SampleRequest {
  const body = withBody.has(operation.method) ? sampleBody(operation) : undefined;
  const { content: stated, route } = operation;
  const { example } = route.catalog;
  // A route's example is a path of the route; where a file splits the route up it may belong to another operation.
  if (example !== undefined && (stated === undefined || fits(operation.path, example)))
    return { url: origin + example, open: [], body };
  const parameters = stated === undefined ? [] : parametersOf(stated, components);
  const open: string[] = [];
  const path = operation.path.replace(/\{([^{}]*)\}/g, (whole, name: string) => {
    const value = exampleOf(
      parameters.find((each) => textAt(each, 'in') === 'path' && textAt(each, 'name') === name),
    );
    if (isScalar(value)) return encodeURIComponent(String(value));
    open.push(name);
    return whole;
  });
  return { url: origin + path + queryOf(parameters, open), open, body };
}

/** What must be in the query, with its examples. */
function queryOf(parameters: readonly JsonObject[], open: string[]): string {
  const pairs = parameters
    .filter((each) => textAt(each, 'in') === 'query' && memberOf(each, 'required') === true)
    .map((each) => {
      const name = textAt(each, 'name') ?? '';
      const value = exampleOf(each);
      if (isScalar(value)) return `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`;
      open.push(name);
      return `${encodeURIComponent(name)}={${name}}`;
    });
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

function sampleBody({ content }: Operation): string {
  const media = objectAt(objectAt(objectAt(content, 'requestBody'), 'content'), 'application/json');
  const example = exampleOf(media);
  const text = example === undefined ? '{}' : JSON.stringify(example);
  return text.length > sampleBodyCharsMax ? '{}' : text;
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function fits(template: string, example: string): boolean {
  const wanted = template.split('/');
  const given = example.replace(/\?.*$/s, '').split('/');
  return (
    wanted.length === given.length && wanted.every((part, at) => part.includes('{') || part === given[at])
  );
}

/** Shell commands for a request. */
export interface SampleCommands {
  /** What it costs; spends nothing. */
  readonly preview: string;
  /** Pays and prints the answer. */
  readonly pay: string;
  readonly curl: string;
}

/** Writes a request as commands for a POSIX shell. */
export function sampleCommands(method: string, { url, body }: SampleRequest): SampleCommands {
  const verb = method === 'GET' || (method === 'POST' && body !== undefined) ? '' : ` -X ${method}`;
  const data = body === undefined ? '' : ` -d ${quoted(body)}`;
  const type = body === undefined ? '' : " -H 'Content-Type: application/json'";
  const farebox = `farebox pay request ${quoted(url)}${verb}${type}${data}`;
  // Braces and brackets are curl's own language unless --globoff says otherwise.
  const glob = /[{}[\]]/.test(url) ? ' -g' : '';
  return {
    preview: farebox,
    pay: `${farebox} --yes`,
    curl: `curl -i${glob} ${quoted(url)}${verb}${type}${data}`,
  };
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
