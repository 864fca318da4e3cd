import { describe, expect, it } from 'vitest';
import { answerFieldsMax, answerHeadBytesMax, answerLineBytesMax } from './answer-head.js';
import { chunkLineBytesMax, interimAnswersMax, trailerBytesMax } from './answer-reader.js';
import { malformed, wellFormed } from './testing/answers.js';
import { everyCut, readParts } from './testing/read-parts.js';

const ok = 'HTTP/1.1 200 OK\r\n';
const chunked = `${ok}Transfer-Encoding: chunked\r\n\r\n`;

describe('a well-formed answer', () => {
  it.each(wellFormed)('$name: the same wherever it is cut, paused or not', (sample) => {
    const { bytes, method = 'GET', status, body, reusable, untilClose = false } = sample;
    const whole = readParts(method, [bytes]);
    expect(whole).toMatchObject({ status, body, reusable, endsWithConnection: untilClose });
    expect(whole.reading).toBe(untilClose ? 'more' : 'done');
    for (const pausing of [false, true])
      for (const parts of everyCut(bytes)) expect(readParts(method, parts, pausing)).toEqual(whole);
  });

  it.each(wellFormed.filter((sample) => !sample.untilClose))(
    '$name: complete with its last byte, and not before',
    ({ bytes, method = 'GET' }) => {
      for (let end = 0; end < bytes.length; end++)
        expect(readParts(method, [bytes.slice(0, end)]).reading, `${end} bytes`).toBe('more');
    },
  );

  it.each(wellFormed.filter((sample) => !sample.untilClose))(
    '$name: what follows belongs to no answer',
    ({ bytes, method = 'GET', status, body }) => {
      for (const more of ['H', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nother', '\0'])
        expect(readParts(method, [bytes + more])).toMatchObject({ reading: 'surplus', status, body });
    },
  );

  it('gives the fields in their order and spelling, without the blanks around values', () => {
    const bytes = `${ok}X-B:  1 2\t\r\nset-cookie: a=b; c\r\nSET-COOKIE:d\r\nX-Empty: \t\r\nContent-Length: 0\r\n\r\n`;
    expect(readParts('GET', [bytes]).fields).toEqual([
      ...['X-B', '1 2', 'set-cookie', 'a=b; c', 'SET-COOKIE', 'd', 'X-Empty', '', 'Content-Length', '0'],
    ]);
  });
});

describe('what is not an answer', () => {
  it.each(malformed)('%s: malformed wherever it is cut', (_name, bytes) => {
    const { status, body } = readParts('GET', [bytes]);
    for (const parts of [[bytes], ...everyCut(bytes)]) {
      const read = readParts('GET', parts);
      expect(read.reading).toBe('malformed');
      expect(read.status).toBe(status);
      // Of a body that breaks off, more or less may have been passed on before that was seen.
      expect(body.startsWith(read.body) || read.body.startsWith(body)).toBe(true);
    }
  });

  it.each(['SSH-2.0-x', 'HTTP/2', '<html>', '\r', ' ', `${ok}X: 1\n`, `\n`])(
    '%j is known to be wrong before any end is in sight',
    (begun) => {
      expect(readParts('GET', [begun]).reading).toBe('malformed');
    },
  );
});

describe('limits', () => {
  const field = (bytes: number) => `X: ${'a'.repeat(bytes - 5)}\r\n`;

  it('a line', () => {
    const fits = `X: ${'a'.repeat(answerLineBytesMax - 3)}`;
    expect(readParts('GET', [`${ok}${fits}\r\nContent-Length: 0\r\n\r\n`]).reading).toBe('done');
    expect(readParts('GET', [`${ok}${fits}a\r\nContent-Length: 0\r\n\r\n`]).reading).toBe('malformed');
    expect(readParts('GET', [`HTTP/1.1 200 ${'a'.repeat(answerLineBytesMax)}\r\n\r\n`]).reading).toBe(
      'malformed',
    );
  });

  it('fields', () => {
    const fields = (count: number) => `${ok}${'X: a\r\n'.repeat(count - 1)}Content-Length: 0\r\n\r\n`;
    expect(readParts('GET', [fields(answerFieldsMax)]).reading).toBe('done');
    expect(readParts('GET', [fields(answerFieldsMax + 1)]).reading).toBe('malformed');
  });

  it('a header section, whole, cut or without end', () => {
    const filling = answerHeadBytesMax - ok.length - 'Content-Length: 0\r\n\r\n'.length;
    const half = Math.floor(filling / 2);
    const fits = `${ok}${field(half)}${field(filling - half)}Content-Length: 0\r\n\r\n`;
    const exceeds = `${ok}${field(half)}${field(filling - half + 1)}Content-Length: 0\r\n\r\n`;
    for (const at of [20, half, fits.length - 3]) {
      expect(readParts('GET', [fits.slice(0, at), fits.slice(at)]).reading).toBe('done');
      expect(readParts('GET', [exceeds.slice(0, at), exceeds.slice(at)]).reading).toBe('malformed');
    }
    const endless = Array.from({ length: 40 }, () => field(1_000));
    expect(readParts('GET', [ok, ...endless]).reading).toBe('malformed');
    expect(readParts('GET', [ok, 'X: ', ...endless.map(() => 'a'.repeat(1_000))]).reading).toBe('malformed');
  });

  it('interim answers', () => {
    const interim = 'HTTP/1.1 103 Early Hints\r\n\r\n';
    const last = `${ok}Content-Length: 0\r\n\r\n`;
    expect(readParts('GET', [interim.repeat(interimAnswersMax) + last]).reading).toBe('done');
    expect(readParts('GET', [interim.repeat(interimAnswersMax + 1) + last]).reading).toBe('malformed');
  });

  it('the line of a chunk size', () => {
    const line = (bytes: number) => `5;${'a'.repeat(bytes - 4)}\r\n`;
    const rest = 'hello\r\n0\r\n\r\n';
    expect(readParts('GET', [chunked + line(chunkLineBytesMax) + rest]).reading).toBe('done');
    expect(readParts('GET', [chunked + line(chunkLineBytesMax + 1) + rest]).reading).toBe('malformed');
    expect(
      readParts('GET', [chunked, '5;', ...Array.from({ length: 9 }, () => 'a'.repeat(200))]).reading,
    ).toBe('malformed');
  });

  it('a trailer section, in one line or many', () => {
    const last = `${chunked}0\r\n`;
    expect(readParts('GET', [`${last}${field(trailerBytesMax - 2)}\r\n`]).reading).toBe('done');
    expect(readParts('GET', [`${last}${field(trailerBytesMax - 1)}\r\n`]).reading).toBe('malformed');
    const many = Array.from({ length: trailerBytesMax / 64 + 1 }, () => field(64));
    expect(readParts('GET', [last, ...many]).reading).toBe('malformed');
    expect(readParts('GET', [last, 'X: ', ...many.map(() => 'a'.repeat(64))]).reading).toBe('malformed');
  });
});
