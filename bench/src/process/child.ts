import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { CommandTable, Question, Reply } from './commands.js';

/** How a child process is started. */
export interface ChildOptions {
  /** Entry file beside the compiled sources, e.g. `servers/bare.js`. */
  readonly entry: string;
  /** What stands in front of `node` on the command line, e.g. `['taskset', '-c', '1']`. */
  readonly prefix: readonly string[];
  /** Flags for node itself, e.g. `['--cpu-prof']`. */
  readonly nodeFlags?: readonly string[];
}

/** A process of its own that answers the commands of `Commands`. */
export interface Child<Commands extends CommandTable> {
  /**
   * Sends one command and waits for its reply. Rejects when the child reports a failure, dies, or has not answered
   * after `withinMs` (default {@link answerMsMax}).
   */
  ask<Name extends keyof Commands & string>(
    name: Name,
    args: Commands[Name]['args'],
    withinMs?: number,
  ): Promise<Commands[Name]['reply']>;
  /** Ends the process. Idempotent. */
  stop(): Promise<void>;
}

/** A child process failed; the message has what it said. */
export class ChildFailed extends Error {
  override readonly name = 'ChildFailed';
  readonly code = 'child_failed';
}

/** How long a child may take for a command. */
export const answerMsMax = 30_000;

/** Bytes of a child's standard error that are kept for the message. */
const stderrCharsMax = 8_192;

/** Starts a child. It is connected by an IPC channel and ends when this process does. */
export function startChild<Commands extends CommandTable>(options: ChildOptions): Child<Commands> {
  const file = fileURLToPath(new URL(`../${options.entry}`, import.meta.url));
  const [command, ...before] = [...options.prefix, process.execPath];
  const child = fork(file, [], {
    ...(command === undefined ? {} : { execPath: command }),
    execArgv: [...before, ...(options.nodeFlags ?? [])],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-stderrCharsMax);
  });
  const died = new Promise<never>((_resolve, reject) => {
    child.once('error', (cause) => {
      reject(new ChildFailed(`${options.entry} could not be started.`, { cause }));
    });
    child.once('exit', (code, signal) => {
      reject(new ChildFailed(`${options.entry} ended with ${signal ?? code}.\n${stderr}`.trimEnd()));
    });
  });
  died.catch(() => {}); // told to whoever asks next
  return {
    async ask(name, args, withinMs = answerMsMax) {
      const question: Question = { name, args };
      const answered = new Promise<Reply>((resolve, reject) => {
        const late = () =>
          reject(new ChildFailed(`${options.entry} did not answer "${name}" in ${withinMs} ms.`));
        const deadline = setTimeout(late, withinMs);
        child.once('message', (reply: Reply) => {
          clearTimeout(deadline);
          resolve(reply);
        });
        died.catch(() => clearTimeout(deadline));
      });
      if (child.connected) child.send(question);
      const reply = await Promise.race([answered, died]);
      if (!reply.ok) throw new ChildFailed(`${options.entry}, ${name}: ${reply.detail}`);
      // Both ends are compiled from one table of commands and this channel is theirs alone.
      return reply.value as never;
    },
    stop: () => stop(child),
  };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  // The child leaves by itself when the channel closes, so that --cpu-prof can write its file.
  if (child.connected) child.disconnect();
  const kill = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await gone;
  clearTimeout(kill);
}
