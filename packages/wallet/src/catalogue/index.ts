export * from './entry.js';
export { readLlmsTxt } from './llms-txt.js';
export { readOpenApi } from './openapi.js';
export { readOrigin } from './origin.js';
export { type CatalogueOptions, type CatalogueService, readCatalogues } from './read-catalogue.js';
