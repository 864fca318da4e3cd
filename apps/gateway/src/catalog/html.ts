import { createHash } from 'node:crypto';
import { Marked } from 'marked';
import type { CatalogContext } from './catalog-context.js';
import { type Page, questionCharsMax } from './page.js';
import { pageStyle } from './page-style.js';
import { documentPaths, markdownPath, pagePath } from './paths.js';

/**
 * What a page may do: show itself, its style and pictures, and send its question here. No script runs, whatever stands in
 * the seller's files.
 */
export const pagePolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(pageStyle).digest('base64')}'`,
  "img-src 'self' https: data:",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Writes pages for people: plain HTML that needs no script. */
export interface PageWriter {
  /** One page. */
  page(page: Page): string;
  /** Markdown that was made for one request, in the frame of a page. */
  answer(page: Page, markdown: string): string;
}

/** What of the catalogue stands on every page. */
export type PageContext = Pick<CatalogContext, 'title' | 'description'>;

/** Makes the writer for a set of pages, which are the navigation. */
export function createPageWriter(context: PageContext, pages: readonly Page[]): PageWriter {
  const known = new Set(pages.map(({ slug }) => slug));
  return {
    page: (page) => frame(context, pages, page, page.title, toHtml(page.body, page.slug, known)),
    answer: (page, markdown) => frame(context, pages, page, 'Answer', toHtml(markdown, page.slug, known)),
  };
}

function frame(
  context: PageContext,
  pages: readonly Page[],
  current: Page,
  heading: string,
  body: string,
): string {
  const { title } = context;
  const name = heading === title ? title : `${heading} · ${title}`;
  const markdown = markdownPath(current.slug);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(name)}</title>
<meta name="description" content="${escapeHtml(context.description ?? current.summary)}">
<link rel="alternate" type="text/markdown" href="${escapeHtml(markdown)}">
<link rel="service-desc" type="application/json" href="${documentPaths.openapi}">
<style>${pageStyle}</style>
</head>
<body>
<header class="top">
<a class="name" href="${documentPaths.pages}">${escapeHtml(title)}</a>
<form action="${escapeHtml(pagePath(current.slug))}" method="get" role="search">
<input type="search" name="ask" aria-label="Ask these pages" placeholder="Ask these pages" maxlength="${questionCharsMax}" required>
<button>Ask</button>
</form>
</header>
<div class="frame">
<nav aria-label="Pages">
${navigation(pages, current)}
</nav>
<main>
${body}
</main>
</div>
<footer><a href="${escapeHtml(markdown)}">This page as Markdown</a> · <a href="${documentPaths.openapi}">OpenAPI</a> · <a href="${documentPaths.llms}">llms.txt</a></footer>
</body>
</html>
`;
}

function navigation(pages: readonly Page[], current: Page): string {
  const link = (page: Page): string => {
    const here = page === current ? ' aria-current="page"' : '';
    const text = page.slug === 'index' ? 'Overview' : page.title;
    return `<li><a href="${escapeHtml(pagePath(page.slug))}"${here}>${escapeHtml(text)}</a></li>`;
  };
  const list = (kinds: readonly Page['kind'][]): string =>
    pages
      .filter(({ kind }) => kinds.includes(kind))
      .map(link)
      .join('\n');
  const groups = list(['group']);
  return `<ul>\n${list(['ours', 'seller'])}\n</ul>${groups === '' ? '' : `\n<h2>Operations</h2>\n<ul>\n${groups}\n</ul>`}`;
}

/** Markdown as HTML: raw HTML is shown as text, and only links that lead somewhere are links. */
function toHtml(markdown: string, slug: string, known: ReadonlySet<string>): string {
  const writer = new Marked({ gfm: true, async: false });
  writer.use({
    renderer: {
      html: ({ text }) => escapeHtml(text),
      link({ href, title, tokens }) {
        const text = this.parser.parseInline(tokens);
        const target = linkTarget(href, slug, known);
        if (target === undefined) return text;
        const hint = title === null || title === undefined ? '' : ` title="${escapeHtml(title)}"`;
        return `<a href="${escapeHtml(target)}"${hint}>${text}</a>`;
      },
      image({ href, text }) {
        return /^(?:https?:\/\/|\/(?!\/))/i.test(href)
          ? `<img src="${escapeHtml(href)}" alt="${escapeHtml(text)}">`
          : escapeHtml(text);
      },
    },
  });
  return String(writer.parse(markdown));
}

/** Links between pages lead to those for people. Schemes other than those of web and mail are no links. */
function linkTarget(href: string, slug: string, known: ReadonlySet<string>): string | undefined {
  if (href.startsWith('#') || /^(?:https?:\/\/|mailto:)/i.test(href)) return href;
  const base = `http://pages.invalid${markdownPath(slug)}`;
  if (/^[a-z][a-z0-9+.-]*:/i.test(href) || !URL.canParse(href, base)) return undefined;
  const { host, pathname, search, hash } = new URL(href, base);
  if (host !== 'pages.invalid') return undefined;
  const named = pathname.startsWith(`${documentPaths.pages}/`) && pathname.endsWith('.md');
  const target = pathname.slice(documentPaths.pages.length + 1, -'.md'.length);
  return (named && known.has(target) ? pagePath(target) : pathname) + search + hash;
}

/** Text in an element or between double quotes. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
