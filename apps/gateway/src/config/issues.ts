import type { z } from 'zod';
import { allowedKeys, schemaAt } from './json-schema.js';
import { suggest } from './suggest.js';

/** A key path, outermost first. */
export type KeyPath = readonly (string | number)[];

/** An issue before its place in the file is known. */
export interface RawIssue {
  readonly path: KeyPath;
  readonly message: string;
  /** True when the key itself is at fault and not its value. */
  readonly atKey: boolean;
}

type ZodIssue = z.core.$ZodIssue;

/** Turns what zod found into sentences: what was given, what is allowed, what was probably meant. */
export function describeIssues(found: readonly ZodIssue[], input: unknown): RawIssue[] {
  const issues = found.flatMap((issue) => describe(issue, [], input));
  // A pattern and a rule may both object to one value; people need to be told once.
  const said = new Set<string>();
  return issues.filter(({ path, message }) => {
    const key = `${formatPath(path)} ${message}`;
    return !said.has(key) && said.add(key);
  });
}

/** `routes[0].price`. */
export function formatPath(path: KeyPath): string {
  return path
    .map((step, index) => (typeof step === 'number' ? `[${step}]` : index === 0 ? step : `.${step}`))
    .join('');
}

function describe(issue: ZodIssue, base: KeyPath, input: unknown): RawIssue[] {
  const path = [...base, ...issue.path.map((step) => (typeof step === 'number' ? step : String(step)))];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...path, key], message: unknownKey(path, key), atKey: true }));
  }
  if (issue.code === 'invalid_union') {
    // A mapping was given where a mapping is one of the choices: its own faults help more than the list of choices.
    const inner = issue.errors.find((branch) =>
      branch.some((fault) => fault.code !== 'invalid_type' || fault.path.length > 0),
    );
    if (inner !== undefined && isMapping(valueAt(input, path))) {
      return inner.flatMap((fault) => describe(fault, path, input));
    }
  }
  if (issue.code === 'invalid_key') {
    const allowed = schemaAt(path.slice(0, -1))?.propertyNames?.allowed ?? 'another name';
    return [{ path, message: `this name is not allowed; write ${allowed}.`, atKey: true }];
  }
  const value = valueAt(input, path);
  const schema = schemaAt(path);
  const allowed = schema?.allowed ?? (schema?.type === 'object' ? 'a mapping' : 'another value');
  const meant =
    issue.code === 'invalid_value' && typeof value === 'string'
      ? suggest(value, issue.values.map(String))
      : undefined;
  const hint = meant === undefined ? '' : ` Did you mean ${meant}?`;
  if (value === undefined) return [{ path, message: `is required: ${allowed}.`, atKey: false }];
  return [{ path, message: `was given ${show(path, value)}; write ${allowed}.${hint}`, atKey: false }];
}

function unknownKey(path: KeyPath, key: string): string {
  const keys = allowedKeys(schemaAt(path));
  const meant = suggest(key, keys);
  return `is not a known key.${meant === undefined ? '' : ` Did you mean ${meant}?`} Allowed here: ${keys.join(', ')}.`;
}

/** What was given, short, and never when it may be a secret. */
function show(path: KeyPath, value: unknown): string {
  if (path[0] === 'secrets' || path.includes('headers') || path.includes('response_headers'))
    return typeof value === 'string' ? 'a text (not shown here)' : 'something else';
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object') return 'a mapping';
  if (typeof value === 'string') {
    // A user name and password in a URL are a secret too.
    if (/:\/\/[^/]*@/.test(value)) return 'a URL with credentials (not shown here)';
    return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  }
  return String(value);
}

function isMapping(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function valueAt(input: unknown, path: KeyPath): unknown {
  let at = input;
  for (const step of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = Object.getOwnPropertyDescriptor(at, step)?.value;
  }
  return at;
}
