import { createHash } from 'node:crypto';
import { documentPaths } from '../documents/paths.js';
import type { Answer, DocumentSettings } from '../documents/settings.js';
import { pageStyle } from './style.js';

/** What a page may do: show itself with its style, and send its forms here. No script runs, nothing is loaded from elsewhere. */
export const pagePolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(pageStyle).digest('base64')}'`,
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The parts of a page. `body` is HTML; everything of others in it has gone through {@link escapeHtml}. */
export interface PageParts {
  readonly status?: number;
  readonly title: string;
  readonly body: string;
}

/** A page in the registrar's frame. */
export function pageAnswer(settings: DocumentSettings, parts: PageParts): Answer {
  const site = escapeHtml(settings.title);
  const title = parts.title === settings.title ? site : `${escapeHtml(parts.title)} · ${site}`;
  const body = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="service-desc" type="application/json" href="${documentPaths.openapi}">
<style>${pageStyle}</style>
</head>
<body>
<a class="skip" href="#main">To the content</a>
<header>
<a class="name" href="${documentPaths.search}">${site}</a>
<nav aria-label="Site"><a href="${documentPaths.search}">Search</a><a href="${documentPaths.skill}">For agents</a></nav>
</header>
<main id="main">
${parts.body}
</main>
<footer><a href="${documentPaths.skill}">skill.md</a> · <a href="${documentPaths.openapi}">OpenAPI</a> · <a href="${documentPaths.llms}">llms.txt</a></footer>
</body>
</html>
`;
  return {
    status: parts.status ?? 200,
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': pagePolicy,
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
    },
    body,
  };
}

/** Text in an element or between double quotes. Marks that turn the direction of other text are left out. */
export function escapeHtml(text: string): string {
  return text
    .replace(/[\u202a-\u202e\u2066-\u2069]/g, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
