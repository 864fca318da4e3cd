import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A process that works on a ledger; see `deliver-child.ts` and `life-child.ts`. */
export interface LedgerChild {
  readonly process: ChildProcess;
  /** What it has said so far. */
  readonly lines: string[];
  /** Resolves when it has said so many lines, or ended. */
  said(count: number): Promise<void>;
  /** Resolves with its exit code (null when killed) after its last line. */
  readonly ended: Promise<number | null>;
}

/** Starts the delivering process, alone or through another command (`strace …`). */
export function deliverChild(
  args: readonly (string | number)[],
  through: readonly string[] = [],
): LedgerChild {
  return ledgerChild('./deliver-child.js', args, through);
}

/** Starts the process that leads claims through their lives. */
export function lifeChild(args: readonly (string | number)[]): LedgerChild {
  return ledgerChild('./life-child.js', args, []);
}

function ledgerChild(
  name: string,
  args: readonly (string | number)[],
  through: readonly string[],
): LedgerChild {
  const script = fileURLToPath(new URL(name, import.meta.url));
  const [command = process.execPath, ...rest] = [...through, process.execPath, script, ...args.map(String)];
  const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: string[] = [];
  const reader = createInterface(child.stdout);
  const waiting: { count: number; resolve: () => void }[] = [];
  reader.on('line', (line) => {
    lines.push(line);
    for (const each of waiting) if (lines.length >= each.count) each.resolve();
  });
  const ended = Promise.all([once(child, 'exit'), once(reader, 'close')]).then(() => {
    for (const each of waiting) each.resolve();
    return child.exitCode;
  });
  const said = (count: number): Promise<void> =>
    new Promise((resolve) => {
      if (lines.length >= count || child.exitCode !== null) resolve();
      else waiting.push({ count, resolve });
    });
  return { process: child, lines, said, ended };
}
