/**
 * A scanner for `WWW-Authenticate` field values, RFC 9110 §11.6.1: any number of challenges of any schemes in one
 * value. It moves forward over the string and recovers from what it cannot read at the next comma, so that one bad
 * challenge never hides the one behind it.
 */

/** One challenge of any scheme, as it stood in the field value. */
export interface ScannedChallenge {
  /** Lower case. */
  readonly scheme: string;
  /** Names in lower case, values unescaped. The first of repeats. */
  readonly parameters: ReadonlyMap<string, string>;
  /** Why this challenge cannot be used at all. */
  readonly fault?: string;
  /**
   * Parameters whose value could not be read to its end, and those behind something unreadable: they may belong to
   * this challenge or to what could not be read. Each with as much of its value as could be read.
   */
  readonly stray: ReadonlyMap<string, string>;
  /** How many characters of the field value it took. */
  readonly chars: number;
}

interface OpenChallenge {
  readonly scheme: string;
  readonly parameters: Map<string, string>;
  readonly stray: Map<string, string>;
  readonly start: number;
  fault?: string;
  /** Something unreadable stood behind it: what follows may no longer be its own. */
  ended: boolean;
}

interface Scan {
  readonly text: string;
  readonly found: ScannedChallenge[];
  open: OpenChallenge | undefined;
}

// Sticky expressions that cannot backtrack over more than they have matched once.
const tokenForm = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const token68Form = /[A-Za-z0-9\-._~+/]+=*/y;
const spaceForm = /[ \t]*/y;
// Visible characters, blanks and whatever lies beyond ASCII; escapes; no controls.
const quotedForm = /"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\uffff]|\\[\t \x21-\x7e\x80-\uffff])*"/y;
// RFC 9110 §5.6.4, and `\u2014` for a character beyond Latin-1 as the mppx SDK writes it. No other sender escapes a
// `u`, so nothing is read differently for it.
const escapeForm = /\\(?:u(?!00)([0-9A-Fa-f]{4})|(.))/g;

/**
 * Scans one field value. Never throws, never looks at a character more than a few times.
 *
 * @param text - One `WWW-Authenticate` field value; the caller bounds its length.
 */
export function scanChallenges(text: string): ScannedChallenge[] {
  const scan: Scan = { text, found: [], open: undefined };
  let at = 0;
  while (at < text.length) at = scanElement(scan, at);
  close(scan, text.length);
  return scan.found;
}

/** Reads one element of the comma-separated list; returns where the next one starts. */
function scanElement(scan: Scan, start: number): number {
  const { text } = scan;
  const at = skip(spaceForm, text, start);
  if (at >= text.length) return at;
  if (text[at] === ',') return at + 1;
  const afterName = skip(tokenForm, text, at);
  const next = skip(spaceForm, text, afterName);
  if (afterName > at && text[next] === '=') return scanParameter(scan, at);
  const bare = next >= text.length || text[next] === ',';
  const isScheme = afterName > at && (bare || next > afterName);
  // Behind something unreadable, words may be the inside of a broken string: a scheme is then believed only when a
  // parameter follows it.
  const doubtful = scan.open?.ended === true && text[equalsAt(text, next)] !== '=';
  if (!isScheme || doubtful) {
    if (scan.open !== undefined) scan.open.ended = true;
    return afterComma(text, at);
  }
  close(scan, at);
  const scheme = text.slice(at, afterName).toLowerCase();
  scan.open = { scheme, parameters: new Map(), stray: new Map(), start: at, ended: false };
  return bare ? next + 1 : scanFirst(scan, scan.open, next);
}

/** Reads what stands behind a scheme: token68 or the first parameter. */
function scanFirst(scan: Scan, open: OpenChallenge, start: number): number {
  const { text } = scan;
  const afterToken68 = skip(token68Form, text, start);
  const afterBlanks = skip(spaceForm, text, afterToken68);
  // token68 only if the element ends behind it: `abc=` may be one, `abc=def` and `abc="def"` are parameters.
  if (afterToken68 > start && (afterBlanks >= text.length || text[afterBlanks] === ','))
    return afterBlanks + 1;
  if (text[equalsAt(text, start)] === '=') return scanParameter(scan, start);
  open.fault = 'its scheme is followed by something unreadable';
  return afterComma(text, start);
}

/** Reads `name BWS "=" BWS ( token / quoted-string )` and the comma behind it. */
function scanParameter(scan: Scan, start: number): number {
  const { text, open } = scan;
  const name = text.slice(start, skip(tokenForm, text, start)).toLowerCase();
  const valueAt = skip(spaceForm, text, equalsAt(text, start) + 1);
  const quoted = text[valueAt] === '"';
  const afterValue = skip(quoted ? quotedForm : tokenForm, text, valueAt);
  const end = skip(spaceForm, text, afterValue);
  const readable = afterValue > valueAt && (end >= text.length || text[end] === ',');
  const raw = text.slice(valueAt, afterValue);
  const value = quoted ? unescapeQuoted(raw.slice(1, -1)) : raw;
  if (open !== undefined && (open.ended || !readable)) {
    open.stray.set(name, value);
    open.ended = true;
  } else if (open?.parameters.has(name)) {
    open.fault = 'it repeats a parameter';
  } else {
    open?.parameters.set(name, value);
  }
  // If a quote was forgotten, what looks like the end of a string is the start of the next challenge's first value:
  // resume at the first comma behind the opening quote, not behind the closing one.
  return readable ? end + 1 : afterComma(text, valueAt);
}

function unescapeQuoted(value: string): string {
  if (!value.includes('\\')) return value;
  return value.replace(escapeForm, (_, unit: string | undefined, character: string | undefined) =>
    unit === undefined ? (character ?? '') : String.fromCharCode(Number.parseInt(unit, 16)),
  );
}

/** Where the `=` of a parameter that starts at `at` must stand. */
function equalsAt(text: string, at: number): number {
  const afterName = skip(tokenForm, text, at);
  return afterName === at ? text.length : skip(spaceForm, text, afterName);
}

function afterComma(text: string, at: number): number {
  const comma = text.indexOf(',', at);
  return comma === -1 ? text.length : comma + 1;
}

function close(scan: Scan, end: number): void {
  const { open } = scan;
  if (open === undefined) return;
  const { scheme, parameters, stray, fault, start } = open;
  scan.found.push({
    scheme,
    parameters,
    stray,
    chars: end - start,
    ...(fault === undefined ? {} : { fault }),
  });
  scan.open = undefined;
}

/** Where the match of a sticky expression ends; `at` itself when there is none. */
function skip(form: RegExp, text: string, at: number): number {
  form.lastIndex = at;
  return form.test(text) ? form.lastIndex : at;
}
