import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process under test, with everything that it has written. */
export interface Child {
  readonly pid: number;
  readonly process: ChildProcess;
  readonly stdout: string;
  readonly stderr: string;
  readonly running: boolean;
  /** Resolves when it is gone and its output has been read to the end. */
  readonly exited: Promise<Exit>;
  /** Sends the signal, unless it is gone, and waits until it is. */
  kill(signal: NodeJS.Signals): Promise<Exit>;
}

const alive = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

/** Kills every process that is still there and waits for its end. For `afterAll`. */
export async function killAll(): Promise<void> {
  await Promise.all(
    [...alive].map(
      (child) =>
        new Promise((resolve) => {
          child.once('close', resolve);
          child.kill('SIGKILL');
        }),
    ),
  );
}

/** Ends this process in order when it is told to: its children first, and then what the others have put on `exit`. */
export function endOnSignals(): void {
  const numbers = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;
  for (const [signal, number] of Object.entries(numbers))
    process.once(signal, () => void killAll().then(() => process.exit(128 + number)));
}

/** Starts a Node program. */
export function startNode(words: readonly string[], options: SpawnOptions = {}): Child {
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  if (child.pid === undefined) throw new Error('The process could not be started.');
  const written = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      written[name] += text;
    });
  alive.add(child);
  let running = true;
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', () => {
      running = false;
    });
    child.once('close', (code, signal) => {
      running = false;
      alive.delete(child);
      resolve({ code, signal });
    });
  });
  return {
    pid: child.pid,
    process: child,
    get stdout() {
      return written.stdout;
    },
    get stderr() {
      return written.stderr;
    },
    get running() {
      return running;
    },
    exited,
    kill(signal) {
      if (running) child.kill(signal);
      return exited;
    },
  };
}

const command = fileURLToPath(new URL('../../../apps/farebox/bin/farebox.js', import.meta.url));

/** Starts the `farebox` command as a user would, with a home of its own. */
export function startFarebox(
  home: string,
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Child {
  const { NO_COLOR: _no, FORCE_COLOR: _force, FAREBOX_SECRET: _secret, ...inherited } = process.env;
  return startNode([command, ...words], { cwd: home, env: { ...inherited, FAREBOX_HOME: home, ...env } });
}

/** How often a condition is looked at, milliseconds. */
const pollMs = 5;

/** Looks again until a condition holds; throws when it does not within `withinMs`. */
export async function until<T>(
  what: string,
  holds: () => T | undefined | false | Promise<T | undefined | false>,
  withinMs = 60_000,
): Promise<T> {
  const endMs = Date.now() + withinMs;
  for (;;) {
    const value = await holds();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > endMs) throw new Error(`Not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

/** How long a process that lives may take until it says something, milliseconds. */
const sayMsMax = 240_000;

/** Waits for a text in the standard output; throws with what the process said if it ends before. */
export async function outputOf(child: Child, pattern: RegExp): Promise<RegExpExecArray> {
  const said = () => {
    const found = pattern.exec(child.stdout);
    if (found === null && !child.running)
      throw new Error(`The process ended: ${child.stdout}${child.stderr}`.slice(0, 4_000));
    return found ?? undefined;
  };
  return until(`output ${pattern}`, said, sayMsMax);
}
