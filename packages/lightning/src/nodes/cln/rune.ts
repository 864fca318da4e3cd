import type { HeldRight, NodeRight } from '../rights.js';

/** The methods behind each right that Farebox uses. A right is held when all of them are allowed. */
const methodsOf: readonly (readonly [NodeRight, readonly string[]])[] = [
  ['info', ['getinfo']],
  ['invoice', ['invoice', 'delinvoice']],
  ['lookup', ['listinvoices']],
  ['pay', ['xpay']],
  ['track', ['listpays']],
  ['balance', ['listpeerchannels']],
];

/** Methods that Farebox never calls and a thief would: any one of them is the right (Core Lightning's commands of 25.x). */
const wideMethods: readonly (readonly [NodeRight, readonly string[]])[] = [
  ['pay', ['pay', 'keysend', 'sendpay', 'sendonion', 'injectpaymentonion', 'renepay', 'xkeysend']],
  [
    'onchain',
    [
      ...['withdraw', 'multiwithdraw', 'txprepare', 'txsend', 'fundpsbt', 'utxopsbt', 'addpsbtinput'],
      ...[
        'addpsbtoutput',
        'signpsbt',
        'sendpsbt',
        'fundchannel',
        'fundchannel_start',
        'fundchannel_complete',
      ],
      ...['multifundchannel', 'openchannel_init', 'openchannel_signed', 'openchannel_bump', 'close'],
      ...['splice_init', 'splice_signed', 'splice', 'dev-splice', 'splicein', 'spliceout', 'bkpr-bumpfee'],
    ],
  ],
  [
    'administer',
    [
      ...[
        'createrune',
        'commando-rune',
        'showrunes',
        'commando',
        'stop',
        'plugin',
        'setconfig',
        'makesecret',
      ],
      ...['exposesecret', 'signmessage', 'signinvoice', 'recover', 'recoverchannel', 'emergencyrecover'],
      ...['staticbackup', 'setchannel', 'datastore', 'disconnect', 'sendcustommsg', 'delforward', 'delpay'],
    ],
  ],
];

/** No method: what is allowed to call it may call whatever a later version or a plugin brings. */
const unnamedMethod = 'farebox-no-such-method';

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
  const allowed = (method: string) => restrictions.every((restriction) => allows(restriction, method));
  const rights = methodsOf.map(([right, methods]): HeldRight => {
    return { right, held: methods.every(allowed), word: methods.join(', ') };
  });
  for (const [right, methods] of wideMethods) {
    const held = methods.filter(allowed);
    if (held.length > 0) rights.push({ right, held: true, word: shortened(held) });
  }
  if (allowed(unnamedMethod)) {
    rights.push({ right: 'administer', held: true, word: 'every method that it does not name' });
  }
  return rights;
}

/** Most methods that are named in a word of a right. */
const namedMethodsMax = 4;

function shortened(methods: readonly string[]): string {
  const named = methods.slice(0, namedMethodsMax).join(', ');
  const more = methods.length - namedMethodsMax;
  return more > 0 ? `${named} and ${more} more` : named;
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
