import { documentPaths, markdownPath } from './paths.js';

/** One page of the documentation, in Markdown. */
export interface Page {
  /** Its place below `/docs`, without ending: `api/bitcoin`. */
  readonly slug: string;
  readonly title: string;
  /** One line for lists. */
  readonly summary: string;
  /** CommonMark that begins with a heading of the first level. */
  readonly body: string;
  readonly kind: 'ours' | 'group' | 'seller';
}

/** How many characters a question may have, and what is said about it. */
export const questionCharsMax = 500;

/** A page as agents get it: a pointer to the index before it (R63), and how to ask after it (R62). */
export function markdownOf(page: Page, origin: string): string {
  const url = origin + markdownPath(page.slug);
  return `> All pages are listed in ${origin}${documentPaths.llms}

${page.body.trim()}

---

## Ask these pages

What is not on this page may be on another. Ask with the query parameter \`ask\`, in plain words, in at most
${questionCharsMax} characters:

\`\`\`http
GET ${url}?ask=<question>
\`\`\`

The answer is a direct excerpt, the passages that fit best, and the pages they are from. It is found by full-text search:
no model writes it.
`;
}

/** Text that stands in a line of Markdown and means nothing there. */
export function plainInMarkdown(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[\\`*_[\]<>|#~]/g, '\\$&');
}

/** Text between backticks, whatever it holds (CommonMark §6.1). */
export function codeInMarkdown(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  const padded = text.startsWith('`') || text.endsWith('`') ? ` ${text} ` : text;
  // In a table a bar would end the cell, also inside code (GitHub Flavored Markdown, "Tables").
  return `${fence}${padded.replace(/\s+/g, ' ').replaceAll('|', '\\|')}${fence}`;
}

/** A block of code, whatever it holds. */
export function blockInMarkdown(language: string, text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}
