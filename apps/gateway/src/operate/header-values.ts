import { readFile } from 'node:fs/promises';
import type { GatewayConfig, HeaderChangesConfig, HeaderTemplate, RouteConfig } from '../config/config.js';
import { every } from '../every.js';
import { type HeaderChange, headerRules } from '../http/header-rules.js';
import type { HeaderRulesOf } from '../route/table.js';

/** What may stand in a header field's value (RFC 9110 §5.5), as far as we write it. */
const VALUE = /^[\t\x20-\x7e]*$/;

/** A header value that cannot be had. The message says where and why, and never holds the value. */
export class HeaderValueError extends Error {
  override readonly name = 'HeaderValueError';
  readonly code = 'header_value_unusable';
}

/**
 * Reads the values of all header changes of a configuration: environment and files, once. Later changes of either count
 * from the next reload on.
 *
 * @throws HeaderValueError, AggregateError
 */
export async function readHeaderRules(
  config: GatewayConfig,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<HeaderRulesOf> {
  const read = (changes: HeaderChangesConfig, where: string) => readChange(changes, where, environment);
  const both = async ({ headers, responseHeaders }: Changed, where: string): Promise<Both> => {
    const [request, answer] = await every([
      read(headers, `${where}.headers`),
      read(responseHeaders, `${where}.response_headers`),
    ]);
    return { request, answer };
  };
  const [ofUpstreams, ofRoutes] = await every([
    every([...config.upstreams].map(([name, upstream]) => both(upstream, `upstreams.${name}`))),
    every(config.routes.map((route, index) => both(route, `routes[${index}]`))),
  ]);
  const upstreams = new Map([...config.upstreams.keys()].map((name, at) => [name, ofUpstreams[at]]));
  const routes = new Map(config.routes.map((route, at) => [route, ofRoutes[at]]));
  return (route) => {
    // First, so that the seller may send a key of its own in the very field in which clients send theirs.
    const clientKey = config.keys === undefined || route.access.forwardKey ? [] : [config.keys.header];
    const levels = [
      ...(clientKey.length === 0 ? [] : [{ request: { set: [], remove: clientKey }, answer: noChange }]),
      ...[upstreams.get(route.upstream), routes.get(route)].filter((level) => level !== undefined),
    ];
    return {
      request: headerRules(levels.map(({ request }) => request)),
      answer: headerRules(levels.map(({ answer }) => answer)),
    };
  };
}

const noChange: HeaderChange = { set: [], remove: [] };

/** An upstream, or a route. */
type Changed = Pick<RouteConfig, 'headers' | 'responseHeaders'>;

interface Both {
  readonly request: HeaderChange;
  readonly answer: HeaderChange;
}

async function readChange(
  { set, remove }: HeaderChangesConfig,
  where: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<HeaderChange> {
  const fields = set.map(async (template): Promise<[string, string]> => {
    return [template.name, await readValue(template, `${where}.set.${template.name}`, environment)];
  });
  return { set: await every(fields), remove };
}

async function readValue(
  { parts }: HeaderTemplate,
  where: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  let value = '';
  for (const part of parts) {
    if (part.kind === 'text') value += part.text;
    else if (part.kind === 'file') value += await firstLine(part.path, where);
    else {
      const text = environment[part.name];
      if (text === undefined || text === '')
        throw new HeaderValueError(`${where}: the environment variable ${part.name} is not set; set it.`);
      value += text;
    }
  }
  if (!VALUE.test(value))
    throw new HeaderValueError(`${where}: the value holds a character that no header field may hold.`);
  return value;
}

async function firstLine(path: string, where: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).split('\n', 1)[0]?.trim() ?? '';
  } catch (cause) {
    throw new HeaderValueError(`${where}: the file ${path} cannot be read; check its path and its mode.`, {
      cause,
    });
  }
}
