/** Where the documents are. */
export const documentPaths = {
  openapi: '/openapi.json',
  llms: '/llms.txt',
  llmsFull: '/llms-full.txt',
  skill: '/SKILL.md',
  /** RFC 9727; draft-payment-discovery-00 names no well-known place of its own. */
  apiCatalog: '/.well-known/api-catalog',
  /** The first page for people; the others lie below. */
  pages: '/docs',
} as const;

/** Path of a page for people: `/docs/api/bitcoin`. */
export function pagePath(slug: string): string {
  return slug === 'index' ? documentPaths.pages : `${documentPaths.pages}/${slug}`;
}

/** Path of a page in Markdown: `/docs/api/bitcoin.md`. */
export function markdownPath(slug: string): string {
  return `${documentPaths.pages}/${slug}.md`;
}
