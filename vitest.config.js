import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

// The tests are compiled with the code and run from dist: what is tested is what ships, worker threads and all.
// They are named by their sources, so that what is left in dist of a test that is gone is not run.
const rooms = ['packages', 'apps', 'examples']
  .flatMap((floor) => readdirSync(floor).map((name) => join(floor, name)))
  .concat('bench', 'test');

function compiledTests(room) {
  try {
    return readdirSync(join(room, 'src'), { recursive: true })
      .filter((file) => file.endsWith('.test.ts'))
      .map((file) => join(room, 'dist', file.replace(/\.ts$/, '.js')));
  } catch {
    return []; // A room without TypeScript.
  }
}

export default defineConfig({
  test: {
    include: rooms.flatMap(compiledTests),
    pool: 'forks',
    // Most tests wait for processes, disks and sockets of their own, so small machines take more of them than they have cores.
    maxWorkers: Math.max(4, availableParallelism() - 1),
    testTimeout: 60_000,
    hookTimeout: 60_000,
    passWithNoTests: false,
  },
});
