import type { z } from 'zod';
import { schemaAt } from './json-schema.js';

/** A key path, outermost first. */
export type KeyPath = readonly (string | number)[];

/** One thing that is wrong, before its place in the file is known. */
export interface RawIssue {
  readonly path: KeyPath;
  /** What was given and what is allowed: sentences. */
  readonly message: string;
  /** True when the key itself is at fault and not its value. */
  readonly atKey: boolean;
}

/** One thing that is wrong in a policy. */
export interface PolicyIssue {
  /** As people write it: `hosts[api.example.com].day`. Empty for the document itself. */
  readonly key: string;
  readonly message: string;
  /** Counted from 1. */
  readonly line: number;
  readonly column: number;
}

/** A policy that cannot be used: nothing is paid by it. The message lists every issue, one a line. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
  readonly code = 'policy_invalid';
  readonly issues: readonly PolicyIssue[];

  constructor(file: string, issues: readonly PolicyIssue[], options?: ErrorOptions) {
    super(issues.map((issue) => format(file, issue)).join('\n'), options);
    this.issues = issues;
  }
}

function format(file: string, { key, message, line, column }: PolicyIssue): string {
  return [`${file}:${line}:${column}`, key, message].filter((part) => part !== '').join(': ');
}

/** `hosts[api.example.com].day`: names with dots stand in brackets. */
export function formatKey(path: KeyPath): string {
  return path
    .map((step, index) => {
      if (typeof step === 'number' || !/^[a-z_][a-z0-9_-]*$/i.test(step)) return `[${step}]`;
      return index === 0 ? step : `.${step}`;
    })
    .join('');
}

/** Turns what zod found into sentences: what was given, what is allowed, what was probably meant. */
export function describeIssues(found: readonly z.core.$ZodIssue[], input: unknown): readonly RawIssue[] {
  return found.flatMap((issue) => describe(issue, input));
}

function describe(issue: z.core.$ZodIssue, input: unknown): readonly RawIssue[] {
  const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...path, key], message: unknownKey(path, key), atKey: true }));
  }
  if (issue.code === 'invalid_key') {
    const allowed = schemaAt(path.slice(0, -1))?.propertyNames?.allowed ?? 'another name';
    return [{ path, message: `this name is not allowed; write ${allowed}.`, atKey: true }];
  }
  const schema = schemaAt(path);
  const allowed = schema?.allowed ?? (schema?.type === 'object' ? 'a mapping' : 'another value');
  const value = valueAt(input, path);
  if (value === undefined) return [{ path, message: `is required: ${allowed}.`, atKey: false }];
  return [{ path, message: `was given ${show(value)}; write ${allowed}.`, atKey: false }];
}

function unknownKey(path: KeyPath, key: string): string {
  const keys = Object.keys(schemaAt(path)?.properties ?? {});
  const meant = keys.find((known) => isNear(key.toLowerCase(), known));
  return `is not a known key.${meant === undefined ? '' : ` Did you mean ${meant}?`} Allowed here: ${keys.join(', ')}.`;
}

/** One slip away: a letter too many, too few, another one, or two that changed places. */
function isNear(given: string, known: string): boolean {
  if (Math.abs(given.length - known.length) > 1) return false;
  let start = 0;
  while (start < known.length && given[start] === known[start]) start += 1;
  let end = 0;
  while (
    end < known.length - start &&
    end < given.length - start &&
    given.at(-1 - end) === known.at(-1 - end)
  )
    end += 1;
  const [rest, wanted] = [given.slice(start, given.length - end), known.slice(start, known.length - end)];
  return (
    Math.max(rest.length, wanted.length) <= 1 ||
    (rest.length === 2 && [...rest].reverse().join('') === wanted)
  );
}

/** What was given, short. */
export function show(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object') return 'a mapping';
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  return String(value);
}

function valueAt(input: unknown, path: KeyPath): unknown {
  let at = input;
  for (const step of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = Object.getOwnPropertyDescriptor(at, step)?.value;
  }
  return at;
}
