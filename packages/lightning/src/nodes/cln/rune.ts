import type { HeldRight, NodeRight } from '../rights.js';

/** The methods behind each right. A right is held when all of them are allowed. */
const methodsOf: readonly (readonly [NodeRight, readonly string[]])[] = [
  ['info', ['getinfo']],
  ['invoice', ['invoice', 'delinvoice']],
  ['lookup', ['listinvoices']],
  ['pay', ['xpay']],
  ['track', ['listpays']],
  ['balance', ['listpeerchannels']],
  ['onchain', ['withdraw']],
  ['administer', ['createrune']],
];

/** Bytes of the authentication code before the restrictions. */
const codeBytes = 32;

/**
 * What a rune allows, read from the rune itself: its restrictions stand in it in plain text, after the code that
 * makes them hard to remove (Core Lightning's documentation of `createrune`). Undefined when it cannot be read.
 */
export function runeRights(rune: string): readonly HeldRight[] | undefined {
  const bytes = Buffer.from(rune, 'base64url');
  if (!/^[A-Za-z0-9_=-]+$/.test(rune) || bytes.length < codeBytes) return undefined;
  const restrictions = splitAt(bytes.toString('utf8', codeBytes), '&').filter((text) => text !== '');
  return methodsOf.map(([right, methods]) => ({
    right,
    held: methods.every((method) => restrictions.every((restriction) => allows(restriction, method))),
    word: methods.join(', '),
  }));
}

/** Whether one of the alternatives may let a method pass. Conditions on anything but the method may always. */
function allows(restriction: string, method: string): boolean {
  return splitAt(restriction, '|').some((alternative) => {
    const match = /^([^!=/^$~<>{}#]*)([!=/^$~<>{}#])(.*)$/s.exec(alternative);
    const [, field, condition, value = ''] = match ?? [];
    if (field !== 'method') return true;
    const wanted = value.replace(/\\(.)/gs, '$1');
    switch (condition) {
      case '=':
        return method === wanted;
      case '/':
        return method !== wanted;
      case '^':
        return method.startsWith(wanted);
      case '$':
        return method.endsWith(wanted);
      case '~':
        return method.includes(wanted);
      case '<':
      case '{':
        return method < wanted;
      case '>':
      case '}':
        return method > wanted;
      case '!':
        return false;
      default:
        return true;
    }
  });
}

/** Splits at a character that no backslash stands before. */
function splitAt(text: string, separator: '&' | '|'): string[] {
  const parts = [''];
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    const last = parts.length - 1;
    if (char === separator) parts.push('');
    else if (char === '\\') parts[last] += char + text.charAt(++at);
    else parts[last] += char;
  }
  return parts;
}
