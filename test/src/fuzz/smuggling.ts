import type { Random } from '../chaos/random.js';
import type { Attempt } from './attempts.js';
import { type Bases, hostileCredential, visible } from './credentials.js';

/** What is to be smuggled past the gate: were it taken for a request of its own, the upstream would see its path. */
const inner = 'GET /paid/smuggled HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';
const innerBytes = inner.length;

/** A byte sequence of which no two readers need agree what it means. It is followed by a plain request that closes. */
export function hostileBytes(random: Random, bases: Bases): Attempt {
  const [kind, text] = random.pick<readonly [string, string]>([
    [
      'length and chunks',
      carrier(random, ['Content-Length: 4', 'Transfer-Encoding: chunked'], chunks(random)),
    ],
    [
      'chunks and length',
      carrier(random, ['Transfer-Encoding: chunked', `Content-Length: ${innerBytes}`], inner),
    ],
    ['two lengths', carrier(random, ['Content-Length: 0', `Content-Length: ${innerBytes}`], inner)],
    ['list of lengths', carrier(random, [`Content-Length: ${innerBytes}, 0`], inner)],
    ['odd length', carrier(random, [`Content-Length: ${oddLength(random)}`], inner)],
    ['odd coding', carrier(random, [`Transfer-Encoding: ${oddCoding(random)}`], chunks(random))],
    ['coding by another name', carrier(random, [oddName(random)], chunks(random))],
    ['odd chunk', carrier(random, ['Transfer-Encoding: chunked'], oddChunk(random))],
    ['body that is a request', carrier(random, [`Content-Length: ${innerBytes}`], inner)],
    [
      'trailers',
      carrier(
        random,
        ['Transfer-Encoding: chunked'],
        `0\r\nAuthorization: ${bases.fresh.credential}\r\n\r\n`,
      ),
    ],
    ['GET with a body', `GET /free/x HTTP/1.1\r\nHost: a\r\nContent-Length: ${innerBytes}\r\n\r\n${inner}`],
    ['expectation', carrier(random, ['Expect: 100-continue', `Content-Length: ${innerBytes}`], inner)],
    ['folded field', carrier(random, ['X-Folded: a\r\n b', 'Content-Length: 0'], '')],
    ['bare line ends', `POST /free/x HTTP/1.1\nHost: a\nContent-Length: ${innerBytes}\n\n${inner}`],
    ['bare carriage return', `GET /free/x HTTP/1.1\r\nHost: a\rX: GET /paid/smuggled HTTP/1.1\r\n\r\n`],
    ['control characters', `GET /free/x HTTP/1.1\r\nHost: a\r\nX: a\0b\x7f\r\n\r\n`],
    ['request line', requestLine(random)],
    ['no fields', `GET /paid/price HTTP/1.1\r\n\r\n`],
    ['field without a name', `GET /paid/price HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n`],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['noise', noise(random)],
    [
      'credential in raw',
      `GET /paid/price HTTP/1.1\r\nHost: a\r\nAuthorization: ${hostileCredential(random, bases)}\r\n\r\n`,
    ],
    ['much', `GET /paid/price HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(16_000 + random.below(2_000))}\r\n\r\n`],
  ]);
  return { kind, method: 'GET', bytes: Buffer.from(text + last, 'latin1') };
}

/** Ends the connection if it is understood; what was before it may have swallowed it. */
const last = 'GET /nowhere HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n';

function carrier(random: Random, fields: readonly string[], body: string): string {
  const target = random.pick(['/free/x', '/paid/price']);
  const method = random.pick(['POST', 'PUT', 'DELETE']);
  return `${method} ${target} HTTP/1.1\r\n${['Host: 127.0.0.1', ...fields].join('\r\n')}\r\n\r\n${body}`;
}

function chunks(random: Random): string {
  return random.pick([
    `0\r\n\r\n${inner}`,
    `${innerBytes.toString(16)}\r\n${inner}\r\n0\r\n\r\n`,
    `1\r\nx\r\n0\r\n\r\n${inner}`,
  ]);
}

function oddChunk(random: Random): string {
  const size = random.pick([
    '-1',
    '0x10',
    'ffffffffffffffff',
    '100000000000000000',
    '1e3',
    ' 5',
    '5 ',
    '+5',
    'g',
    '',
    `5;${'e'.repeat(random.below(20_000))}`,
    `5;a="\r\n${inner}"`,
    '5\n',
  ]);
  return `${size}\r\nhello\r\n0\r\n\r\n${inner}`;
}

function oddLength(random: Random): string {
  return random.pick([
    '-1',
    '+5',
    '0x10',
    '1e2',
    '5 5',
    '',
    ' ',
    '５',
    '99999999999999999999',
    '005',
    '5;',
    'abc',
    '\t0',
  ]);
}

function oddCoding(random: Random): string {
  return random.pick([
    'xchunked',
    'chunked, identity',
    'identity, chunked',
    'chunked, chunked',
    'Chunked',
    ' chunked',
    '\tchunked',
    'chunked\t',
    '"chunked"',
    'chunked;q=1',
    'gzip, chunked',
    'gzip',
    '\x0bchunked',
    'chunked\r\nTransfer-Encoding: identity',
    `chunked\r\nContent-Length: ${innerBytes}`,
  ]);
}

function oddName(random: Random): string {
  return random.pick([
    'Transfer-Encoding : chunked',
    ' Transfer-Encoding: chunked',
    'Transfer_Encoding: chunked',
    'Transfer-Encoding\t: chunked',
    'X: y\nTransfer-Encoding: chunked',
    'Transfer-Encoding:chunked',
    'transfer-encoding: chunked\r\nTRANSFER-ENCODING: chunked',
  ]);
}

function requestLine(random: Random): string {
  const line = random.pick([
    'GET /paid/price',
    'GET  /paid/price  HTTP/1.1',
    'GET\t/paid/price\tHTTP/1.1',
    'GET /paid/price HTTP/1.1 HTTP/1.1',
    'GET /free/x HTTP/1.1\r\nX-Not: /paid/price HTTP/1.1',
    'GET /paid/price HTTP/0.9',
    'GET /paid/price HTTP/1.0',
    'GET /paid/price HTTP/1.2',
    'GET /paid/price HTTP/3.0',
    'GET /paid/price http/1.1',
    'get /paid/price HTTP/1.1',
    'GETS /paid/price HTTP/1.1',
    'TRACE /paid/price HTTP/1.1',
    'CONNECT 127.0.0.1:1 HTTP/1.1',
    'CONNECT /paid/price HTTP/1.1',
    'QUERY /paid/price HTTP/1.1',
    'M-SEARCH * HTTP/1.1',
    'OPTIONS * HTTP/1.1',
    'GET /paid/\0price HTTP/1.1',
    'GET /paid/pr ice HTTP/1.1',
    'GET /free/x\n/paid/smuggled HTTP/1.1',
    `${visible(random, 30)} /paid/price HTTP/1.1`,
    `GET ${visible(random, 30)} HTTP/1.1`,
  ]);
  return `${line}\r\nHost: 127.0.0.1\r\n\r\n`;
}

function noise(random: Random): string {
  return Array.from({ length: random.below(500) }, () => String.fromCharCode(random.below(256))).join('');
}
