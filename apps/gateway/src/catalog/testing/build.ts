import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkConfig } from '../../config/load.js';
import type { ConfigInput } from '../../config/schema.js';
import { createRouteTable } from '../../route/table.js';
import { HttpUpstream } from '../../upstream/http-upstream.js';
import { buildCatalog, type Catalog } from '../catalog.js';
import { isObject, type JsonObject, objectAt } from '../json-value.js';
import { readCatalogSources } from '../sources.js';

/** Keys of `farebox.yaml` for one test; what is left out is as a small shop has it. */
export type ShopConfig = Partial<Omit<ConfigInput, 'routes'>> & { readonly routes: ConfigInput['routes'] };

/** Builds the catalogue of a configuration as the gateway does, with a real table of routes. */
export async function build(config: ShopConfig, directory = tmpdir()): Promise<Catalog> {
  const checked = checkConfig(
    {
      realm: 'https://api.example.com',
      lightning: { node: { kind: 'devnet' } },
      upstreams: { api: 'http://127.0.0.1:9' },
      ...config,
    },
    { directory },
  );
  const upstreams = new Map([...checked.upstreams.values()].map((one) => [one.name, new HttpUpstream(one)]));
  const table = createRouteTable(checked, upstreams);
  await Promise.all([...upstreams.values()].map((upstream) => upstream.close()));
  if (checked.catalog === undefined) throw new Error('The catalogue is off.');
  return buildCatalog(checked, checked.catalog, await readCatalogSources(checked.catalog), table);
}

/** As {@link build}, with files beside the configuration. Names may have folders that exist. */
export async function buildWith(
  files: Readonly<Record<string, string>>,
  config: ShopConfig,
): Promise<Catalog> {
  const folder = await mkdtemp(join(tmpdir(), 'farebox-catalog-'));
  try {
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    return await build(config, folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The text of a document; fails where there is none. */
export function textOf(catalog: Catalog, path: string): string {
  const answer = catalog.answer({ path, query: '', ifNoneMatch: undefined, nowMs: 0 });
  if (answer === undefined || answer instanceof Promise)
    throw new Error(`There is no document at ${path}; there are ${catalog.paths.join(', ')}.`);
  return answer.body.toString();
}

/** `/openapi.json`, read. */
export function openapiOf(catalog: Catalog): JsonObject {
  const found: unknown = JSON.parse(textOf(catalog, '/openapi.json'));
  if (!isObject(found)) throw new Error('The OpenAPI document is no object.');
  return found;
}

/** One operation of it; undefined where there is none. */
export function operationAt(catalog: Catalog, method: string, path: string): JsonObject | undefined {
  return objectAt(objectAt(objectAt(openapiOf(catalog), 'paths'), path), method);
}

/** Every operation of it as `get /v1/things`, in order. */
export function operationsIn(catalog: Catalog): string[] {
  const paths = objectAt(openapiOf(catalog), 'paths') ?? {};
  return Object.entries(paths).flatMap(([path, item]) =>
    isObject(item) ? Object.keys(item).map((method) => `${method} ${path}`) : [],
  );
}
