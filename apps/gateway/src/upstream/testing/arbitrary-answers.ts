import fc from 'fast-check';

/** An answer that follows RFC 9112, with the request method that it is for, and where it is cut on its way. */
export interface CutAnswer {
  readonly method: 'GET' | 'HEAD';
  readonly bytes: string;
  readonly cuts: readonly number[];
}

const characters = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => String.fromCharCode(from + i));
const letters = [...characters(0x61, 0x7a), ...characters(0x41, 0x5a), ...characters(0x30, 0x39)];

const token = fc.string({
  unit: fc.constantFrom(...letters, ..."!#$%&'*+-.^_`|~"),
  minLength: 1,
  maxLength: 12,
});
const visible = fc.constantFrom(...characters(0x21, 0x7e), ...characters(0x80, 0xff));
const value = fc.string({
  unit: fc.oneof({ weight: 9, arbitrary: visible }, fc.constantFrom(' ', '\t')),
  maxLength: 30,
});
const blank = fc.string({ unit: fc.constantFrom(' ', '\t'), maxLength: 3 });
const octets = fc.string({ unit: fc.constantFrom(...characters(0, 0xff)), maxLength: 200 });
const anyCase = (text: string) =>
  fc
    .array(fc.boolean(), { minLength: text.length, maxLength: text.length })
    .map((upper) => [...text].map((c, i) => (upper[i] ? c.toUpperCase() : c.toLowerCase())).join(''));

/** Names with a meaning of their own for where an answer ends, or for what follows it. */
const meaningful = new Set([
  ...['content-length', 'transfer-encoding', 'connection', 'keep-alive', 'upgrade', 'trailer', 'te'],
  'proxy-connection',
]);
const field = fc
  .tuple(
    token.filter((name) => !meaningful.has(name.toLowerCase())),
    blank,
    value.map((text) => text.trim()),
    blank,
  )
  .map(([name, before, text, after]) => `${name}:${before}${text}${after}\r\n`);
const fields = fc.array(field, { maxLength: 6 }).map((lines) => lines.join(''));

const quoted = value.map((text) => `"${text.replaceAll(/["\\]/g, '')}"`);
const extension = fc
  .tuple(token, fc.option(fc.oneof(token, quoted)))
  .map(([name, text]) => (text === null ? `;${name}` : `;${name}=${text}`));
const chunkLine = (length: number) =>
  fc
    .tuple(anyCase(length.toString(16)), fc.nat(3), fc.array(extension, { maxLength: 2 }))
    .map(([size, zeros, extensions]) => `${'0'.repeat(zeros)}${size}${extensions.join('')}\r\n`);
const chunk = octets
  .filter((body) => body.length > 0)
  .chain((body) => chunkLine(body.length).map((line) => `${line}${body}\r\n`));
const chunks = fc
  .tuple(fc.array(chunk, { maxLength: 5 }), chunkLine(0), fields)
  .map(([all, last, trailers]) => `${all.join('')}${last}${trailers}\r\n`);

/** The framing field, and the body in its coding. */
const framed = fc.oneof(
  fc
    .tuple(anyCase('content-length'), blank, octets)
    .map(([name, before, body]) => [`${name}:${before}${body.length}\r\n`, body] as const),
  fc
    .tuple(anyCase('transfer-encoding'), anyCase('chunked'), chunks)
    .map(([name, coding, body]) => [`${name}: ${coding}\r\n`, body] as const),
  octets.map((body) => ['', body] as const),
);
const connection = fc.constantFrom(
  '',
  '',
  'Connection: close\r\n',
  'connection: keep-alive\r\n',
  'Connection: X-A\r\n',
);
// 100 is left out: undici takes it for a fault, where RFC 9110 §15.2 wants it passed over.
const interim = fc
  .tuple(fc.constantFrom(102, 103, 199), fields)
  .map(([status, lines]) => `HTTP/1.1 ${status} Wait\r\n${lines}\r\n`);
const status = fc.constantFrom(200, 200, 201, 204, 205, 206, 301, 304, 400, 402, 404, 500, 503, 599);
const reason = fc.oneof(
  value.map((text) => ` ${text}`),
  fc.constant(''),
);

/** Where to cut so many bytes. */
export function cutsOf(length: number): fc.Arbitrary<readonly number[]> {
  return fc.array(fc.nat(length), { maxLength: 6 }).map((cuts) => cuts.toSorted((a, b) => a - b));
}

/** Answers that follow the grammar, of every framing. */
export const answers: fc.Arbitrary<CutAnswer> = fc
  .record({
    method: fc.constantFrom('GET' as const, 'GET' as const, 'GET' as const, 'HEAD' as const),
    interims: fc.array(interim, { maxLength: 2 }).map((all) => all.join('')),
    status,
    reason,
    before: fields,
    framed,
    connection,
    after: fields,
  })
  .map((one) => {
    const [announced, body] = one.framed;
    // A 204 has no length (RFC 9110 §8.6). A 304 may have one, but undici takes it for a fault.
    const framing = (one.status === 204 || one.status === 304) && /length/i.test(announced) ? '' : announced;
    const head = `HTTP/1.1 ${one.status}${one.reason}\r\n${one.before}${framing}${one.connection}${one.after}\r\n`;
    const bodiless = one.method === 'HEAD' || one.status === 204 || one.status === 304;
    return { method: one.method, bytes: `${one.interims}${head}${bodiless ? '' : body}` };
  })
  .chain(({ method, bytes }) => cutsOf(bytes.length).map((cuts) => ({ method, bytes, cuts })));

const pieces = [
  ...[
    '\r',
    '\n',
    '\r\n',
    '\n\n',
    '\r\n\r\n',
    '\0',
    ' ',
    '\t',
    ':',
    ';',
    ',',
    '0',
    '1',
    '5',
    'f',
    '-',
    '+',
    '\x0b',
    '\x7f',
  ],
  ...[
    'Content-Length: 3\r\n',
    'Content-Length: 0\r\n',
    'content-length: 5, 5\r\n',
    'Transfer-Encoding: chunked\r\n',
  ],
  ...['Transfer-Encoding: gzip, chunked\r\n', 'transfer-encoding : chunked\r\n', 'Connection: close\r\n'],
  ...[
    '0\r\n\r\n',
    '5\r\nhello\r\n',
    'HTTP/1.1 200 OK\r\n',
    'HTTP/1.0 200 OK\r\n',
    'HTTP/1.1 100 Continue\r\n\r\n',
  ],
  ...['X-A: b\n', 'X-A: b\r\n c\r\n', 'X-A\r\n', 'ffffffffffffffff\r\n'],
];

const change = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  take: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(3), fc.nat(40)),
  put: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...pieces) },
    { weight: 1, arbitrary: fc.constant('') },
  ),
  /** Most of what matters is in the header section and between chunks: at a line's end. */
  atLine: fc.boolean(),
});

/** Answers with a few changes that may, or may not, make them something else. */
export const damaged: fc.Arbitrary<CutAnswer> = fc
  .tuple(answers, fc.array(change, { minLength: 1, maxLength: 3 }))
  .map(([{ method, bytes, cuts }, changes]) => {
    let text = bytes;
    for (const { at, take, put, atLine } of changes) {
      let from = Math.floor(at * text.length);
      if (atLine) from = Math.max(0, text.indexOf('\r\n', from) + 2);
      text = text.slice(0, from) + put + text.slice(from + take);
    }
    return { method, bytes: text, cuts: cuts.filter((cut) => cut <= text.length) };
  });
