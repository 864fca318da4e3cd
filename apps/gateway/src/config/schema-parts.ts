import { z } from 'zod';
import { DURATION_PATTERN, parseDuration } from './duration.js';

/** A duration, read by `parseDuration`. */
export const duration = (meaning: string) =>
  z
    .string()
    .regex(DURATION_PATTERN)
    .refine((text) => parseDuration(text) !== undefined)
    .meta({
      description: meaning,
      allowed: 'a duration such as 500ms, 30s, 5m, 2h or 90d',
      examples: ['30s', '5m'],
    });

/** A whole number within bounds. */
export const count = (least: number, most: number, meaning: string) =>
  z
    .int()
    .min(least)
    .max(most)
    .meta({ description: meaning, allowed: `a whole number from ${least} to ${most}` });
