import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { checkOutput, rowOf } from './checked-output.js';

const bin = fileURLToPath(new URL('../../bin/farebox.js', import.meta.url));

/** How a run of the command ended. */
export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Environment variables of a command beside its home. */
export type Environment = Readonly<Record<string, string>>;

/** Starts the command as a user would, with its own home. */
export function start(home: string, words: readonly string[], more: Environment = {}): ChildProcess {
  const { NO_COLOR: _no, FORCE_COLOR: _force, ...env } = process.env;
  return spawn(process.execPath, [bin, ...words], {
    env: { ...env, FAREBOX_HOME: home, ...more },
    stdio: 'pipe',
  });
}

/** Runs the command to its end. Its stdout is no terminal. */
export function run(
  home: string,
  words: readonly string[],
  stdin = '',
  more: Environment = {},
): Promise<Run> {
  const child = start(home, words, more);
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  // A command that reads no stdin may have ended before it is written.
  child.stdin?.on('error', () => undefined).end(stdin);
  return new Promise((resolve, reject) =>
    child.on('close', (code) => {
      try {
        checkAgainstSchema(words, stdout);
      } catch (error) {
        reject(error);
      }
      resolve({ code, stdout, stderr });
    }),
  );
}

/** Options after which stdout is not the object of the command's schema. */
const otherOutput = ['--body', '--plain', '--csv', '--print-schema'];

/** Runs the command for a reader of stdout that has left before the first word. */
export async function runUnread(home: string, words: readonly string[]): Promise<Run> {
  const child = start(home, words);
  child.stdout?.destroy();
  child.stdin?.on('error', () => undefined).end();
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [code] = await once(child, 'close');
  return { code: typeof code === 'number' ? code : null, stdout: '', stderr };
}

/** Whatever test runs a command, what it writes agrees with the schema that is published for it. */
function checkAgainstSchema(words: readonly string[], stdout: string): void {
  if (!stdout.startsWith('{') || otherOutput.some((option) => words.includes(option))) return;
  if (rowOf(words) !== undefined) checkOutput(words, stdout);
}

/** The one JSON object that a text must be. Fails the test for anything else. */
export function only(text: string): Record<string, unknown> {
  const lines = text.split('\n');
  if (lines.length !== 2 || lines[1] !== '') throw new Error(`not one line: ${text}`);
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('not an object');
  return Object.fromEntries(Object.entries(value));
}
