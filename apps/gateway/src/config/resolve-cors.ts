import type { CorsConfig } from './config.js';
import { parseDuration } from './duration.js';
import type { Report } from './resolve-methods.js';
import type { ConfigInput } from './schema.js';

/** Default for how long a browser may remember that it may ask. */
export const corsMaxAgeMsDefault = 10 * 60_000;
/** Shortest that it may: the field counts seconds. */
export const corsMaxAgeMsMin = 1_000;
/** Longest that it may; browsers stop earlier. */
export const corsMaxAgeMsMax = 24 * 3_600_000;

/** Which pages may buy; undefined when nothing is said about it. */
export function resolveCors({ cors: input }: ConfigInput, report: Report): CorsConfig | undefined {
  if (input === undefined) return undefined;
  const maxAgeMs = input.max_age === undefined ? corsMaxAgeMsDefault : (parseDuration(input.max_age) ?? 0);
  if (maxAgeMs < corsMaxAgeMsMin || maxAgeMs > corsMaxAgeMsMax)
    report(['cors', 'max_age'], `was given "${input.max_age}"; write a duration from 1s to 1d.`);
  const { origins } = input;
  return {
    origins: origins === '*' ? '*' : new Set(origins),
    maxAgeSeconds: Math.floor(maxAgeMs / 1_000),
  };
}
