import { domainToASCII, domainToUnicode } from 'node:url';
import { type Result, refuse } from '@farebox/protocol';

/** Longest label, in octets of its ASCII form (RFC 1035 §2.3.4). */
export const labelCharsMax = 63;
/** Longest text that is looked at. */
const textCharsMax = 253;

const charactersDetail = 'A name has only letters, digits and hyphens.';

/** One label. */
export interface Label {
  /** A-label or LDH, in lower case: what is stored and compared. */
  readonly ascii: string;
  /** U-label: what people are shown. The same as `ascii` where there is nothing to show. */
  readonly display: string;
}

/** What UTS 46 has in no label, and the URL's parser that does the mapping would drop or decode before it looks. */
const parserChars = /[\p{Cc} %]/u;

/**
 * Reads one label: UTS 46 mapping, then letters, digits and hyphens, none at either end, `--` in third place only in
 * A-labels (RFC 5891 §4.2.3). Whatever does not come out the same when it is read again is refused.
 */
export function readLabel(text: string): Result<Label> {
  if (text === '' || text.length > textCharsMax)
    return refuse('label_length', `A name has 1 to ${labelCharsMax} characters.`);
  if (text.includes('.')) return refuse('label_dots', 'A name has no dot; give the namespace beside it.');
  if (parserChars.test(text)) return refuse('label_characters', charactersDetail);
  const ascii = isAscii(text) ? text.toLowerCase() : mapped(text);
  if (ascii === undefined)
    return refuse('label_idna', 'The name has characters that domain names cannot have.');
  if (ascii.length > labelCharsMax)
    return refuse('label_length', `A name has 1 to ${labelCharsMax} characters in its ASCII form.`);
  if (!/^[a-z0-9-]+$/.test(ascii)) return refuse('label_characters', charactersDetail);
  if (ascii.startsWith('-') || ascii.endsWith('-'))
    return refuse('label_hyphen', 'A name neither begins nor ends with a hyphen.');
  if (ascii.slice(2, 4) !== '--') return { ok: true, value: { ascii, display: ascii } };
  const display = shown(ascii);
  if (display === undefined)
    return refuse('label_idna', 'A name with "--" in third place must be a valid xn-- name.');
  return { ok: true, value: { ascii, display } };
}

function isAscii(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}

/** A label after it keeps a number from being read as an IPv4 address. */
const guard = '.test';

function mapped(text: string): string | undefined {
  const ascii = domainToASCII(text + guard);
  if (!ascii.endsWith(guard)) return undefined;
  const label = ascii.slice(0, -guard.length);
  // Full stops of other scripts become dots.
  return label === '' || label.includes('.') ? undefined : label;
}

function shown(ascii: string): string | undefined {
  if (!ascii.startsWith('xn--')) return undefined;
  const display = domainToUnicode(ascii + guard).slice(0, -guard.length);
  return display !== ascii && mapped(display) === ascii ? display : undefined;
}
