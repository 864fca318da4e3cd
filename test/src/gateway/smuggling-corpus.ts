import type { Exchange } from './raw-client.js';

// Messages of which no two readers need agree where they end. Each is followed by a request that closes the connection, if it
// is still understood then.

const inner = 'GET /paid/smuggled HTTP/1.1\r\nHost: shop.test\r\n\r\n';
const innerBytes = inner.length;
const chunked = `0\r\n\r\n${inner}`;
const wrapped = `${innerBytes.toString(16)}\r\n${inner}\r\n0\r\n\r\n`;
const last = 'GET /nowhere HTTP/1.1\r\nHost: shop.test\r\nX-Case: last\r\nConnection: close\r\n\r\n';

let count = 0;

/** A POST that carries something. */
function carrier(fields: readonly string[], body: string, target = '/free/x'): string {
  const own = ['Host: shop.test', `X-Case: ${count++}`];
  return `POST ${target} HTTP/1.1\r\n${[...own, ...fields].join('\r\n')}\r\n\r\n${body}`;
}

const length = `Content-Length: ${innerBytes}`;
const coding = 'Transfer-Encoding: chunked';

/** Header sections that leave the end of the message in doubt, with what follows them. */
const framings: readonly (readonly [fields: readonly string[], body: string])[] = [
  [['Content-Length: 4', coding], chunked],
  [[coding, 'Content-Length: 4'], chunked],
  [[coding, length], inner],
  [[length, coding], wrapped],
  [['Content-Length: 0', length], inner],
  [[length, 'Content-Length: 0'], inner],
  [[length, length], inner],
  ...[`${innerBytes}, 0`, `0, ${innerBytes}`, `${innerBytes},${innerBytes}`, '-1', `+${innerBytes}`].map(
    (value) => [[`Content-Length: ${value}`], inner] as const,
  ),
  ...[`0x${innerBytes.toString(16)}`, '1e2', '5 5', ' ', '', '99999999999999999999', `0${innerBytes}`].map(
    (value) => [[`Content-Length: ${value}`], inner] as const,
  ),
  ...[
    `${innerBytes};`,
    'abc',
    `${innerBytes}.0`,
    `"${innerBytes}"`,
    `\t${innerBytes}\t`,
    '\x0b5',
    '5\x00',
  ].map((value) => [[`Content-Length: ${value}`], inner] as const),
  ...['xchunked', 'chunked, identity', 'identity, chunked', 'chunked, chunked', 'Chunked', 'CHUNKED'].map(
    (value) => [[`Transfer-Encoding: ${value}`], chunked] as const,
  ),
  ...[
    '\tchunked',
    'chunked\t',
    '"chunked"',
    'chunked;q=1',
    'gzip, chunked',
    'gzip',
    '\x0bchunked',
    'chunked\x00',
  ].map((value) => [[`Transfer-Encoding: ${value}`], chunked] as const),
  ...[
    'identity',
    '',
    'chunke',
    'chunkedd',
    'chunked,',
    ',chunked',
    'chun ked',
    'chunked\x0b',
    'x, chunked',
  ].map((value) => [[`Transfer-Encoding: ${value}`], chunked] as const),
  [['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'], chunked],
  [['Transfer-Encoding: identity', 'Transfer-Encoding: chunked'], chunked],
  [['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], chunked],
  [['Transfer-Encoding : chunked'], chunked],
  [[' Transfer-Encoding: chunked'], chunked],
  [['Transfer-Encoding\t: chunked'], chunked],
  [['Transfer_Encoding: chunked'], ''],
  [['Content_Length: 5'], ''],
  [['X: y\nTransfer-Encoding: chunked'], chunked],
  [['X: y\rTransfer-Encoding: chunked'], chunked],
  [['X: y\n\nGET /paid/smuggled HTTP/1.1'], ''],
  [['Transfer-Encoding:\r\n chunked'], chunked],
  [['Transfer-Encoding:\r\n\tchunked', length], inner],
  [['X-Folded: a\r\n b', 'Content-Length: 0'], ''],
  [['Content-Length\x00: 5'], inner],
  [['Content-Length :5'], inner],
  [['Connection: Content-Length', length], inner],
  [['Connection: Transfer-Encoding', coding], chunked],
  [['Connection: Host, X-Forwarded-For, close', 'Content-Length: 0'], ''],
  [['Expect: 100-continue', length], inner],
  [['Expect: 200-ok', length], inner],
  [['Expect: 100-continue', coding], chunked],
  [['Upgrade: h2c', 'Connection: Upgrade, HTTP2-Settings', 'HTTP2-Settings: AAMAAABkAAQAAP__'], ''],
  [['Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Key: eA=='], ''],
  [['Trailer: Host', coding], '0\r\nHost: evil.test\r\n\r\n'],
  [['TE: chunked', coding], '0\r\nAuthorization: Payment x\r\nContent-Length: 5\r\n\r\n'],
];

/** Chunked bodies that are not well-formed, or only to some. */
const chunkings = [
  ...[
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
    '5\n',
    '5\t',
  ].map((size) => `${size}\r\nhello\r\n0\r\n\r\n${inner}`),
  `5;a="\r\n${inner}"\r\nhello\r\n0\r\n\r\n`,
  `5;a\nb\r\nhello\r\n0\r\n\r\n${inner}`,
  `5\r\nhello0\r\n\r\n${inner}`,
  `5\r\nhelloX\r\n0\r\n\r\n${inner}`,
  `5\nhello\n0\n\n${inner}`,
  `0\r\n\n${inner}`,
  `0\n\r\n${inner}`,
  `00\r\n\r\n${inner}`,
  `0;x\r\n\r\n${inner}`,
  `0\r\nX: y\r\n\r\n${inner}`,
  `0\r\nX: y\n\n${inner}`,
  `000000000000000000005\r\nhello\r\n0\r\n\r\n${inner}`,
];

/** Request lines and header sections that are read in more than one way. */
const heads = [
  ...[
    'GET /paid/smuggled',
    'GET  /paid/smuggled  HTTP/1.1',
    'GET\t/paid/smuggled\tHTTP/1.1',
    'GET /paid/smuggled HTTP/0.9',
  ],
  ...[
    'GET /paid/smuggled HTTP/1.0',
    'GET /paid/smuggled HTTP/1.2',
    'GET /paid/smuggled HTTP/2.0',
    'get /paid/smuggled HTTP/1.1',
  ],
  ...[
    'GETS /paid/smuggled HTTP/1.1',
    'TRACE /paid/smuggled HTTP/1.1',
    'CONNECT 127.0.0.1:1 HTTP/1.1',
    'CONNECT /paid/smuggled HTTP/1.1',
  ],
  ...[
    'QUERY /paid/smuggled HTTP/1.1',
    'OPTIONS * HTTP/1.1',
    'GET * HTTP/1.1',
    'GET /free/x HTTP/1.1 HTTP/1.1',
    'GET /free/x\r/paid HTTP/1.1',
  ],
  ...[
    'GET /free/x\n/paid/smuggled HTTP/1.1',
    'GET /free/\0 HTTP/1.1',
    'GET /fr ee/x HTTP/1.1',
    'GET /free/\xe9 HTTP/1.1',
    'GET /free/\x7f HTTP/1.1',
  ],
  ...[
    '\r\n\r\nGET /paid/smuggled HTTP/1.1',
    '\nGET /paid/smuggled HTTP/1.1',
    ' GET /paid/smuggled HTTP/1.1',
    '\0GET /paid/smuggled HTTP/1.1',
  ],
  ...[
    'PRI * HTTP/2.0',
    'GET /free/x http/1.1',
    'GET /free/x HTTP/1.1\r\nX\0Y: z',
    'GET /free/x HTTP/1.1\r\n: z',
    'GET /free/x HTTP/1.1\r\nX: a\0b',
  ],
].map((line) => `${line}\r\nHost: shop.test\r\nX-Case: ${count++}\r\n\r\n`);

/** Fields by which an upstream, or somebody behind it, could take the request for another one. */
const misleading = [
  ...['Host: evil.test', 'Host: shop.test', 'X-Original-URL: /paid/price', 'X-Rewrite-URL: /paid/price'],
  ...[
    'X-HTTP-Method-Override: DELETE',
    'X-HTTP-Method: PUT',
    'X-Method-Override: POST',
    'X_Original_URL: /paid/price',
  ],
  ...[
    'X-Forwarded-For: evil.test',
    'X-Forwarded-Host: evil.test',
    'X-Forwarded-Proto: evil.test',
    'Forwarded: evil.test',
  ],
  ...[
    'X-Forwarded-Prefix: evil.test',
    'X_Forwarded_For: evil.test',
    'X-Real-IP: evil.test',
    'X-Forwarded-Uri: evil.test',
  ],
  ...[
    'Payment-Receipt: evil.test',
    'X-Payment: evil.test',
    'Farebox-Payment: evil.test',
    'Payment-Authorization: evil.test',
  ],
].map((field) => `GET /free/x HTTP/1.1\r\nHost: shop.test\r\nX-Case: ${count++}\r\n${field}\r\n\r\n`);

const complete = [
  ...framings.map(([fields, body]) => carrier(fields, body)),
  ...framings.map(([fields, body]) => carrier(fields, body, '/paid/price')),
  ...chunkings.map((body) => carrier([coding], body)),
  ...chunkings.map((body) => carrier([coding], body, '/paid/price')),
  ...heads,
  ...misleading,
  `GET /free/x HTTP/1.1\r\nHost: shop.test\r\nX-Case: ${count++}\r\n${length}\r\n\r\n${inner}`,
  `GET /free/x HTTP/1.1\r\nHost: shop.test\r\nX-Case: ${count++}\r\n${coding}\r\n\r\n${chunked}`,
  `HEAD /free/x HTTP/1.1\r\nHost: shop.test\r\nX-Case: ${count++}\r\n${length}\r\n\r\n${inner}`,
  'GET /free/x HTTP/1.1\r\n\r\n',
];

/**
 * The corpus. Every message is followed by one that closes; where a body may have swallowed that one, the client closes its
 * half, so that the server waits for nothing.
 */
export const smugglingCases: readonly Exchange[] = complete.map((message) => ({
  bytes: message + last,
  incomplete: true,
}));
