/** A catalogue that cannot be made: the OpenAPI file or a folder that the configuration names cannot be used. */
export class CatalogError extends Error {
  override readonly name = 'CatalogError';
  readonly code = 'catalog';
}
