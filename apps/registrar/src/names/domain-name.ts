import { type Result, refuse } from '@farebox/protocol';
import { readLabel } from './label.js';

/** A name in one of the namespaces. */
export interface DomainName {
  /** `myname.agent`, ASCII in lower case. */
  readonly fqdn: string;
  readonly name: string;
  readonly namespace: string;
  /** As people read it: U-label and namespace. */
  readonly display: string;
}

/** How a request names a domain: `tld` is an old word for `namespace`. */
export interface NamedDomain {
  /** A label, or the full name. */
  readonly domain: string;
  readonly namespace?: string | undefined;
  readonly tld?: string | undefined;
}

/**
 * Reads the name that a request speaks of. Both words for the namespace may be there if they say the same; so may the full
 * name beside them. Whatever contradicts itself is refused, and so is a namespace that is not sold.
 *
 * @param namespaces those that names are sold in
 */
export function readDomainName(
  { domain, namespace, tld }: NamedDomain,
  namespaces: { has(name: string): boolean },
): Result<DomainName> {
  const spaces = [namespace, tld].filter((each) => each !== undefined).map(plainNamespace);
  const dot = domain.replace(/\.$/, '').indexOf('.');
  if (dot > 0) spaces.push(plainNamespace(domain.slice(dot + 1)));
  const [space] = spaces;
  if (space === undefined) return refuse('namespace_missing', 'Give the namespace, or the full name.');
  if (spaces.some((each) => each !== space))
    return refuse('namespace_conflict', 'The namespace is given twice, differently; give it once.');
  if (!namespaces.has(space))
    return refuse('namespace_unknown', 'No names are sold in this namespace; search shows those that are.');
  const label = readLabel(dot > 0 ? domain.slice(0, dot) : domain);
  if (!label.ok) return label;
  const { ascii, display } = label.value;
  return {
    ok: true,
    value: {
      fqdn: `${ascii}.${space}`,
      name: ascii,
      namespace: space,
      display: `${display}.${space}`,
    },
  };
}

function plainNamespace(text: string): string {
  return text.toLowerCase().replace(/^\./, '').replace(/\.$/, '');
}
