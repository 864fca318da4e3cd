import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { registrarSchema } from './schema.js';
import { secretVariable } from './secrets.js';

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
}

/** Every key that holds a value, as a page writes it: `coupons.*.until`. */
function keysOf({ properties = {}, additionalProperties, items, oneOf = [] }: Schema, path = ''): string[] {
  const below = Object.entries(properties).flatMap(([key, schema]) =>
    keysOf(schema, path === '' ? key : `${path}.${key}`),
  );
  if (typeof additionalProperties === 'object' && Object.keys(additionalProperties).length > 0)
    below.push(...keysOf(additionalProperties, `${path}.*`));
  if (items?.properties !== undefined) below.push(...keysOf(items, `${path}[]`));
  for (const branch of oneOf) below.push(...keysOf(branch, path));
  return below.length === 0 ? [path] : [...new Set(below)];
}

describe('the documentation of registrar.yaml', () => {
  // zod types its result as a wider JSON Schema.
  const keys = keysOf(z.toJSONSchema(registrarSchema, { io: 'input' }) as Schema);
  const page = readFileSync(new URL('../../../../docs/registrar.md', import.meta.url), 'utf8');
  const rows = page.split('\n').filter((line) => line.startsWith('| `'));
  const named = new Set(
    rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, key]) => key)),
  );

  it('finds the keys', () => {
    expect(keys).toEqual(
      expect.arrayContaining([
        'realm',
        'registry.token_file',
        'coupons.*.until',
        'namespaces.*.phases[].open',
        'namespaces.*.premium.*.usd',
      ]),
    );
  });

  it.each(keys)('has a row for %s', (key) => {
    expect(named).toContain(key);
  });

  it('has a row for the secret of the environment', () => {
    expect(named).toContain(secretVariable);
  });
});
