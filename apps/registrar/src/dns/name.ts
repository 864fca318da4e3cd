/**
 * A domain name as its labels, from the left, without the root: `['www', 'myname', 'agent']`. ASCII letters are in lower
 * case; a label from the network is one character for each of its bytes (RFC 1035 §3.1, RFC 4343). The root is empty.
 */
export type Name = readonly string[];

/** The longest a name may be on the wire, bytes (RFC 1035 §2.3.4). */
export const nameBytesMax = 255;

const plainLabel = /^[a-z0-9_-]{1,63}$/;

/**
 * Reads a name as owners and configurations write it, with or without the dot at its end: letters, digits, hyphens and
 * underscores, and `*` as a whole label (RFC 4592 §2.1.1). Undefined for anything else.
 */
export function parseName(text: string): Name | undefined {
  if (text === '.') return [];
  const labels = text.toLowerCase().replace(/\.$/, '').split('.');
  const right = labels.every((label) => plainLabel.test(label) || label === '*');
  return right && wireBytes(labels) <= nameBytesMax ? labels : undefined;
}

/** A name with all its dots, odd bytes escaped as in master files (RFC 1035 §5.1). Equal names have equal texts. */
export function nameText(name: Name): string {
  return `${name.map(labelText).join('.')}.`;
}

/** How many bytes a name takes on the wire, uncompressed. */
export function wireBytes(name: Name): number {
  return name.reduce((sum, label) => sum + label.length + 1, 1);
}

/** Whether a name is `top` or lies below it. */
export function isWithin(name: Name, top: Name): boolean {
  const from = name.length - top.length;
  return from >= 0 && top.every((label, at) => name[from + at] === label);
}

/** ASCII letters in lower case; other bytes stay what they are (RFC 4343 §3). */
export function lowerAscii(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function labelText(label: string): string {
  return label.replace(/[^A-Za-z0-9_*-]/g, (char) => {
    const code = char.charCodeAt(0);
    return code > 0x20 && code < 0x7f ? `\\${char}` : `\\${String(code).padStart(3, '0')}`;
  });
}
