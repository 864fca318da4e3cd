import type { CatalogConfig } from '../config/resolve-catalog.js';
import { every } from '../every.js';
import { reachedComponents } from './openapi-references.js';
import type { Page } from './page.js';
import { readSellerOpenapi, type SellerOpenapi } from './seller-openapi.js';
import { readSellerPages } from './seller-pages.js';

/** What the seller brings to the catalogue. */
export interface CatalogSources {
  readonly openapi: SellerOpenapi | undefined;
  readonly pages: readonly Page[];
}

/**
 * Reads the seller's OpenAPI file and pages. References are checked here, whether what refers is served or not, so that
 * making the documents cannot fail.
 *
 * @throws CatalogError, AggregateError
 */
export async function readCatalogSources(about: CatalogConfig): Promise<CatalogSources> {
  const { openapiFile, docsFolder } = about;
  const [openapi, pages] = await every([
    openapiFile === undefined ? Promise.resolve(undefined) : readSellerOpenapi(openapiFile),
    docsFolder === undefined ? Promise.resolve([]) : readSellerPages(docsFolder),
  ]);
  if (openapi !== undefined) {
    const contents = openapi.operations.map(({ content }) => content);
    reachedComponents(contents, openapi.components);
  }
  return { openapi, pages };
}
