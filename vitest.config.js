import { defineConfig } from 'vitest/config';

// The tests are compiled with the code and run from dist: what is tested is what ships, worker threads and all.
export default defineConfig({
  test: {
    include: ['{packages,apps,examples}/*/dist/**/*.test.js', '{test,bench}/dist/**/*.test.js'],
    exclude: ['**/node_modules/**'],
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    passWithNoTests: false,
  },
});
