import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'vitest';
import { root } from '../house.js';

/** The command with `domains` in it, whether its table of commands names that or not. */
const entry = join(root, 'apps/farebox/dist/domains/testing/farebox-domains.js');

/** Environment variables of a command beside its home. */
export type Environment = Readonly<Record<string, string>>;

/** How a run of the command ended. */
export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts the command as a user would, with its own home. */
export function start(home: string, words: readonly string[], more: Environment = {}): ChildProcess {
  const { FAREBOX_REGISTRAR: _registrar, FAREBOX_REGISTRAR_KEY: _key, ...env } = process.env;
  return spawn(process.execPath, [entry, ...words], {
    env: { ...env, FAREBOX_HOME: home, ...more },
    stdio: 'pipe',
  });
}

/** Runs it to its end. */
export function run(home: string, words: readonly string[], more: Environment = {}): Promise<Run> {
  const child = start(home, words, more);
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin?.end();
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
}

/** The object of a command that works. */
export async function done(home: string, words: readonly string[], more: Environment = {}): Promise<Json> {
  const { code, stdout, stderr } = await run(home, [...words, '--json'], more);
  expect([code, stderr]).toEqual([0, '']);
  return only(stdout);
}

/** The error of a command that does not, with its exit code in it. */
export async function failed(home: string, words: readonly string[], more: Environment = {}): Promise<Json> {
  const { code, stdout, stderr } = await run(home, [...words, '--json'], more);
  expect(stdout).toBe('');
  const report = only(stderr);
  expect(report).toMatchObject({ ok: false, exitCode: code });
  return report;
}

/** One JSON object. */
export type Json = Record<string, unknown>;

function only(text: string): Json {
  const lines = text.split('\n');
  if (lines.length !== 2 || lines[1] !== '') throw new Error(`not one line: ${text}`);
  return Object.fromEntries(Object.entries(JSON.parse(lines[0] ?? '')));
}
