import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';

/** Where a question is asked. */
export interface Asker {
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly output: Writable;
}

/** The terminal: the question goes to stderr, so that stdout stays the result's. */
export const terminal: Asker = { input: process.stdin, output: process.stderr };

/** Asks; true only for `y` or `yes`. Undefined: there is nobody to ask. */
export async function confirm(question: string, asker: Asker = terminal): Promise<boolean | undefined> {
  if (asker.input.isTTY !== true) return undefined;
  const lines = createInterface({ input: asker.input, output: asker.output });
  try {
    // The input may end without an answer: that is a no.
    const ended = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
    const answer = await Promise.race([lines.question(`${question} [y/N] `), ended]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}
