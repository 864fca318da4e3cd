import type { CatalogContext } from './catalog-context.js';
import { documentPaths, markdownPath } from './paths.js';

/** Media type of {@link apiCatalog} (RFC 9727 §4.2). */
export const apiCatalogType = 'application/linkset+json; profile="https://www.rfc-editor.org/info/rfc9727"';

/** The well-known catalogue of RFC 9727: where the API is, and which documents describe it. */
export function apiCatalog({ about, title }: CatalogContext): object {
  const { origin } = about;
  return {
    linkset: [
      {
        anchor: `${origin}/`,
        'service-desc': [{ href: origin + documentPaths.openapi, type: 'application/json', title }],
        'service-doc': [
          { href: origin + documentPaths.pages, type: 'text/html' },
          { href: origin + markdownPath('index'), type: 'text/markdown' },
        ],
        'service-meta': [
          { href: origin + documentPaths.llms, type: 'text/plain' },
          { href: origin + documentPaths.skill, type: 'text/markdown' },
        ],
      },
    ],
  };
}
