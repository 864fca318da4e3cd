/** Largest header section of an answer, in bytes, from status line to empty line: what common clients take, so that nothing is sold that they drop. */
export const answerHeadBytesMax = 16 * 1024;
/** Most fields in it. */
export const answerFieldsMax = 256;
/** Longest line in it, in bytes. */
export const answerLineBytesMax = 8 * 1024;

/** How the end of a body is told (RFC 9112 §6.3). */
export type Framing = 'length' | 'chunked' | 'close';

/** The header section of an answer. */
export interface AnswerHead {
  readonly status: number;
  /** Flat list, in its own order and spelling. */
  readonly fields: string[];
  readonly framing: Framing;
  /** Content-Length; 0 unless `framing` is `length`. */
  readonly length: number;
  /** HTTP/1.1, and no `Connection: close`. */
  readonly persistent: boolean;
  /** What Keep-Alive says about how long an idle connection is kept; undefined when it says nothing. */
  readonly keepAliveMs: number | undefined;
}

/**
 * A status line (RFC 9112 §4; many servers miss the space before a missing reason phrase), and field lines: a name, no space
 * before the colon (RFC 9110 §5.1), and a value without CR, LF, NUL and their like (§5.5). Asked once of the whole text: to
 * ask an expression costs more than the few characters of most fields.
 */
const SECTION =
  /^HTTP\/1\.[01] [1-5][0-9]{2}(?: [\t\x20-\x7e\x80-\xff]*)?\r\n(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n)*$/;
const FIELD_LINE = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n$/;

const DIGITS = /^[0-9]{1,15}$/;
const CLOSE = /(?:^|,)[\t ]*close[\t ]*(?:,|$)/i;
const KEEP_ALIVE_SECONDS = /(?:^|,)[\t ]*timeout[\t ]*=[\t ]*"?([0-9]{1,9})/i;

const versionAt = 'HTTP/1.'.length;
const statusAt = 'HTTP/1.1 '.length;
const SPACE = 0x20;
const TAB = 0x09;
const ZERO = 0x30;

/**
 * Reads a header section, from the status line to the end of the last field line, without the empty line.
 *
 * @returns undefined when it is malformed, exceeds a limit, or its fields contradict each other about where the body
 * ends. Of two programs one would believe the one and the other the other (RFC 9112 §11.1), so neither is believed.
 */
export function parseAnswerHead(text: string): AnswerHead | undefined {
  if (!SECTION.test(text)) return undefined;
  let lineEnd = text.indexOf('\r\n');
  if (lineEnd > answerLineBytesMax) return undefined;
  const fields: string[] = [];
  let length: string | undefined;
  let coding: string | undefined;
  let keepAliveMs: number | undefined;
  const older = text.charCodeAt(versionAt) === ZERO;
  let persistent = !older;
  for (let start = lineEnd + 2; start < text.length; start = lineEnd + 2) {
    lineEnd = text.indexOf('\r\n', start);
    const colon = text.indexOf(':', start);
    if (lineEnd - start > answerLineBytesMax) return undefined;
    const name = text.slice(start, colon);
    const value = trimmed(text, colon + 1, lineEnd);
    fields.push(name, value);
    switch (name.length) {
      case 10: {
        const lower = name.toLowerCase();
        if (lower === 'connection') persistent &&= !CLOSE.test(value);
        else if (lower === 'keep-alive') keepAliveMs = keepAliveIn(value) ?? keepAliveMs;
        break;
      }
      case 14:
        if (name.toLowerCase() !== 'content-length') break;
        // Repeated, even when equal: somebody on the way has added one.
        if (length !== undefined) return undefined;
        length = value;
        break;
      case 17:
        if (name.toLowerCase() !== 'transfer-encoding') break;
        if (coding !== undefined) return undefined;
        coding = value;
        break;
    }
  }
  if (fields.length > 2 * answerFieldsMax) return undefined;
  const status = Number(text.slice(statusAt, statusAt + 3));
  let framing: Framing = 'close';
  if (coding !== undefined) {
    // Only `chunked` can be undone here, and HTTP/1.0 knows no transfer coding (RFC 9112 §6.1).
    if (length !== undefined || older || coding.toLowerCase() !== 'chunked') return undefined;
    framing = 'chunked';
  } else if (length !== undefined) {
    if (!DIGITS.test(length)) return undefined;
    framing = 'length';
  }
  return { status, fields, framing, length: Number(length ?? 0), persistent, keepAliveMs };
}

/** A field's value without the whitespace around it. */
function trimmed(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isBlank(text.charCodeAt(start))) start += 1;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}

/** True for one field line, with its end. */
export function isFieldLine(line: string): boolean {
  return FIELD_LINE.test(line);
}

function keepAliveIn(value: string): number | undefined {
  const seconds = KEEP_ALIVE_SECONDS.exec(value)?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1_000;
}
