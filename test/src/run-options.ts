/** Thrown for words that a command does not know: its message is one sentence for people. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/**
 * A whole number from 1 that was given as an option; undefined when it was not given.
 *
 * @throws {UsageError}
 */
export function countGiven(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (Number.isSafeInteger(number) && number > 0 && /^\d+$/.test(text)) return number;
  throw new UsageError(`--${name} is a whole number from 1, not ${JSON.stringify(text)}.`);
}

/** Runs a command: exit code 2, with a sentence on stderr, for what it does not understand. */
export async function runCommand(usage: string, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof Error) || !(error instanceof UsageError || isParseError(error))) throw error;
    process.stderr.write(`${error.message}\n\n${usage}\n`);
    process.exitCode = 2;
  }
}

/** What `parseArgs` throws for words that it does not know. */
function isParseError(error: Error): boolean {
  return 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_');
}
