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
  process.stderr.write(`${sentenceOf(error)}\n`);
  return error instanceof RegistrarConfigError ? exitCodes.usage : exitCodes.failed;
}

function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Node's own words say neither which key is meant nor what to do.
  if ('code' in error && error.code === 'EADDRINUSE' && 'port' in error)
    return `The port ${error.port} is in use by another program; stop that one, or name another under listen or dns.listen.`;
  return error.message;
}
