import { join } from 'node:path';
import { expect } from 'vitest';
import { type Environment, only, type Run, run } from './run.js';

/** `farebox wallet tempo … --json`, against one node. */
export interface TempoCli {
  run(home: string, words: readonly string[], stdin?: string, more?: Environment): Promise<Run>;
  /** The one object of a command that works. */
  done(home: string, ...words: string[]): Promise<Record<string, unknown>>;
  /** The error of a command that does not. */
  failed(
    home: string,
    words: readonly string[],
    stdin?: string,
    more?: Environment,
  ): Promise<Record<string, unknown>>;
}

/** Makes one. */
export function tempoCli(url: string): TempoCli {
  const runTempo: TempoCli['run'] = (home, words, stdin = '', more = {}) =>
    run(home, ['wallet', 'tempo', ...words, '--json'], stdin, { FAREBOX_TEMPO_RPC: url, ...more });
  return {
    run: runTempo,
    async done(home, ...words) {
      const { code, stdout, stderr } = await runTempo(home, words);
      expect([code, stderr]).toEqual([0, '']);
      return only(stdout);
    },
    async failed(home, words, stdin, more) {
      const { code, stdout, stderr } = await runTempo(home, words, stdin, more);
      expect(stdout).toBe('');
      const report = only(stderr);
      expect(report).toMatchObject({ ok: false, exitCode: code });
      return report;
    },
  };
}

/** Where a home keeps its Tempo key. */
export function keyFile(home: string): string {
  return join(home, 'tempo-key.json');
}
