import { z } from 'zod';
import { policySchema } from './file-schema.js';

/** The part of JSON Schema that a policy uses. */
export interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly propertyNames?: JsonSchema;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly anyOf?: readonly JsonSchema[];
  /** Ours: what is allowed here, in words. Folded into the description before it is published. */
  readonly allowed?: string;
  /** Ours: bounds of a duration. */
  readonly leastMs?: number;
  readonly mostMs?: number;
}

/** The schema with what is allowed in words: what the error messages are made from. */
// zod types its result as a wider JSON Schema; every member read here is checked when it is read.
export const annotatedSchema = z.toJSONSchema(policySchema, { io: 'input' }) as JsonSchema;

/**
 * The JSON Schema of `policy.yaml` (draft 2020-12), for editors.
 *
 * @returns formatted JSON text that ends with a newline.
 */
export function policyJsonSchema(): string {
  const fold = (_key: string, value: unknown): unknown => {
    if (typeof value !== 'object' || value === null || !('allowed' in value)) return value;
    const { allowed, leastMs: _least, mostMs: _most, ...rest } = value as Record<string, unknown>;
    if (typeof allowed !== 'string') return value;
    const described = typeof rest.description === 'string' ? `${rest.description} ` : '';
    return { ...rest, description: `${described}Allowed: ${allowed}.` };
  };
  return `${JSON.stringify(annotatedSchema, fold, 2)}\n`;
}

/** The schema at a key path; undefined where the schema has nothing. */
export function schemaAt(path: readonly (string | number)[]): JsonSchema | undefined {
  let at: JsonSchema | undefined = annotatedSchema;
  for (const step of path) at = at === undefined ? undefined : child(at, step);
  return at;
}

function child(schema: JsonSchema, step: string | number): JsonSchema | undefined {
  if (typeof step === 'number')
    return schema.items ?? schema.anyOf?.find(({ items }) => items !== undefined)?.items;
  const own = schema.properties?.[step];
  if (own !== undefined) return own;
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
}
