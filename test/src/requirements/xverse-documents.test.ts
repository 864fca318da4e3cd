import { join } from 'node:path';
import { loadConfig } from '@farebox/gateway';
import { readCatalogues } from '@farebox/wallet/catalogue';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openShop, type Shop } from '../catalog/shop.js';
import { root } from '../house.js';

// What the Xverse documents promise about finding and reading, through a running gateway: R55 (by module, see
// catalog/xverse.test.ts), R58 (server side), R62, R63.

let shop: Shop;
let routes: number;
beforeAll(async () => {
  const config = await loadConfig(join(root, 'examples/xverse/farebox.yaml'));
  routes = config.routes.length;
  shop = await openShop(config);
});
afterAll(() => shop.close());

const text = async (path: string): Promise<string> => {
  const answer = await fetch(shop.url + path);
  if (answer.status !== 200) throw new Error(`${path} answers ${answer.status}.`);
  return answer.text();
};

/** Where `llms.txt` sends agents: paths of this gateway. */
async function listedPages(): Promise<string[]> {
  const origin = 'http://127.0.0.1:8402';
  const links = (await text('/llms.txt')).matchAll(/\]\((http[^)\s]+)\)/g);
  return [...links].map(([, url = '']) => url.replace(origin, ''));
}

describe('R58 pay api: the catalogue of what is payable', () => {
  it("is read whole by our wallet's catalogue reader, with prices and methods", async () => {
    const [service] = await readCatalogues([shop.url]);
    expect(service).toMatchObject({
      title: 'Xverse API',
      categories: ['data', 'developer-tools'],
      remarks: [],
    });
    expect(service?.entries).toHaveLength(routes);
    for (const { offers } of service?.entries ?? [])
      expect(offers).toEqual([
        expect.objectContaining({ method: 'lightning', intent: 'charge', amount: 1n, currency: 'sat' }),
      ]);
  });
});

describe('R63 documentation as Markdown with a machine index', () => {
  it('llms.txt begins with a name and a summary, and every link leads somewhere', async () => {
    const index = await text('/llms.txt');
    expect(index).toMatch(/^# Xverse API\n\n> .+\n/);
    const pages = await listedPages();
    expect(pages.length).toBeGreaterThan(12);
    for (const path of pages) expect([path, (await fetch(shop.url + path)).status]).toEqual([path, 200]);
  });

  it('every Markdown page begins with a pointer to llms.txt and ends with how to ask', async () => {
    const pages = (await listedPages()).filter((path) => path.startsWith('/docs/') && path.endsWith('.md'));
    expect(pages).toContain('/docs/api/bitcoin.md');
    for (const path of pages) {
      const page = await text(path);
      expect(page.split('\n')[0]).toBe('> All pages are listed in http://127.0.0.1:8402/llms.txt');
      expect(page).toContain(`GET http://127.0.0.1:8402${path}?ask=<question>`);
    }
  });

  it('llms-full.txt has all of them', async () => {
    const all = await text('/llms-full.txt');
    for (const heading of ['# How to pay', '# Bitcoin', '# Runes', '## POST /v2/bitcoin/rpc'])
      expect(all).toContain(heading);
  });

  it('there is a skill with front matter and links', async () => {
    const skill = await text('/SKILL.md');
    const front = /^---\n([\s\S]*?)\n---\n/.exec(skill)?.[1] ?? '';
    for (const key of ['name:', 'description:', 'version:', 'homepage:', '  api_base:'])
      expect(front).toContain(key);
    expect(skill).toContain('/llms.txt');
  });

  it('a page for people exists beside each Markdown page', async () => {
    for (const path of ['/docs', '/docs/paying', '/docs/api/bitcoin']) {
      const answer = await fetch(shop.url + path);
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    }
  });
});

describe('R62 GET page.md?ask=…', () => {
  it.each([
    [
      '/docs/index.md',
      'What does it cost to get a block by height?',
      'a request costs **1 sat**',
      '/docs/api/blocks.md',
    ],
    [
      '/docs/api/bitcoin.md',
      'May I use a credential for another path?',
      'method, path, query and body',
      '/docs/paying.md',
    ],
    ['/docs/paying.md', 'Which inscriptions does an address hold?', '1 sat', '/docs/api/ordinals.md'],
  ])('%s?ask=%s answers with an excerpt and its source', async (page, question, excerpt, source) => {
    const answer = await text(`${page}?ask=${encodeURIComponent(question)}`);
    expect(answer).toContain('# Answer');
    expect(answer).toContain(excerpt);
    expect(answer.slice(answer.indexOf('## Sources'))).toContain(source);
  });

  it('is free, and a question that cannot be answered is refused in words', async () => {
    const answer = await fetch(`${shop.url}/docs/index.md?ask=${'x'.repeat(600)}`);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([400, 'application/problem+json']);
    expect(shop.asked).toEqual([]);
  });
});
