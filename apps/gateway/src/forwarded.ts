/** A token of RFC 9110 §5.6.2, a quoted string of §5.6.4; what a parameter of a `Forwarded` element may be. */
const pairForm =
  /[ \t]*(?:([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(?:([!#$%&'*+.^_`|~0-9A-Za-z-]+)|"((?:[^"\\]|\\.)*)")[ \t]*)?([;,]|$)/y;

/** One element of a `Forwarded` field: what a proxy says of the request as it got it. */
export interface ForwardedElement {
  /** The node name as it stands there; undefined where none is named. */
  readonly from: string | undefined;
  readonly proto: string | undefined;
  readonly host: string | undefined;
}

/**
 * Reads the elements of a `Forwarded` field (RFC 7239 §4), in their order: what the proxies say that they were asked by.
 * Several fields are given as one, with commas between.
 *
 * @returns undefined for what is no such field
 */
export function readForwarded(text: string): ForwardedElement[] | undefined {
  const elements: ForwardedElement[] = [];
  let named = new Map<string, string>();
  pairForm.lastIndex = 0;
  for (;;) {
    const at = pairForm.lastIndex;
    const found = pairForm.exec(text);
    if (found === null) return undefined;
    const [, name, token, quoted, end] = found;
    if (name !== undefined) {
      const key = name.toLowerCase();
      // RFC 7239 §4: no parameter twice in an element. Which of two would be meant?
      if (named.has(key)) return undefined;
      named.set(key, token ?? (quoted ?? '').replace(/\\(.)/g, '$1'));
    }
    if (end === ';') continue;
    // An empty element is none (RFC 9110 §5.6.1).
    if (named.size > 0)
      elements.push({ from: named.get('for'), proto: named.get('proto'), host: named.get('host') });
    named = new Map();
    if (end === '' || at === text.length) return elements;
  }
}
