import { z } from 'zod';
import { configSchema } from './schema.js';

/** The part of JSON Schema that the configuration uses. */
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
}

/** The schema with what is allowed in words: what the error messages are made from. */
// zod types its result as a wider JSON Schema; every member read here is checked when it is read.
export const annotatedSchema = z.toJSONSchema(configSchema, { io: 'input' }) as JsonSchema;

/**
 * The JSON Schema of `farebox.yaml` (draft 2020-12), for editors. Put this on the file's first line:
 * `# yaml-language-server: $schema=./node_modules/@farebox/gateway/farebox.schema.json`.
 *
 * @returns formatted JSON text that ends with a newline.
 */
export function configJsonSchema(): string {
  const fold = (_key: string, value: unknown): unknown => {
    if (typeof value !== 'object' || value === null || !('allowed' in value)) return value;
    const { allowed, ...rest } = value;
    if (typeof allowed !== 'string') return value;
    const described =
      'description' in rest && typeof rest.description === 'string' ? `${rest.description} ` : '';
    return { ...rest, description: `${described}Allowed: ${allowed}.` };
  };
  return `${JSON.stringify(annotatedSchema, fold, 2)}\n`;
}

/** The schema at a key path; undefined where the schema has nothing. */
export function schemaAt(path: readonly PropertyKey[]): JsonSchema | undefined {
  let at: JsonSchema | undefined = annotatedSchema;
  for (const step of path) at = at === undefined ? undefined : child(at, step);
  return at;
}

function child(schema: JsonSchema, step: PropertyKey): JsonSchema | undefined {
  if (typeof step === 'number') return schema.items;
  const own = schema.properties?.[String(step)];
  if (own !== undefined) return own;
  if (typeof schema.additionalProperties === 'object') return schema.additionalProperties;
  for (const branch of schema.anyOf ?? []) {
    const found = child(branch, step);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The keys of the mapping that may stand at a place in the schema. */
export function allowedKeys(schema: JsonSchema | undefined): readonly string[] {
  if (schema?.properties !== undefined) return Object.keys(schema.properties);
  return (schema?.anyOf ?? []).flatMap((branch) => allowedKeys(branch));
}
