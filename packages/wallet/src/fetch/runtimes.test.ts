import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { graphOf } from './testing/graph.js';
import { PageServer } from './testing/page.js';
import { PaperShop } from './testing/paper-shop.js';

const run = promisify(execFile);
const bought = {
  text: 'goods',
  status: 200,
  receipt: expect.stringMatching(/^[\w-]+$/),
  states: ['delivered'],
};
const scriptOf = (name: string) => fileURLToPath(new URL(`./testing/${name}.js`, import.meta.url));
let shop: PaperShop;

beforeEach(async () => {
  shop = await new PaperShop().listen();
});

afterEach(() => shop.close());

/** A program of the PATH, or the one that a variable names. */
function findProgram(variable: string, name: string): string | undefined {
  const named = process.env[variable];
  const places = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name));
  return named ?? places.find((place) => existsSync(place));
}

describe('the main entry', () => {
  it('imports no module of Node, nor any package but the protocol, as far as its imports reach', () => {
    const graph = graphOf('@farebox/wallet');
    expect(graph.files.length).toBeGreaterThan(20);
    expect(graph.packages).toEqual(['@farebox/protocol', '@farebox/wallet']);
    expect(graph.other).toEqual([]);
  });

  it('uses no global that only Node has', () => {
    for (const file of graphOf('@farebox/wallet').files) {
      const code = readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
      // A name that is asked for by `typeof` first may be absent.
      if (/typeof (process|Buffer)\b|globalThis\.(process|Buffer)/.test(code)) continue;
      expect(code, file).not.toMatch(/(?<![.\w'])(process|Buffer|require|__dirname|setImmediate)(?=[.(\s])/);
    }
  });

  it('buys where they are absent', async () => {
    const { stdout } = await run(process.execPath, [scriptOf('without-node'), shop.url]);
    expect(JSON.parse(stdout)).toEqual({ ...bought, guarded: true });
    expect(shop.sold).toEqual([expect.stringMatching(/ order=7$/)]);
  });
});

const runtimes = [
  { name: 'Bun', program: findProgram('BUN', 'bun'), words: [] },
  {
    name: 'Deno',
    program: findProgram('DENO', 'deno'),
    words: ['run', '--quiet', '--allow-net', '--allow-read', '--node-modules-dir=manual'],
  },
];

describe.each(runtimes)('$name', ({ program, words }) => {
  it.skipIf(program === undefined)('buys, where it is installed', async () => {
    const { stdout } = await run(program ?? '', [...words, scriptOf('buy-main'), shop.url]);
    expect(JSON.parse(stdout)).toEqual(bought);
    expect(shop.sold).toHaveLength(1);
  });
});

const chromium = findProgram('CHROMIUM', 'chromium');

describe('Chromium', () => {
  it.skipIf(chromium === undefined)('buys from a page of another origin, where it is installed', async () => {
    const page = await new PageServer(shop.url).listen();
    const profile = mkdtempSync(join(tmpdir(), 'farebox-chromium-'));
    const words = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'];
    const child = spawn(chromium ?? '', [...words, `--user-data-dir=${profile}`, page.url], {
      stdio: 'ignore',
      // A group of its own: its helpers, which write into the profile, are killed with it.
      detached: true,
    });
    const ended = new Promise((resolve, reject) => {
      child.on('error', reject).on('close', resolve);
    });
    try {
      expect(await Promise.race([page.report, ended])).toEqual(bought);
      expect(shop.sold).toHaveLength(1);
    } finally {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
      await ended;
      await page.close();
      rmSync(profile, { recursive: true, force: true, maxRetries: 20 });
    }
  });
});
