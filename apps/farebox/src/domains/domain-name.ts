import { domainToASCII } from 'node:url';
import { usageError } from '../cli-error.js';

/** A domain as this command speaks of it. Whether there is such a name, the registrar knows. */
export interface NamedDomain {
  /** `myname.agent`, ASCII in lower case. */
  readonly fqdn: string;
  /** `myname` */
  readonly label: string;
  /** `agent` */
  readonly namespace: string;
}

/** Longest name that is sent anywhere (RFC 1035 §2.3.4). */
const nameCharsMax = 253;

/** What no name has, and the URL's parser that does the mapping would drop or decode: another name would be bought. */
const parserChars = /[\p{Cc} %]/u;

/** Reads `myname.agent`. Throws a usage error for what is no name in a namespace. */
export function readDomain(text: string): NamedDomain {
  const plain = text.trim().toLowerCase().replace(/\.$/, '');
  const mapped = /^[\x21-\x7e]+$/.test(plain) ? plain : domainToASCII(plain);
  const fqdn = parserChars.test(plain) ? '' : mapped;
  const [, label = '', namespace = ''] = /^([a-z0-9_-]+)\.([a-z0-9-]+(?:\.[a-z0-9-]+)*)$/.exec(fqdn) ?? [];
  if (label === '' || fqdn.length > nameCharsMax)
    throw usageError('Write the whole name, with its namespace: myname.agent');
  return { fqdn, label, namespace };
}

/** Most years that a name is sold for at once. */
export const yearsMax = 10;

/** Reads a number of years. Throws a usage error for anything that is no whole number from 1 to {@link yearsMax}. */
export function readYears(text: string): number {
  const years = Number(text);
  if (/^[0-9]{1,2}$/.test(text) && years >= 1 && years <= yearsMax) return years;
  throw usageError(`A name is sold for 1 to ${yearsMax} whole years.`);
}
