import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPageWriter, pagePolicy } from './html.js';
import { build, buildWith, textOf } from './testing/build.js';

const routes = [{ match: 'GET /v1/thing', upstream: 'api', price: '1 sat' }];

/** The page for people of one Markdown file of the seller's. */
async function pageOf(markdown: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'farebox-html-'));
  await mkdir(join(folder, 'docs/sub'), { recursive: true });
  await writeFile(join(folder, 'docs/sub/page.md'), markdown);
  await writeFile(join(folder, 'docs/other.md'), '# Other');
  const catalog = await build({ catalog: { docs_folder: 'docs' }, routes }, folder);
  await rm(folder, { recursive: true });
  return textOf(catalog, '/docs/sub/page');
}

/** Tags in the page's text that are none of Markdown's own, or have other attributes. */
function strangeTags(html: string): string[] {
  const elements =
    'main|h[1-6]|p|a|img|em|strong|del|code|pre|blockquote|ul|ol|li|table|thead|tbody|tr|th|td|br|hr|input';
  const known = new RegExp(
    `^</?(?:${elements})(?: (?:href|title|class|alt|src|align|start|type|disabled|checked)="[^"<>]*")*>$`,
  );
  return (mainOf(html).match(/<[^>]*>/g) ?? []).filter((tag) => !known.test(tag));
}

const mainOf = (html: string): string => html.slice(html.indexOf('<main>'), html.indexOf('</main>'));

describe('pages for people', () => {
  it('need no script: the policy allows none, and its style is the one that stands there', async () => {
    const html = textOf(await build({ routes }), '/docs');
    const style = /<style>([\s\S]*?)<\/style>/.exec(html)?.[1] ?? '';
    expect(pagePolicy).toContain(`'sha256-${createHash('sha256').update(style).digest('base64')}'`);
    expect(pagePolicy).toContain("default-src 'none'");
    expect(pagePolicy).not.toMatch(/script-src|unsafe/);
    expect(html).not.toMatch(/<script|\sstyle=|\son[a-z]+=/);
  });

  it('print the price and commands that can be run as they stand', async () => {
    const html = mainOf(textOf(await build({ routes }), '/docs/api/thing'));
    expect(html).toContain('<strong>1 sat</strong>');
    expect(html).toContain('farebox pay request &#39;https://api.example.com/v1/thing&#39; --yes');
    expect(html).toContain('curl -i &#39;https://api.example.com/v1/thing&#39;');
  });

  it('are light and dark, and can be printed', async () => {
    const html = textOf(await build({ routes }), '/docs');
    expect(html).toMatch(/color-scheme:light dark/);
    expect(html).toMatch(/@media print/);
  });

  it.each([
    ['raw HTML', '# T\n\n<img src=x onerror=alert(1)> <script>alert(1)</script>'],
    [
      'a link with a script',
      '# T\n\n[x](javascript:alert(1)) [y](JaVaScRiPt:alert(1)) <javascript:alert(1)>',
    ],
    ['a link with a quotation mark', '# T\n\n[x](<https://a.example/"onclick="alert(1)>)'],
    ['a picture with a script', '# T\n\n![a"onerror="alert(1)](javascript:alert(1)) ![b](data:text/html,x)'],
    ['a link to another host without a scheme', '# T\n\n[x](//evil.example/a)'],
    ['a block of code', '# T\n\n```"><script>\nalert(1)</script>\n```'],
    ['a title', '# </title><script>alert(1)</script>'],
  ])('%s stays text', async (_name, markdown) => {
    const html = await pageOf(markdown);
    expect(strangeTags(html)).toEqual([]);
    expect(html).not.toContain('href="//');
    expect(html).not.toMatch(/(?:href|src)="(?:javascript|data):/i);
  });

  it('any Markdown makes a page in which no element is but those of Markdown', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
        const page = {
          slug: 'p',
          title: text,
          summary: text,
          body: `# ${text}\n\n<${text}>\n\n[${text}](${text})`,
          kind: 'seller',
        } as const;
        const html = createPageWriter({ title: text, description: undefined }, [page]).page(page);
        expect(strangeTags(html)).toEqual([]);
      }),
      { numRuns: Number(process.env.FUZZ_RUNS ?? 200) },
    );
  });

  it('links between pages lead to the pages for people, other links stay', async () => {
    const html = mainOf(
      await pageOf(
        '# T\n\n[a](../other.md#top) [b](https://x.example/y.md) [c](/openapi.json) [d](missing.md)',
      ),
    );
    expect(html).toContain('href="/docs/other#top"');
    expect(html).toContain('href="https://x.example/y.md"');
    expect(html).toContain('href="/openapi.json"');
    expect(html).toContain('href="/docs/sub/missing.md"');
  });

  it('answer a question as a page', async () => {
    const request = { path: '/docs', query: 'ask=what+does+a+thing+cost', ifNoneMatch: undefined, nowMs: 0 };
    const answer = await (await build({ routes })).answer(request);
    const html = mainOf(String(answer?.body));
    expect(html).toContain('<h1>Answer</h1>');
    expect(html).toContain('<h2>Sources</h2>');
  });
});

describe('names with a meaning in Markdown or HTML', () => {
  it('mean nothing in a description, a heading or a table', async () => {
    const catalog = await buildWith(
      {},
      {
        catalog: { title: 'A & B <i>' },
        routes: [
          {
            match: 'GET /v1/thing',
            upstream: 'api',
            price: '1 sat',
            description: 'a | b `c` <b>*d*</b>',
            catalog: { group: 'X | <u>' },
          },
        ],
      },
    );
    const html = textOf(catalog, '/docs/api/x-u');
    expect(html).not.toMatch(/<[bui]>/);
    expect(mainOf(html)).toContain('a | b `c` &lt;b&gt;*d*&lt;/b&gt;');
    expect(html).toContain('A &amp; B &lt;i&gt;');
  });
});
