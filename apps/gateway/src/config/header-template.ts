/** A part of a header value as written: a text, or what stands in for one. */
export type TemplatePart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'env'; readonly name: string }
  | { readonly kind: 'file'; readonly path: string };

/** What a field value may hold (RFC 9110 §5.5), without obs-text: a text of one line. */
const LINE = /^[\t\x20-\x7e]*$/;
const PLACEHOLDER = /\$\{(env|file):([^{}]*)\}/g;
const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Takes a header value apart: `Bearer ${env:UPSTREAM_KEY}`, `${file:upstream.key}`.
 *
 * @returns undefined when it is none: another `${…}`, no such name, or more than one line.
 */
export function parseHeaderTemplate(text: string): TemplatePart[] | undefined {
  if (!LINE.test(text)) return undefined;
  const parts: TemplatePart[] = [];
  let from = 0;
  for (const found of text.matchAll(PLACEHOLDER)) {
    const [whole, kind, what = ''] = found;
    if (found.index > from) parts.push({ kind: 'text', text: text.slice(from, found.index) });
    if (kind === 'env' ? !ENV_NAME.test(what) : what === '') return undefined;
    parts.push(kind === 'env' ? { kind, name: what } : { kind: 'file', path: what });
    from = found.index + whole.length;
  }
  if (from < text.length) parts.push({ kind: 'text', text: text.slice(from) });
  return parts.some((part) => part.kind === 'text' && part.text.includes('${')) ? undefined : parts;
}

/** True for a text that {@link parseHeaderTemplate} reads. */
export function isHeaderTemplate(text: string): boolean {
  return parseHeaderTemplate(text) !== undefined;
}
