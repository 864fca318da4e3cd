import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

// The tests are compiled with the code and run from dist: what is tested is what ships, worker threads and all.
// They are named by their sources, so that what is left in dist of a test that is gone is not run.
const rooms = ['packages', 'apps', 'examples'].flatMap((floor) =>
  readdirSync(floor).map((name) => join(floor, name)),
);

function testsOf(room) {
  try {
    return readdirSync(join(room, 'src'), { recursive: true })
      .filter((file) => file.endsWith('.test.ts'))
      .map((file) => join(room, 'src', file));
  } catch {
    return []; // A room without TypeScript.
  }
}

/** Those that turn the process's clock, or look at its memory, have a process of their own; so has the simulator. */
const needsOwnProcess = (source) =>
  source.includes('/sim/') ||
  /useFakeTimers|spyOn|stubGlobal|memoryUsage|heapUsed|process\.(exitCode|chdir)/.test(
    readFileSync(source, 'utf8'),
  );
const compiled = (source) => source.replace('/src/', '/dist/').replace(/\.ts$/, '.js');

const all = [...rooms, 'bench', 'test'].flatMap(testsOf);
const alone = all.filter(needsOwnProcess);
const together = all.filter((source) => !alone.includes(source));

export default defineConfig({
  test: {
    projects: [
      // A process takes one file after the other: what they all import is loaded once, which is a third of their time.
      { extends: true, test: { name: 'together', include: together.map(compiled), isolate: false } },
      { extends: true, test: { name: 'alone', include: alone.map(compiled) } },
    ],
    pool: 'forks',
    // Most tests wait for processes, disks and sockets of their own, so small machines take more of them than they have cores.
    maxWorkers: Math.max(4, availableParallelism() - 1),
    // Much longer than anything takes: a test that waits for a condition fails for the condition, not for a busy machine.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    passWithNoTests: false,
  },
});
