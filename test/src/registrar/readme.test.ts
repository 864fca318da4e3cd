import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { root } from '../house.js';
import { freePort } from '../ports.js';

// The README's "Sell names", line by line in a fresh home: real Lightning nodes, a real Tempo chain, the registrar as
// `init` writes it. Only the ports are others, as tests run beside each other.

const farebox = join(root, 'apps/farebox/bin/farebox.js');
const folder = mkdtempSync(join(tmpdir(), 'farebox-readme-'));
const running: ChildProcess[] = [];
let url = '';
let dnsPort = '';

/** The lines of the block, without their remarks; what `&&` joins are two. */
const lines = (() => {
  const [, section = ''] = readFileSync(join(root, 'README.md'), 'utf8').split('\n## Sell names\n');
  const [, block = ''] = /```sh\n([\s\S]*?)```/.exec(section) ?? [];
  return block
    .split('\n')
    .flatMap((line) => line.replace(/\s+#.*$/, '').split(' && '))
    .filter((line) => line !== '');
})();

/** The words of a line: double quotes hold one together. */
const wordsOf = (line: string) =>
  [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');

function started(words: readonly string[]): ChildProcess {
  const { FAREBOX_REGISTRAR: _registrar, FAREBOX_REGISTRAR_KEY: _key, ...env } = process.env;
  return spawn(process.execPath, [farebox, ...words], {
    cwd: folder,
    env: { ...env, FAREBOX_HOME: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Starts what goes on running, and waits until it says what it waits for. */
async function goingOn(words: readonly string[], ready: RegExp): Promise<string> {
  const child = started(words);
  running.push(child);
  let said = '';
  return new Promise((resolve, reject) => {
    const hear = (text: Buffer): void => {
      said += text.toString();
      if (ready.test(said)) resolve(said);
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('exit', () => reject(new Error(`farebox ${words.join(' ')} has ended: ${said}`)));
  });
}

/** Runs a line to its end; what it has said. */
async function ran(words: readonly string[]): Promise<string> {
  const child = started(words);
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (text: Buffer) => {
      said += text.toString();
    });
  const [code] = await once(child, 'close');
  expect([words.join(' '), code, said]).toEqual([words.join(' '), 0, said]);
  return said;
}

beforeAll(async () => {
  expect(lines).toHaveLength(9);
  await goingOn(['devnet', '--tempo'], /devnet\.json/);
}, 120_000);

afterAll(async () => {
  for (const child of running.reverse()) {
    if (child.exitCode !== null) continue;
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
  rmSync(folder, { recursive: true, force: true });
}, 120_000);

it('sells a name over the devnet’s Lightning nodes, and it is in the DNS', { timeout: 180_000 }, async () => {
  const [devnet, init, serve, ...buying] = lines;
  expect([devnet, init, serve]).toEqual([
    'npx farebox devnet --tempo',
    'npx farebox registrar init',
    'npx farebox registrar',
  ]);
  await ran(['registrar', 'init']);
  const path = join(folder, 'registrar.yaml');
  const port = String(await freePort());
  const written = readFileSync(path, 'utf8')
    .replaceAll('127.0.0.1:8403', `127.0.0.1:${port}`)
    .replace('127.0.0.1:8453', '127.0.0.1:0');
  writeFileSync(path, written);
  const selling = await goingOn(['registrar'], /DNS at \S+:\d+\n/);
  url = `http://127.0.0.1:${port}`;
  dnsPort = /DNS at \S+:(\d+)\n/.exec(selling)?.[1] ?? '';
  const said: string[] = [];
  for (const line of buying) {
    const [first, second, ...words] = wordsOf(line.replaceAll('127.0.0.1:8403', `127.0.0.1:${port}`));
    if (first === 'dig') continue;
    expect([first, second]).toEqual(['npx', 'farebox']);
    said.push(await ran(words));
  }
  // Asked what it would cost, with the first policy: too much. Bought, once the policy allows it.
  expect(JSON.parse(said[1] ?? '').prices).toMatchObject([{ allowed: false }, { allowed: false }]);
  expect(JSON.parse(said.at(-1) ?? '')).toMatchObject({ paid: true, receipt: { method: 'lightning' } });
  const owned = Object(await (await fetch(`${url}/api/v1/lookup/myname.agent`)).json());
  expect(owned.domain).toMatchObject({ fqdn: 'myname.agent', status: 'registered' });
});

it('answers the README’s dig with the pointers', { timeout: 60_000 }, ({ skip }) => {
  const [name, ...words] = wordsOf(lines.at(-1) ?? '').map((word) => (word === '8453' ? dnsPort : word));
  expect(name).toBe('dig');
  let shown = '';
  try {
    shown = execFileSync('dig', [...words, '+time=20', '+tries=2'], { encoding: 'utf8' });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') skip('dig is not installed');
    throw error;
  }
  expect(shown).toContain(`agent-manifest=${url}/manifests/myname.agent.json`);
});

it('has an /openapi.json that a linter finds nothing in', { timeout: 60_000 }, async () => {
  const source = await (await fetch(`${url}/openapi.json`)).text();
  const config = await createConfig({
    extends: ['recommended'],
    // The licence and the server are the operator's to state; this one is on this machine.
    rules: { 'info-license': 'off', 'no-server-example.com': 'off' },
  });
  const problems = await lintFromString({ source, config, absoluteRef: 'openapi.json' });
  const shown = problems.map(
    ({ ruleId, message, location }) => `${ruleId} ${location[0]?.pointer}: ${message}`,
  );
  expect(shown).toEqual([]);
});
