import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { type Environment, only, type Run } from '../../testing/run.js';
import { domainsSchemas } from '../schemas.js';

const entry = fileURLToPath(new URL('./farebox-domains.js', import.meta.url));

/** Runs `farebox domains …` to its end, as a user would, with its own home. Its stdout is no terminal. */
export function runDomains(
  home: string,
  words: readonly string[],
  more: Environment = {},
  stdin = '',
): Promise<Run> {
  const {
    NO_COLOR: _no,
    FORCE_COLOR: _force,
    FAREBOX_REGISTRAR: _r,
    FAREBOX_REGISTRAR_KEY: _k,
    ...env
  } = process.env;
  const child = spawn(process.execPath, [entry, 'domains', ...words], {
    env: { ...env, FAREBOX_HOME: home, ...more },
    stdio: 'pipe',
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.on('error', () => undefined).end(stdin);
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
}

/** The object of a command that works, held against its schema. */
export async function doneDomains(home: string, words: readonly string[], more: Environment = {}) {
  const { code, stdout, stderr } = await runDomains(home, [...words, '--json'], more);
  expect([code, stderr]).toEqual([0, '']);
  const given = words.filter((word) => !word.startsWith('-'));
  const row = domainsSchemas
    .filter(({ command }) => `domains ${given.join(' ')} `.startsWith(`${command} `))
    .sort((a, b) => b.command.length - a.command.length)[0];
  const value = only(stdout);
  const checked = row?.schema.safeParse(value);
  if (!checked?.success) throw new Error(`${row?.command}: ${checked?.error.message}\n${stdout}`);
  return value;
}

/** The error of a command that does not, and its exit code in it. */
export async function failedDomains(home: string, words: readonly string[], more: Environment = {}) {
  const { code, stdout, stderr } = await runDomains(home, [...words, '--json'], more);
  expect(stdout).toBe('');
  const report = only(stderr);
  expect(report).toMatchObject({ ok: false, exitCode: code });
  return report;
}
