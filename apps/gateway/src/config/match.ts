/** The methods that a route may name. `ANY` stands for all of them. */
export const ROUTE_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

/** One of {@link ROUTE_METHODS}. */
export type RouteMethod = (typeof ROUTE_METHODS)[number];

/**
 * How a match is written: a method or `ANY`, one space, and a path of literal segments, `:name` segments and at
 * most one `*` at the end. No regular expressions, no optional parts: what a route sells is to be read at a glance.
 */
export const MATCH_PATTERN =
  /^(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|ANY) \/(?:(?::[A-Za-z_][A-Za-z0-9_]*|[A-Za-z0-9._~!$&'+,=@-]+)\/)*(?::[A-Za-z_][A-Za-z0-9_]*|[A-Za-z0-9._~!$&'+,=@-]+|\*)?$/;

/** A match, taken apart. */
export interface Match {
  /** As written: the route's name in terms, logs and books. */
  readonly text: string;
  /** True for `ANY`. */
  readonly any: boolean;
  readonly methods: readonly RouteMethod[];
  /** The path pattern. */
  readonly pattern: string;
}

/**
 * Reads a match.
 *
 * @returns undefined when `text` is not a match, or has dot segments, which no request can have.
 * @example
 * ```ts
 * import { parseMatch } from '@farebox/gateway';
 * parseMatch('GET /v1/bitcoin/*')?.pattern; // '/v1/bitcoin/*'
 * ```
 */
export function parseMatch(text: string): Match | undefined {
  if (!MATCH_PATTERN.test(text)) return undefined;
  const space = text.indexOf(' ');
  const name = text.slice(0, space);
  const pattern = text.slice(space + 1);
  if (pattern.split('/').some((segment) => segment === '.' || segment === '..')) return undefined;
  const any = name === 'ANY';
  const methods = any ? ROUTE_METHODS : ROUTE_METHODS.filter((method) => method === name);
  return { text, any, methods, pattern };
}
