import { z } from 'zod';
import { registrarSchema } from './schema.js';

/** A key path, outermost first. */
export type KeyPath = readonly (string | number)[];

/** One fault of a configuration, before its place in the file is known. */
export interface ConfigIssue {
  readonly path: KeyPath;
  /** What was given, what is allowed, what was probably meant: one or two sentences. */
  readonly message: string;
  /** True when the key itself is at fault and not its value. */
  readonly atKey?: boolean;
}

/** The part of JSON Schema that the configuration uses. */
interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  /** Ours: what is allowed here, in words. */
  readonly allowed?: string;
}

// zod types its result as a wider JSON Schema; every member read here is checked when it is read.
const rootSchema = z.toJSONSchema(registrarSchema, { io: 'input' }) as Schema;

/** Turns what zod found into sentences. Texts are never quoted: a URL may hold a password. */
export function describeIssues(found: readonly z.core.$ZodIssue[], input: unknown): readonly ConfigIssue[] {
  return found.flatMap((issue) => describe(issue, input));
}

/** `namespaces.agent.phases[0].until`. */
export function formatKey(path: KeyPath): string {
  return path
    .map((step, index) => (typeof step === 'number' ? `[${step}]` : index === 0 ? step : `.${step}`))
    .join('');
}

function describe(issue: z.core.$ZodIssue, input: unknown): readonly ConfigIssue[] {
  const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
  if (issue.code === 'unrecognized_keys') {
    const known = Object.keys(schemaAt(path, input)?.properties ?? {});
    return issue.keys.map((key) => ({
      path: [...path, key],
      message: `is not a known key.${didYouMean(key, known)} Allowed here: ${known.join(', ')}.`,
      atKey: true,
    }));
  }
  if (issue.code === 'invalid_key')
    return [{ path, message: 'this name is too long or empty.', atKey: true }];
  const schema = schemaAt(path, input);
  const allowed = schema?.allowed ?? 'another value';
  const value = valueAt(input, path);
  if (value === undefined) return [{ path, message: `is required: ${allowed}.` }];
  const words = (schema?.enum ?? []).filter((each) => typeof each === 'string');
  const hint = typeof value === 'string' ? didYouMean(value, words) : '';
  return [{ path, message: `was given ${show(value)}; write ${allowed}.${hint}` }];
}

/** The schema of a value; where there is a choice, of the kind that was given. */
function schemaAt(path: KeyPath, input: unknown): Schema | undefined {
  let at: Schema | undefined = rootSchema;
  for (const [depth, step] of path.entries()) {
    at = typeof step === 'number' ? at?.items : child(at, step, valueAt(input, path.slice(0, depth)));
  }
  return branchOf(at, valueAt(input, path));
}

function child(schema: Schema | undefined, step: string, value: unknown): Schema | undefined {
  const { properties, additionalProperties } = branchOf(schema, value) ?? {};
  const own = Object.getOwnPropertyDescriptor(properties ?? {}, step)?.value;
  if (own !== undefined) return own;
  return typeof additionalProperties === 'object' ? additionalProperties : undefined;
}

function branchOf(schema: Schema | undefined, value: unknown): Schema | undefined {
  if (schema?.oneOf === undefined || typeof value !== 'object') return schema;
  const kind = valueAt(value, ['kind']);
  const fits = ({ properties }: Schema) => isConst(properties?.kind, kind);
  return schema.oneOf.find(fits) ?? schema.oneOf[0];
}

function isConst(schema: object | undefined, value: unknown): boolean {
  return schema !== undefined && 'const' in schema && schema.const === value;
}

/** What was given, short. Numbers in the file that should have been texts are the most frequent fault. */
function show(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object') return 'a mapping';
  return typeof value === 'string' ? 'another text' : String(value);
}

function didYouMean(given: string, known: readonly string[]): string {
  const meant = known.find((word) => isNear(given.toLowerCase(), word));
  return meant === undefined ? '' : ` Did you mean ${meant}?`;
}

/** One slip away: a letter too many, too few, another one, or two that changed places. */
function isNear(given: string, known: string): boolean {
  let start = 0;
  while (start < known.length && given[start] === known[start]) start += 1;
  let end = 0;
  const shorter = Math.min(known.length, given.length);
  while (end < shorter - start && given.at(-1 - end) === known.at(-1 - end)) end += 1;
  const rest = given.slice(start, given.length - end);
  const wanted = known.slice(start, known.length - end);
  if (Math.max(rest.length, wanted.length) <= 1) return true;
  return rest.length === 2 && [...rest].reverse().join('') === wanted;
}

function valueAt(input: unknown, path: KeyPath): unknown {
  let at = input;
  for (const step of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = Object.getOwnPropertyDescriptor(at, step)?.value;
  }
  return at;
}
