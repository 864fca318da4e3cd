import { isObject, type JsonObject } from './json-value.js';

/** Members whose values are data and not schemas. */
const DATA = new Set(['example', 'examples', 'default', 'enum', 'const', 'value']);
/** Members that map names to schemas: a name there means nothing. */
const NAMED = new Set(['properties', 'patternProperties', 'schemas', 'parameters', 'responses', 'headers']);

/**
 * Writes the schemas of an OpenAPI 3.0 document as OpenAPI 3.1 has them (JSON Schema 2020-12): `nullable` becomes the type
 * `null`, and `exclusiveMinimum: true` the bound itself. What is 3.1 already stays as it is.
 */
export function upgradeSchemas(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(upgradeSchemas);
  if (!isObject(value)) return value;
  const walked = Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      DATA.has(key)
        ? member
        : NAMED.has(key) && isObject(member)
          ? upgradeNamed(member)
          : upgradeSchemas(member),
    ]),
  );
  return withNull(withBound(withBound(walked, 'Minimum'), 'Maximum'));
}

function upgradeNamed(members: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(members).map(([name, member]) => [name, upgradeSchemas(member)]));
}

function withBound(schema: JsonObject, side: 'Minimum' | 'Maximum'): JsonObject {
  const exclusive = `exclusive${side}`;
  const inclusive = side === 'Minimum' ? 'minimum' : 'maximum';
  if (typeof schema[exclusive] !== 'boolean') return schema;
  const { [exclusive]: isExclusive, [inclusive]: bound, ...rest } = schema;
  if (bound === undefined) return rest;
  return { ...rest, [isExclusive === true ? exclusive : inclusive]: bound };
}

function withNull(schema: JsonObject): JsonObject {
  if (typeof schema.nullable !== 'boolean') return schema;
  const { nullable, ...rest } = schema;
  if (nullable !== true) return rest;
  if (typeof rest.type === 'string') {
    const choices = rest.enum;
    const widened = { ...rest, type: [rest.type, 'null'] };
    return Array.isArray(choices) && !choices.includes(null)
      ? { ...widened, enum: [...choices, null] }
      : widened;
  }
  return Object.keys(rest).length === 0 ? rest : { anyOf: [rest, { type: 'null' }] };
}
