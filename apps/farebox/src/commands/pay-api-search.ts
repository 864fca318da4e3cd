import type { CatalogueEntry, CatalogueService } from '@farebox/wallet/catalogue';

/**
 * The entries of some services that fit some words, best first; all of them, in their order, without words. Words may be
 * the beginning of longer ones, or misspelt.
 */
export async function searchEntries(
  services: readonly CatalogueService[],
  words: string | undefined,
): Promise<readonly CatalogueEntry[]> {
  const entries = services.flatMap((service) => service.entries);
  if (words === undefined || words.trim() === '') return entries;
  const { default: MiniSearch } = await import('minisearch');
  const index = new MiniSearch<{ readonly id: number }>({
    fields: ['description', 'path', 'tags', 'service'],
    searchOptions: { boost: { description: 2, path: 2 }, prefix: true, fuzzy: 0.3, combineWith: 'AND' },
  });
  const about = new Map(
    services.map(({ origin, title, summary }) => [origin, `${title ?? ''} ${summary ?? ''}`]),
  );
  index.addAll(
    entries.map((entry, id) => ({
      id,
      description: entry.description,
      path: entry.url,
      tags: entry.tags.join(' '),
      service: about.get(entry.origin) ?? '',
    })),
  );
  return index
    .search(words)
    .map(({ id }) => entries[Number(id)])
    .filter((entry) => entry !== undefined);
}
