import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readDevnetFile } from '@farebox/devnet';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readVersion } from './main.js';
import { only, run, runUnread, start } from './testing/run.js';

let home = '';

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'farebox-main-'));
});

afterEach(() => rmSync(home, { recursive: true, force: true }));

const farebox = (...words: string[]) => run(home, words);

describe('the command', () => {
  it('says its version', async () => {
    expect(await farebox('--version')).toEqual({ code: 0, stdout: `${readVersion()}\n`, stderr: '' });
    expect(await farebox('-V')).toMatchObject({ code: 0, stdout: `${readVersion()}\n` });
  });

  it('creates nothing in the home just to talk', async () => {
    await farebox('--help');
    await farebox('pay', 'request', '--help');
    expect(existsSync(join(home, 'journal.db'))).toBe(false);
  });

  it.each([
    [['wat']],
    [['devnte']],
    [['pay', 'requets', 'x']],
    [['--wat']],
    [['completion', 'tcsh']],
    [['pay']],
  ])('exit 2 for %j', async (words) => {
    const { code, stdout, stderr } = await farebox(...words);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr.length).toBeGreaterThan(0);
  });

  it('suggests what was meant', async () => {
    expect((await farebox('devnte')).stderr).toContain('devnet');
    expect((await farebox('pay', 'requets', 'x')).stderr).toContain('request');
    expect((await farebox('pay', 'request', 'http://127.0.0.1/', '--jsno')).stderr).toContain('--json');
  });

  it.each([
    [[]],
    [['serve']],
    [['pay']],
    [['pay', 'request']],
    [['pay', 'invoice']],
    [['pay', 'credential']],
    [['pay', 'resume']],
    [['pay', 'history']],
    [['wallet']],
    [['wallet', 'tempo']],
    [['wallet', 'tempo', 'create']],
    [['wallet', 'tempo', 'address']],
    [['wallet', 'tempo', 'balance']],
    [['wallet', 'tempo', 'authorize']],
    [['wallet', 'tempo', 'accept']],
    [['wallet', 'tempo', 'revoke']],
    [['wallet', 'tempo', 'keys']],
    [['wallet', 'tempo', 'fund']],
    [['devnet']],
    [['completion']],
  ])('%j --help has examples', async (words: string[]) => {
    const { code, stdout, stderr } = await farebox(...words, '--help');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('Examples:');
    expect(stdout).toContain(`farebox ${words.join(' ')}`.trim());
  });
});

describe('completion', () => {
  it('of bash is a script that completes commands and options', async () => {
    const { code, stdout } = await farebox('completion', 'bash');
    expect(code).toBe(0);
    const complete = (...words: string[]) => {
      const script = `${stdout}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _farebox; echo "\${COMPREPLY[*]}"`;
      const ran = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
      expect(ran.stderr).toBe('');
      return ran.stdout.trim().split(' ');
    };
    expect(complete('farebox', 'dev')).toEqual(['devnet']);
    expect(complete('farebox', 'pay', 're')).toEqual(['request', 'resume']);
    expect(complete('farebox', 'pay', 'request', '--max')).toEqual(['--max', '--max-fee']);
    expect(complete('farebox', 'pay', 'request', 'https://a.test/', '--method', '')).toEqual([
      'lightning',
      'tempo',
    ]);
    expect(complete('farebox', 'ledger', 'export', '--format', 'c')).toEqual(['csv']);
    expect(complete('farebox', 'completion', '')).toEqual(['bash', 'zsh', 'fish', '--help']);
    expect(complete('farebox', 'schema', 'er')).toEqual(['error']);
    expect(complete('farebox', 'schema', 'pay', 'his')).toEqual(['history']);
    expect(complete('farebox', 'schema', 'wallet', 'policy', 's')).toEqual(['show', 'set']);
  });

  it.each([
    ['zsh', '#compdef farebox', "'pay request --method') list=(lightning tempo)"],
    ['fish', 'complete -c farebox', "-l method -x -a 'lightning tempo'"],
  ])('of %s knows every command, and the values of its options', async (shell, mark, values) => {
    const { code, stdout } = await farebox('completion', shell);
    expect(code).toBe(0);
    expect(stdout).toContain(mark);
    expect(stdout).toContain(values);
    for (const word of ['serve', 'devnet', 'invoice', 'credential', 'history'])
      expect(stdout).toContain(word);
  });
});

describe('a result that cannot be written out', () => {
  const bin = fileURLToPath(new URL('../bin/farebox.js', import.meta.url));

  it.runIf(existsSync('/dev/full'))('is no success', () => {
    const full = openSync('/dev/full', 'w');
    const { status, stderr } = spawnSync(process.execPath, [bin, 'schema', 'error'], {
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
      env: { ...process.env, FAREBOX_HOME: home },
    });
    closeSync(full);
    expect([status, stderr]).toEqual([1, expect.stringContaining('output_failed')]);
  });

  it('is one where the reader has seen enough, and nothing was to be paid', async () => {
    expect(await runUnread(home, ['schema', 'error'])).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('devnet', () => {
  it('announces itself, can be used, refuses a second one, and cleans up', async () => {
    const child = start(home, ['devnet', '--memory', '--json']);
    const ready = await new Promise<string>((resolve, reject) => {
      child.stdout?.setEncoding('utf8').once('data', resolve);
      child.once('exit', () => reject(new Error('the devnet ended')));
    });
    const file = join(home, 'devnet.json');
    expect(only(ready)).toMatchObject({ ok: true, network: 'regtest', file });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const found = await readDevnetFile(home);
    expect(found?.url).toBe(only(ready).url);
    expect(ready).not.toContain(found?.token);
    const second = await farebox('devnet', '--memory');
    expect([second.code, second.stdout]).toEqual([1, '']);
    expect(second.stderr).toContain('runs already');
    const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve([code, signal])));
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    expect(existsSync(file)).toBe(false);
  });
});
