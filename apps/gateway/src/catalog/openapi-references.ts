import { CatalogError } from './error.js';
import { isObject, type JsonObject, memberOf } from './json-value.js';

const componentReference = /^#\/components\/([A-Za-z]+)\/([^/]+)/;

/**
 * Those components that are reached from a value, by kind and name. What nothing served refers to is left out: it may
 * describe what is not for sale.
 *
 * @throws CatalogError at a reference that leads out of the file, or to no component
 */
export function reachedComponents(from: unknown, components: JsonObject): Record<string, JsonObject> {
  const reached = new Map<string, Map<string, unknown>>();
  const open = referencesIn(from);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [, kind = '', name = ''] = componentReference.exec(next) ?? [];
    const decoded = decodeName(name);
    const found = memberOf(memberOf(components, kind), decoded);
    if (found === undefined) throw new CatalogError(referenceFault(next));
    const ofKind = reached.get(kind) ?? new Map<string, unknown>();
    reached.set(kind, ofKind);
    if (ofKind.has(decoded)) continue;
    ofKind.set(decoded, found);
    open.push(...referencesIn(found));
  }
  return Object.fromEntries([...reached].map(([kind, named]) => [kind, Object.fromEntries(named)]));
}

/** Members that map names to something: a name there means nothing. */
const NAMED = new Set([
  'properties',
  'patternProperties',
  'schemas',
  'parameters',
  'responses',
  'headers',
  'callbacks',
]);
/** Members whose values are data: a `$ref` in them is none. */
const DATA = new Set(['example', 'default', 'enum', 'const']);

/** Every `$ref` in a value, and what discriminators map to. */
function referencesIn(value: unknown): string[] {
  const found: string[] = [];
  const open: { readonly value: unknown; readonly named: boolean }[] = [{ value, named: false }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (Array.isArray(next.value)) {
      for (const item of next.value) open.push({ value: item, named: false });
      continue;
    }
    if (!isObject(next.value)) continue;
    const reference = next.named ? undefined : memberOf(next.value, '$ref');
    if (typeof reference === 'string') found.push(reference);
    for (const [key, member] of Object.entries(next.value)) {
      if (next.named) open.push({ value: member, named: false });
      else if (key === 'mapping' && isObject(member)) found.push(...mappedReferences(member));
      else if (!DATA.has(key)) open.push({ value: member, named: NAMED.has(key) });
    }
  }
  return found;
}

function mappedReferences(mapping: JsonObject): string[] {
  return Object.values(mapping).filter(
    (target): target is string => typeof target === 'string' && componentReference.test(target),
  );
}

/** The component at a reference such as `#/components/parameters/page`; undefined when there is none. */
export function componentAt(reference: string, components: JsonObject): unknown {
  const [, kind = '', name = ''] = componentReference.exec(reference) ?? [];
  return memberOf(memberOf(components, kind), decodeName(name));
}

/** JSON pointer (RFC 6901 §4) inside a URI fragment. */
function decodeName(name: string): string {
  return name.replaceAll('~1', '/').replaceAll('~0', '~');
}

function referenceFault(reference: string): string {
  return reference.startsWith('#/components/')
    ? `The OpenAPI file refers to ${reference}, which it does not have; add it there.`
    : `The OpenAPI file refers to ${reference}, which is not under its components; bundle it into one file first.`;
}
