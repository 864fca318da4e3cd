import { only } from '../../testing/run.js';

/** The JSON objects that a text must be, one a line. Fails the test for anything else. */
export function onlyLines(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => only(`${line}\n`));
}
