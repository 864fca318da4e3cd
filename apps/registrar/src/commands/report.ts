import { RegistrarConfigError } from '../config/load.js';

/** Exit codes of `farebox registrar`. */
export const exitCodes = { done: 0, failed: 1, usage: 2 } as const;

/** Writes one line to stdout. */
export function print(text: string): number {
  process.stdout.write(`${text}\n`);
  return exitCodes.done;
}

/** Writes why a command failed to stderr. */
export function complain(error: unknown): number {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  return error instanceof RegistrarConfigError ? exitCodes.usage : exitCodes.failed;
}
