import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerLineBytesMax, isFieldLine, parseAnswerHead } from './answer-head.js';

const numRuns = Number(process.env.FUZZ_RUNS ?? '3000');
const seeded = process.env.FUZZ_SEED === undefined ? {} : { seed: Number(process.env.FUZZ_SEED) };

/** RFC 9112 §4 and §5, one line after the other, as slowly as one likes: the fields of a section, if it is one. */
function fieldsLineByLine(text: string): string[] | undefined {
  if (!text.endsWith('\r\n')) return undefined;
  const [first = '', ...lines] = text.slice(0, -2).split('\r\n');
  const statusLine = /^HTTP\/1\.(?:0|1) [1-5][0-9][0-9](?: .*)?$/su.exec(first);
  if (statusLine === null || !isText(first) || first.length > answerLineBytesMax) return undefined;
  const fields: string[] = [];
  for (const line of lines) {
    const [name = '', ...rest] = line.split(':');
    const value = rest.join(':');
    if (rest.length === 0 || !isToken(name) || !isText(value) || line.length > answerLineBytesMax)
      return undefined;
    fields.push(name, value.replace(/^[ \t]+/, '').replace(/[ \t]+$/, ''));
  }
  return fields;
}

function isToken(text: string): boolean {
  return text !== '' && [...text].every((character) => /[!#$%&'*+.^_`|~0-9A-Za-z-]/.test(character));
}

/** Tabs, and Latin-1 but its controls. */
function isText(text: string): boolean {
  return [...text].every((character) => {
    const code = character.codePointAt(0) ?? 0;
    return code === 0x09 || (code >= 0x20 && code <= 0xff && code !== 0x7f);
  });
}

/** Characters at which readers are known to disagree, and others. */
const character = fc.oneof(
  fc.constantFrom('\r', '\n', '\r\n', ':', ' ', '\t', '\0', '\x7f', '\x80', 'ÿ', 'Ā', '\u2028', '"', '('),
  fc.integer({ min: 0, max: 0xff }).map((code) => String.fromCharCode(code)),
);
const name = fc.oneof(
  fc.constantFrom('Content-Type', 'Date', 'X-A', 'Set-Cookie', 'x_y', 'ETag', "!#$%&'*+-.^_`|~"),
  fc.stringMatching(/^[A-Za-z0-9-]{1,12}$/),
);
const value = fc.oneof(fc.string({ unit: 'grapheme-ascii' }), fc.constantFrom('', ' ', '\t a \t', 'a: b'));
const line = fc
  .tuple(name, fc.constantFrom(':', ': ', ':\t', ' :'), value)
  .map(([field, colon, text]) => `${field}${colon}${text}\r\n`);
const statusLine = fc.oneof(
  { weight: 5, arbitrary: fc.constant('HTTP/1.1 200 OK') },
  fc.constantFrom('HTTP/1.0 404', 'HTTP/1.1 200 ', 'HTTP/1.1 600 X', 'HTTP/1.1  200 OK', 'HTTP/2 200', ''),
);
const section = fc
  .tuple(statusLine, fc.array(line, { maxLength: 6 }))
  .map(([first, lines]) => `${first}\r\n${lines.join('')}`);
/** A section in which something was put in, taken out or put in the place of something else, or nothing. */
const damagedSection = fc
  .tuple(section, fc.array(fc.tuple(fc.nat(), fc.nat({ max: 2 }), fc.option(character)), { maxLength: 2 }))
  .map(([text, changes]) => {
    let changed = text;
    for (const [where, taken, put] of changes) {
      const at = where % (changed.length + 1);
      changed = changed.slice(0, at) + (put ?? '') + changed.slice(at + taken);
    }
    return changed;
  });

describe('a header section', () => {
  it('is read as by who looks at it line by line, and refused where they refuse', () => {
    const property = fc.property(damagedSection, (text) => {
      // What the fields say about the body has tests of its own.
      fc.pre(!/^(?:content-length|transfer-encoding):/im.test(text));
      expect(parseAnswerHead(text)?.fields).toEqual(fieldsLineByLine(text));
    });
    fc.assert(property, { numRuns, ...seeded });
  });

  it.each([
    ['the status line', (length: number) => `HTTP/1.1 200 ${'a'.repeat(length - 13)}\r\nX: y\r\n`],
    ['the last line', (length: number) => `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(length - 3)}\r\n`],
  ])('has lines of so many bytes and no more: %s', (_what, made) => {
    expect(parseAnswerHead(made(answerLineBytesMax))?.fields).toHaveLength(2);
    expect(parseAnswerHead(made(answerLineBytesMax + 1))).toBeUndefined();
  });

  it('one field line is one line', () => {
    const property = fc.property(damagedSection, (text) => {
      const rest = text.slice(text.indexOf('\r\n') + 2);
      const read = fieldsLineByLine(`HTTP/1.1 200 OK\r\n${rest}`);
      expect(isFieldLine(rest)).toBe(read?.length === 2);
    });
    fc.assert(property, { numRuns, ...seeded });
  });
});
