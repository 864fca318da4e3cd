import { accessSync, constants, readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { delimiter, join } from 'node:path';

/** The machine that a benchmark ran on. */
export interface Machine {
  readonly cpu: string;
  /** Processors that this process may use. */
  readonly processors: number;
  readonly node: string;
  readonly platform: string;
}

/** What stands in front of a child's command line to keep it on its processors. */
export interface Pinning {
  readonly pinned: boolean;
  readonly server: readonly string[];
  /** Load generator and upstream. */
  readonly others: readonly string[];
}

/** Describes the machine. */
export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    processors: availableParallelism(),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
  };
}

/** True when a program of that name is on the path. */
export function isInstalled(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * The server under test gets one processor with all its threads, load generator and upstream the others, so that
 * neither takes time from it. Without `taskset`, or with one processor only, the system decides.
 */
export function choosePinning(): Pinning {
  const allowed = isInstalled('taskset') ? allowedProcessors() : [];
  const server = allowed.at(-1);
  if (server === undefined || allowed.length < 2) return { pinned: false, server: [], others: [] };
  return {
    pinned: true,
    server: ['taskset', '-c', String(server)],
    others: ['taskset', '-c', allowed.slice(0, -1).join(',')],
  };
}

/** The numbers of the processors that this process may use, as Linux lists them: `0-3,8`. */
function allowedProcessors(): number[] {
  let status: string;
  try {
    status = readFileSync('/proc/self/status', 'utf8');
  } catch {
    return [];
  }
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1] ?? '';
  return list.split(',').flatMap((part) => {
    const [first = Number.NaN, last = first] = part.split('-').map(Number);
    return Number.isNaN(first) ? [] : Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

/** Milliseconds that all processors have been busy since the machine started. */
export function machineBusyMs(): number {
  let busy = 0;
  for (const { times } of cpus()) busy += times.user + times.nice + times.sys + times.irq;
  return busy;
}
