import { type Match, parseMatch } from '../config/match.js';

/** How a label is written. */
export const LABEL_PATTERN = /^[a-z0-9][a-z0-9_-]{0,62}$/;

/** What of a request a scope is held against. */
export interface Scoped {
  readonly method: string;
  /** In the normal form of `readTarget`. */
  readonly path: string;
  /** Of its route. */
  readonly labels: readonly string[];
}

/** Tells whether a key opens a request. */
export type Opens = (request: Scoped) => boolean;

/** True for a text that can be a scope: a match such as `GET /v1/bitcoin/*`, or a label of routes. */
export function isScope(text: string): boolean {
  return LABEL_PATTERN.test(text) || (text.length <= 500 && parseMatch(text) !== undefined);
}

/**
 * Reads the scopes of a key. None: it opens everything. What cannot be read opens nothing.
 *
 * @param scopes matches, which are held against the method and path of a request (`GET` covers `HEAD`), and labels
 */
export function readScopes(scopes: readonly string[]): Opens {
  if (scopes.length === 0) return () => true;
  const labels = new Set(scopes.filter((scope) => LABEL_PATTERN.test(scope)));
  const matches = scopes.flatMap((scope) => parseMatch(scope) ?? []);
  return (request) =>
    request.labels.some((label) => labels.has(label)) || matches.some((match) => covers(match, request));
}

function covers(match: Match, { method, path }: Scoped): boolean {
  const named = match.methods.some((each) => each === method || (each === 'GET' && method === 'HEAD'));
  if (!named) return false;
  const wanted = match.pattern.split('/');
  const given = path.split('/');
  if (wanted.at(-1) === '*') {
    wanted.pop();
    return given.length > wanted.length && wanted.every((segment, at) => fits(segment, given[at] ?? ''));
  }
  return given.length === wanted.length && wanted.every((segment, at) => fits(segment, given[at] ?? ''));
}

function fits(wanted: string, given: string): boolean {
  return wanted.startsWith(':') ? given !== '' : wanted === given;
}
