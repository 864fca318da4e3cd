import { describe, expect, it } from 'vitest';
import { upgradeSchemas } from './openapi-upgrade.js';

// OpenAPI 3.0.3 §"Schema Object" against OpenAPI 3.1, which takes JSON Schema 2020-12.
describe('schemas of OpenAPI 3.0 in 3.1', () => {
  it.each([
    [{ type: 'string', nullable: true }, { type: ['string', 'null'] }],
    [{ type: 'string', nullable: false }, { type: 'string' }],
    [
      { type: 'string', nullable: true, enum: ['a'] },
      { type: ['string', 'null'], enum: ['a', null] },
    ],
    [
      { $ref: '#/components/schemas/A', nullable: true },
      { anyOf: [{ $ref: '#/components/schemas/A' }, { type: 'null' }] },
    ],
    [{ minimum: 1, exclusiveMinimum: true }, { exclusiveMinimum: 1 }],
    [{ maximum: 1, exclusiveMaximum: false }, { maximum: 1 }],
    [{ exclusiveMinimum: 3 }, { exclusiveMinimum: 3 }],
    [{ items: { type: 'integer', nullable: true } }, { items: { type: ['integer', 'null'] } }],
    // A property may be called anything.
    [
      { properties: { nullable: { type: 'boolean' }, example: { type: 'string', nullable: true } } },
      { properties: { nullable: { type: 'boolean' }, example: { type: ['string', 'null'] } } },
    ],
    // Examples are data.
    [{ example: { nullable: true, type: 'x' } }, { example: { nullable: true, type: 'x' } }],
  ])('%j', (before, after) => {
    expect(upgradeSchemas(before)).toEqual(after);
  });
});
