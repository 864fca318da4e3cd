import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A registrar that can be killed at a point of its work, and started again on the same files. */
export interface Killable {
  readonly url: string;
  /** Writes one line to it and reads the answer. */
  say(line: string): Promise<string>;
  /** Resolves when it has died. */
  readonly dead: Promise<unknown>;
  end(): Promise<void>;
}

const childPath = fileURLToPath(new URL('./crash-child.js', import.meta.url));

/** Starts one. */
export async function startKillable(environment: Readonly<Record<string, string>>): Promise<Killable> {
  const child: ChildProcess = spawn(process.execPath, [childPath], {
    env: { ...process.env, ...environment },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error('The child has no pipes.');
  // It may be dead when it is written to.
  stdin.on('error', () => {});
  const lines = createInterface(stdout)[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error('The registrar has ended.');
    return String(value);
  };
  const dead = once(child, 'exit');
  const url = await next();
  return {
    ...{ url, dead },
    say(line) {
      stdin.write(`${line}\n`);
      return next();
    },
    async end() {
      child.kill('SIGKILL');
      await dead;
    },
  };
}
