import type { Retry } from '@farebox/protocol';
import { exitCodes } from './exit-codes.js';

/** A failure of the command itself, outside the wallet. One sentence that says what to do; never a secret. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly code: string;
  readonly exitCode: number;
  readonly retry: Retry;

  constructor(
    code: string,
    message: string,
    options: ErrorOptions & { readonly exitCode?: number; readonly retry?: Retry } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.exitCode = options.exitCode ?? exitCodes.failed;
    this.retry = options.retry ?? 'safe';
  }
}

/** The command line was not understood. */
export function usageError(message: string): CliError {
  return new CliError('usage', message, { exitCode: exitCodes.usage, retry: 'never' });
}
