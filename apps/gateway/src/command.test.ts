import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
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
  vi.unstubAllEnvs();
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

  it('--check takes the node from the environment, and refuses two that differ', async () => {
    const file = join(folder, 'farebox.yaml');
    await writeFile(file, exampleConfig.replace(/^lightning:\n.*\n/m, ''));
    expect(await run('--check', '-c', file)).toMatchObject({ exitCode: 2 });
    vi.stubEnv('FAREBOX_NODE_KIND', 'cln');
    expect((await run('--check', '-c', file)).stderr).toContain('FAREBOX_NODE_RUNE_FILE or rune_env must be');
    vi.stubEnv('FAREBOX_NODE_RUNE', 'the rune itself');
    expect(await run('--check', '-c', file)).toMatchObject({ stderr: '', exitCode: 0 });
    await writeFile(file, exampleConfig);
    const { stderr, exitCode } = await run('--check', '-c', file);
    expect(stderr).toMatch(/:\d+:\d+: lightning\.node: is not the node of FAREBOX_NODE_KIND .*; keep one/);
    expect(stderr).not.toContain('the rune itself');
    expect(exitCode).toBe(2);
  });

  it('--check names everything that the file names and that cannot be had, and makes nothing', async () => {
    const file = join(folder, 'farebox.yaml');
    const lines = [
      'realm: https://api.example.com',
      'secret_file: no.secret',
      'tls: { cert_file: no-cert.pem, key_file: no-key.pem }',
      'admin: { token_file: short.token }',
      'catalog: { openapi: no-api.json, docs_folder: no-docs }',
      'upstreams:',
      '  a:',
      '    url: https://127.0.0.1:9',
      '    ca_file: no-ca.pem',
      `    headers: { set: { X-One: "\${env:FAREBOX_TEST_NOSUCH}", X-Two: "\${file:no-two}" } }`,
      'routes:',
      `  - { match: GET /x, upstream: a, price: free, headers: { set: { X-Three: "\${file:no-three}" } } }`,
    ];
    await writeFile(file, `${lines.join('\n')}\n`);
    await writeFile(join(folder, 'short.token'), 'short', { mode: 0o600 });
    const before = await readdir(folder);
    const { stdout, stderr, exitCode } = await run('--check', '-c', file);
    expect([stdout, exitCode]).toEqual(['', 2]);
    for (const name of [
      ...['no.secret', 'no-cert.pem', 'no-key.pem', 'short.token', 'no-api.json', 'no-docs', 'no-ca.pem'],
      ...['FAREBOX_TEST_NOSUCH', 'no-two', 'no-three'],
    ])
      expect(stderr).toContain(name);
    expect(stderr.trim().split('\n')).toHaveLength(10);
    await writeFile(
      file,
      'realm: http://localhost\nupstreams: { a: http://127.0.0.1:9 }\nadmin: { token_file: new.token }\n' +
        'routes: [{ match: GET /x, upstream: a, price: free }]\n',
    );
    expect(await run('--check', '-c', file)).toMatchObject({ stderr: '', exitCode: 0 });
    expect(await readdir(folder)).toEqual(before);
  });

  it.each([
    ['{ kind: lnd, macaroon_file: no.macaroon }', 'no.macaroon'],
    ['{ kind: phoenixd, password_env: FAREBOX_TEST_NOSUCH }', 'FAREBOX_TEST_NOSUCH'],
    ['{ kind: cln, rune_file: rune, tls_cert_file: no-node.pem }', 'no-node.pem'],
    ['{ kind: lnbits, key_file: rune, url: https://node.test, network: testnet }', 'testnet'],
  ])('--check looks at the node: %s', async (node, named) => {
    const file = join(folder, 'farebox.yaml');
    await writeFile(join(folder, 'rune'), 'a-rune', { mode: 0o600 });
    await writeFile(
      file,
      `realm: http://localhost\nlightning: { node: ${node} }\nupstreams: { a: http://127.0.0.1:9 }\n` +
        'routes: [{ match: GET /x, upstream: a, price: 1 sat }]\n',
    );
    const { stderr, exitCode } = await run('--check', '-c', file);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(named);
  });

  it('says which address is taken, and what to do', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    // A TCP server has an AddressInfo.
    const { port } = other.address() as AddressInfo;
    const file = join(folder, 'farebox.yaml');
    await writeFile(
      file,
      `realm: http://localhost\nlisten: 127.0.0.1:${port}\nupstreams: { a: http://127.0.0.1:9 }\n` +
        'routes: [{ match: GET /x, upstream: a, price: free }]\n',
    );
    const { stderr, exitCode } = await run('-c', file, '--log-level', 'silent');
    other.close();
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`The address 127.0.0.1:${port} is in use by another program`);
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
    expect(stderr.match(/no secret is configured/g)).toHaveLength(1);
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
    await upstream.close();
  });
});
