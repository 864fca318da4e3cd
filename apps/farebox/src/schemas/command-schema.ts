import type { z } from 'zod';

/** The object that a command writes to stdout with `--json`. */
export interface CommandSchema {
  /** Words after `farebox`: `pay request`. */
  readonly command: string;
  readonly schema: z.ZodType;
  /** True where stdout has one object a line. */
  readonly lines: boolean;
}

/** One object. */
export function writes(command: string, schema: z.ZodType): CommandSchema {
  return { command, schema, lines: false };
}

/** JSON Lines: any number of objects, each of this shape. */
export function writesLines(command: string, schema: z.ZodType): CommandSchema {
  return { command, schema, lines: true };
}
