import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { registerServe } from './command.js';
import { exampleConfig } from './config/example.js';
import { configJsonSchema } from './config/json-schema.js';
import { ask } from './testing/client.js';
import { startUpstream, until } from './testing/rig.js';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farebox-command-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
  vi.restoreAllMocks();
});

/** Runs `farebox serve` in this process, with what it writes caught. */
async function run(...words: string[]): Promise<{ stdout: string; stderr: string; exitCode: number }> {
  const written = { stdout: '', stderr: '' };
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.stdout += String(text);
    return true;
  });
  const err = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    written.stderr += String(text);
    return true;
  });
  const program = new Command('farebox').exitOverride();
  registerServe(program);
  try {
    await program.parseAsync(['node', 'farebox', 'serve', ...words]);
    return { ...written, exitCode: Number(process.exitCode ?? 0) };
  } finally {
    out.mockRestore();
    err.mockRestore();
    process.exitCode = 0;
  }
}

describe('farebox serve', () => {
  it('--example prints a configuration that --check accepts', async () => {
    expect(await run('--example')).toEqual({ stdout: exampleConfig, stderr: '', exitCode: 0 });
    const file = join(folder, 'farebox.yaml');
    await writeFile(file, exampleConfig);
    expect(await run('--check', '-c', file)).toMatchObject({
      stdout: `${file} is good: 3 routes.\n`,
      exitCode: 0,
    });
  });

  it('--check says what is wrong and exits 2', async () => {
    const file = join(folder, 'farebox.yaml');
    await writeFile(file, exampleConfig.replace('price: 1 sat', 'price: cheap'));
    const { stdout, stderr, exitCode } = await run('--check', '-c', file);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/farebox\.yaml:\d+:\d+: routes\[0\]\.price: was given "cheap"; write /);
    expect(exitCode).toBe(2);
  });

  it('--print-schema prints the JSON Schema', async () => {
    expect((await run('--print-schema')).stdout).toBe(configJsonSchema());
  });

  it('refuses an unknown log level, and a file that is not there', async () => {
    expect((await run('--log-level', 'loud')).exitCode).toBe(2);
    expect(await run('-c', join(folder, 'none.yaml'))).toMatchObject({ exitCode: 2, stdout: '' });
  });

  it('says how to start a devnet when there is none, and leaves nothing open', async () => {
    const file = join(folder, 'farebox.yaml');
    await writeFile(file, exampleConfig.replace('127.0.0.1:8402', '127.0.0.1:0'));
    vi.stubEnv('FAREBOX_HOME', folder);
    const { stderr, exitCode } = await run('-c', file, '--log-level', 'silent');
    vi.unstubAllEnvs();
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/farebox devnet/);
  });

  it('serves until SIGTERM, then finishes the request at hand and exits 0', async () => {
    let finish: (() => void) | undefined;
    const upstream = await startUpstream((_request, response) => {
      finish = () => void response.end('at last');
    });
    const file = join(folder, 'farebox.yaml');
    const routes = '[{ match: GET /x, upstream: a, price: free }]';
    const text = `realm: http://localhost\nlisten: 127.0.0.1:0\nupstreams: { a: '${upstream.url}' }\nroutes: ${routes}\n`;
    await writeFile(file, text);
    const program = fileURLToPath(new URL('./testing/serve.js', import.meta.url));
    const child = spawn(process.execPath, [program, file]);
    const exited = once(child, 'exit');
    let stdout = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    await until('it listens', () => /at http:\/\/127\.0\.0\.1:\d+/.test(stdout));
    const port = Number(/127\.0\.0\.1:(\d+)/.exec(stdout)?.[1]);
    const reply = ask(port, '/x');
    await until('the upstream has it', () => finish !== undefined);
    child.kill('SIGTERM');
    await until('it is stopping', () => stdout.includes('Stopping'));
    finish?.();
    expect((await reply).body.toString()).toBe('at last');
    expect(await exited).toEqual([0, null]);
    await upstream.close();
  });

  it('reads its configuration again at SIGHUP; one that cannot be used changes nothing and is logged with its line', async () => {
    const upstream = await startUpstream((_request, response) => void response.end('served'));
    const file = join(folder, 'farebox.yaml');
    const head = `realm: http://localhost\nlisten: 127.0.0.1:0\nupstreams: { a: '${upstream.url}' }\nroutes:\n`;
    const route = (path: string) => `  - { match: GET ${path}, upstream: a, price: free }\n`;
    await writeFile(file, head + route('/x'));
    const program = fileURLToPath(new URL('./testing/serve.js', import.meta.url));
    const child = spawn(process.execPath, [program, file]);
    const exited = once(child, 'exit');
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    await until('it listens', () => /at http:\/\/127\.0\.0\.1:\d+/.test(stdout));
    const port = Number(/127\.0\.0\.1:(\d+)/.exec(stdout)?.[1]);
    await writeFile(file, `${head + route('/y')}  - { match: GET y, upstream: a, price: free }\n`);
    child.kill('SIGHUP');
    await until('it is logged', () => stderr.includes('was not reloaded'));
    expect(stderr).toMatch(/"key":"routes\[1\]\.match".*"line":6/);
    expect((await ask(port, '/x')).status).toBe(200);
    await writeFile(file, head.replace('localhost', 'elsewhere.localhost') + route('/y'));
    child.kill('SIGHUP');
    await until('it is reloaded', () => stderr.includes('was reloaded'));
    expect(stderr).toMatch(/"kept":\["realm"\]/);
    expect((await ask(port, '/y')).status).toBe(200);
    expect((await ask(port, '/x')).status).toBe(404);
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
    await upstream.close();
  });
});
