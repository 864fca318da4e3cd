import type { RouteConfig } from '../config/config.js';
import type { RouteMethod } from '../config/match.js';
import type { JsonObject } from './json-value.js';

/** One operation that the gateway serves: a request method on a path, with the route whose price it has. */
export interface Operation {
  readonly method: RouteMethod;
  /** Public path in OpenAPI's form: `/v1/blocks/{block}`. */
  readonly path: string;
  readonly route: RouteConfig;
  /** Unique among the operations; letters and digits. */
  readonly id: string;
  /** Its heading. */
  readonly group: string;
  /** One line of plain text. */
  readonly summary: string;
  /** More about it, as CommonMark. */
  readonly description: string | undefined;
  /** Names in the path, in its order. */
  readonly pathNames: readonly string[];
  /** The name that stands for the rest of the path, slashes included; undefined where none does. */
  readonly restName: string | undefined;
  /** What the seller's file says about it; undefined where it says nothing. */
  readonly content: JsonObject | undefined;
}

/** The names between braces in an OpenAPI path. */
export function namesIn(path: string): string[] {
  return [...path.matchAll(/\{([^{}]*)\}/g)].map(([, name = '']) => name);
}
